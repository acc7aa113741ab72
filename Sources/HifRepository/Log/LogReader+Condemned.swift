import HifCore

extension LogReader {
    /// Every pack that was condemned or replaced up to `newest`: one request for each slot that did, and
    /// one for the newest control record.
    package func condemnedPacks(at newest: Slot) async throws(ReadError) -> CondemnedPacks {
        var packs = CondemnedPacks()
        var epoch = newest.controlEpoch
        var control = newest.control
        if control == nil { control = try await slot(epoch)?.slot.control }
        guard var lists = control?.condemnation else {
            throw .log(.inconsistent(epoch: epoch, "holds no control record"))
        }
        while true {
            packs.fold(lists, at: epoch)
            guard lists.previous > 0 else { return packs }
            guard lists.previous < epoch,
                let earlier = try await slot(lists.previous)?.slot.control,
                !earlier.condemnation.isEmpty
            else {
                throw .log(
                    .inconsistent(
                        epoch: lists.previous, "condemns no packs, slot \(epoch) says it does"))
            }
            epoch = lists.previous
            lists = earlier.condemnation
        }
    }

    /// As `condemnedPacks(at:)`, of a slot that is known to exist.
    func condemnedPacks(upTo epoch: Epoch) async throws(ReadError) -> CondemnedPacks {
        guard let (newest, _, _) = try await slot(epoch) else {
            throw .log(.inconsistent(epoch: epoch, "was there a moment ago and is gone"))
        }
        return try await condemnedPacks(at: newest)
    }
}
