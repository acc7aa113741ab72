package import HifCore

extension Repository {
    /// Operations after which a page of landings ends.
    static let operationsPerPageMax = 50_000

    /// Landings from `first` on, oldest first, each with operations and document: at most `limit`,
    /// fewer when they hold many operations. None when `first` is after the newest.
    ///
    /// Requests: a few to find the first slot, one for each slot, and for the documents of a slot
    /// one for each run of neighbours.
    package func details(
        from first: Position, limit: Int
    ) async throws -> [LandingDetail] {
        let newest = try await newest()
        let first = max(first, 1)
        guard first <= newest.lastPosition, limit > 0 else { return [] }
        var slot = try await log.slot(holding: first, newest: newest)
        var details: [LandingDetail] = []
        var operationCount = 0
        while true {
            let wanted = slot.landings.filter { $0.position >= first }
                .prefix(limit - details.count)
            let documents = try await documents(of: wanted.map(\.landing))
            for ((position, landing), document) in zip(wanted, documents) {
                let operations = try await log.operations(of: landing)
                operationCount += operations.count
                details.append(
                    LandingDetail(
                        position: position, landing: landing, operations: operations,
                        document: document))
                if operationCount >= Repository.operationsPerPageMax { return details }
            }
            guard slot.epoch < newest.epoch, details.count < limit else { return details }
            guard let (next, _, _) = try await log.slot(slot.epoch + 1) else {
                throw ReadError.log(
                    .inconsistent(epoch: slot.epoch + 1, "is missing although later slots exist"))
            }
            slot = next
        }
    }

    /// The documents of landings; nil for one that has none.
    private func documents(of landings: [Landing]) async throws -> [SessionDocument?] {
        var documents = [SessionDocument?](repeating: nil, count: landings.count)
        var owners: [Int] = []
        var requests: [ContentRequest] = []
        for (index, landing) in landings.enumerated() {
            guard let reference = landing.document else { continue }
            owners.append(index)
            requests.append(
                ContentRequest(
                    id: reference.id, location: reference.location.resolved(in: landing.packs)))
        }
        try await content.readRecords(requests, of: .sessionDocument) { index, bytes in
            do throws(FormatError) {
                documents[owners[index]] = try SessionDocument(decoding: bytes)
            } catch {
                throw ReadError.damaged("session document \(requests[index].id)", error)
            }
        }
        return documents
    }
}
