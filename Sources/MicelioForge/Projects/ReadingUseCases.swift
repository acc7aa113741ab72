import HifAPI
package import HifCore
package import HifRepository

/// Reading a project: the functions that every carrier calls.
extension OpenProject where Verb == Reading {
    package func tip() async throws -> ProjectTip {
        try await working { try await repository.tip() }
    }

    /// Whether the history has slot `epoch` with this hash.
    package func hasSlot(_ epoch: Epoch, hash: Hash) async throws -> Bool {
        try await working { try await repository.slotHash(epoch) == hash }
    }

    /// A page of history, newest first.
    package func landings(_ query: LandingQuery) async throws -> LandingPage {
        try await working { try await repository.landings(query) }
    }

    package func detail(at position: Position) async throws -> LandingDetail {
        try await working { try await repository.detail(at: position) }
    }

    /// Landings from `first` on, oldest first: see `Repository.details(from:limit:)`.
    package func details(from first: Position, limit: Int) async throws -> [LandingDetail] {
        try await working { try await repository.details(from: first, limit: limit) }
    }

    /// What landings did: see `Repository.operations(from:through:operationsMax:)`.
    package func operations(
        from first: Position, through last: Position, operationsMax: Int
    ) async throws -> [Operation]? {
        try await working {
            try await repository.operations(
                from: first, through: last, operationsMax: operationsMax)
        }
    }

    package func tags() async throws -> [String: Position] {
        try await working {
            try await repository.control(at: try await repository.newest()).tags
        }
    }

    package func tree(at position: Position) async throws -> ProllyTree {
        try await working {
            try await repository.tree(at: position, newest: try await repository.newest())
        }
    }

    /// Nodes of the tree at `position`, in the order asked for.
    package func nodes(_ hashes: [Hash], at position: Position) async throws -> [TreeNode] {
        try Self.check(hashes.count, WireLimits.hashesPerRead)
        return try await working {
            let newest = try await repository.newest()
            _ = try await repository.tree(at: position, newest: newest)
            return try await repository.trees.nodes(hashes, of: newest.epoch)
        }
    }

    /// Hands over blobs that the project has at `position`, the parts of one together. Nothing is
    /// handed over when one of them is not to be had.
    package func blobs(
        _ ids: [Hash], at position: Position,
        _ deliver: (ContentPiece) async throws -> Void
    ) async throws {
        try await working {
            try await repository.contents(
                ids, at: try await locations(of: ids, at: position)
            ) { piece in
                meter.count(sent: piece.bytes.count)
                try await deliver(piece)
            }
        }
    }

    /// Where blobs lie that the project has at `position`, each once, by pack and offset.
    func places(of ids: [Hash], at position: Position) async throws -> [ContentRequest] {
        try await working {
            let locations = try await locations(of: ids, at: position)
            return repository.content.current(
                locations.map { ContentRequest(id: $0.key, location: $0.value) }
            ).sorted {
                ($0.location.pack, $0.location.offset) < ($1.location.pack, $1.location.offset)
            }
        }
    }

    private func locations(
        of ids: [Hash], at position: Position
    ) async throws -> [Hash: PackLocation] {
        try Self.check(ids.count, WireLimits.hashesPerRead)
        let newest = try await repository.newest()
        guard position <= newest.lastPosition else {
            throw ReadError.log(.noSuchPosition(position, tip: newest.lastPosition))
        }
        let locations = try await repository.index.locations(of: ids, upTo: newest.epoch)
        if let missing = ids.first(where: { locations[$0] == nil }) {
            throw ReadError.noContent(missing)
        }
        return locations
    }

    /// Which of `ids` no landing brought. Drafts do not count: they may be collected.
    package func lacking(_ ids: [Hash]) async throws -> [Hash] {
        try Self.check(ids.count, WireLimits.hashesPerLack)
        return try await working {
            let newest = try await repository.newest()
            let known = try await repository.index.locations(of: ids, upTo: newest.epoch)
            return ids.filter { known[$0] == nil }
        }
    }

    /// Hands over the events of a session from number `first` on, one at a time: a session may have
    /// many, and each may be long.
    package func events(
        of session: SessionID, from first: UInt64,
        _ deliver: (SessionEvent) async throws -> Void
    ) async throws {
        try await working {
            var number = first
            while number < SessionLog.eventsMax,
                let event = try await repository.sessions.event(number, of: session)
            {
                try await deliver(event)
                number += 1
            }
        }
    }

    package func openSessions(limit: Int) async throws -> [SessionID] {
        let limit = limit == 0 ? WireLimits.openSessionsMax : limit
        try Self.check(limit, WireLimits.openSessionsMax)
        return try await working { try await repository.sessions.openSessions(limit: limit) }
    }

    package func closing(
        of session: SessionID, createdAt position: Position
    ) async throws -> Closing? {
        try await working {
            try await repository.closing(
                of: session, createdAt: position, newest: try await repository.newest())
        }
    }

    private static func check(_ count: Int, _ max: Int) throws(ForgeError) {
        guard count <= max else { throw .invalid("\(count) asked for, at most \(max) at a time") }
    }
}
