package import HifCore
package import HifRepository

extension Micelio_V1_BlobPlace {
    /// - Parameter pack: the number of the location's pack in the answer.
    package init(_ id: Hash, _ location: PackLocation, pack: UInt32) {
        self.init()
        hash = id.wire
        self.pack = pack
        offset = location.offset
        storedBytes = location.storedBytes
        switch location.part {
        case .record: record = true
        case .found: found = true
        case .member(let number): member = UInt32(number)
        }
    }

    /// What is to be read of the pack that the place's number stands for.
    package func request(in pack: Hash) throws(WireError) -> ContentRequest {
        let part: PackLocation.Part
        switch self.part {
        case .record(true): part = .record
        case .found(true): part = .found
        case .member(let number):
            guard let number = UInt16(exactly: number) else {
                throw WireError("a member that cannot be")
            }
            part = .member(number)
        case .record(false), .found(false), nil: throw WireError("a place without a part")
        }
        return ContentRequest(
            id: try Hash(wire: hash, "hash"),
            location: PackLocation(
                pack: pack, offset: offset, storedBytes: storedBytes, part: part))
    }
}
