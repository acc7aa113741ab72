package import HifCore

/// Part of a blob's content.
package struct ContentPiece: Sendable {
    package let id: Hash
    package let bytes: [UInt8]
    /// The content is complete with this piece, and was verified.
    package let isLast: Bool

    package init(id: Hash, bytes: [UInt8], isLast: Bool) {
        self.id = id
        self.bytes = bytes
        self.isLast = isLast
    }
}

extension Repository {
    /// Where contents lie that the project has at `position`. The search begins with the run of the
    /// object index that covers the position's slot, or with that slot, and not with everything
    /// that landed since; what is not there is looked for everywhere.
    package func locations(
        of ids: [Hash], at position: Position, newest: Slot
    ) async throws(ReadError) -> [Hash: PackLocation] {
        guard position > 0, position < newest.lastPosition else {
            return try await index.locations(of: ids, upTo: newest.epoch)
        }
        let slot = try await log.slot(holding: position, newest: newest)
        let blockEnd = (slot.epoch / ObjectRun.fanOut + 1) * ObjectRun.fanOut - 1
        var found = try await index.locations(
            of: ids, upTo: blockEnd <= newest.epoch ? blockEnd : slot.epoch)
        let missing = ids.filter { found[$0] == nil }
        if !missing.isEmpty {
            found.merge(try await index.locations(of: missing, upTo: newest.epoch)) { $1 }
        }
        return found
    }

    /// Hands over contents by location, in the order of the packs; large ones in pieces. The parts of
    /// one content come together.
    package func contents(
        _ ids: [Hash], at locations: [Hash: PackLocation],
        _ deliver: (ContentPiece) async throws -> Void
    ) async throws {
        var seen: Set<Hash> = []
        let requests = ids.compactMap { id -> ContentRequest? in
            guard seen.insert(id).inserted, let location = locations[id] else { return nil }
            return ContentRequest(id: id, location: location)
        }
        try await content.read(requests) { index, found in
            let id = requests[index].id
            switch found {
            case .whole(let bytes):
                try await deliver(ContentPiece(id: id, bytes: bytes, isLast: true))
            case .chunked(let manifest):
                try await content.stream(manifest) { bytes in
                    try await deliver(ContentPiece(id: id, bytes: bytes, isLast: false))
                }
                // The joined hash is known only now.
                try await deliver(ContentPiece(id: id, bytes: [], isLast: true))
            }
        }
    }
}
