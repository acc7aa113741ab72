package import HifCore
package import HifRepository
package import HifWorkspace

/// A remote with a cache before it: nodes and contents come from there if they can, and what is
/// fetched is kept. Questions about what is new go through.
///
/// Without a network it still answers what the cache can: the tree at positions that were looked at,
/// its nodes, and the contents that were fetched.
package final class CachingRemote: Remote {
    private let remote: any Remote
    private let cache: ContentCache?
    private let closeRemote: @Sendable () async -> Void

    /// - Parameters:
    ///   - cache: nil to go without one.
    ///   - close: takes the remote down.
    package init(
        _ remote: any Remote, cache: ContentCache?,
        close: @escaping @Sendable () async -> Void = {}
    ) {
        self.remote = remote
        self.cache = cache
        closeRemote = close
    }

    /// Writes what the cache still holds in memory, and takes the remote down.
    package func close() async {
        cache?.close()
        await closeRemote()
    }

    package func tree(at position: Position) async throws -> ProllyTree {
        do {
            let tree = try await remote.tree(at: position)
            cache?.keep(root: tree.root, at: position)
            return tree
        } catch let error as WorkspaceError where error.code == .network {
            guard let root = cache?.root(at: position) else { throw error }
            return ProllyTree(root: root)
        }
    }

    package func nodes(_ hashes: [Hash], at position: Position) async throws -> [TreeNode] {
        var found: [TreeNode] = []
        var missing: [Hash] = []
        for hash in hashes {
            if let node = cache?.node(hash) { found.append(node) } else { missing.append(hash) }
        }
        guard !missing.isEmpty else { return found }
        for node in try await remote.nodes(missing, at: position) {
            cache?.keep(node)
            found.append(node)
        }
        return found
    }

    package func contents(
        _ ids: [Hash], at position: Position,
        _ deliver: (ContentPiece) async throws -> Void
    ) async throws {
        var missing: [Hash] = []
        var seen: Set<Hash> = []
        for id in ids where seen.insert(id).inserted {
            switch cache?.find(id) {
            case .whole(let bytes):
                try await deliver(ContentPiece(id: id, bytes: bytes, isLast: true))
            case .chunked(let chunks):
                try await deliverChunks(chunks, of: id, at: position, deliver)
            case nil: missing.append(id)
            }
        }
        guard !missing.isEmpty else { return }
        var keeping: ContentCache.Keeping?
        try await remote.contents(missing, at: position) { piece in
            if keeping == nil { keeping = cache.map { ContentCache.Keeping(in: $0) } }
            keeping?.take(piece)
            if piece.isLast { keeping = nil }
            try await deliver(piece)
        }
    }

    /// Hands over a large content from its chunks; when one turns out to be damaged, the rest comes
    /// from the remote.
    private func deliverChunks(
        _ chunks: [Hash], of id: Hash, at position: Position,
        _ deliver: (ContentPiece) async throws -> Void
    ) async throws {
        var hasher = Blake3()
        var delivered = 0
        for (index, chunk) in chunks.enumerated() {
            let isLast = index == chunks.count - 1
            guard let bytes = cache?.chunk(chunk) else {
                return try await deliverRest(of: id, after: delivered, at: position, deliver)
            }
            hasher.update(bytes)
            if isLast {
                guard hasher.finalize() == id else {
                    throw WorkspaceError(
                        .damaged, "the local cache holds other content under the id \(id)",
                        hint: "remove ~/.cache/hif and run the command again")
                }
            }
            delivered += bytes.count
            try await deliver(ContentPiece(id: id, bytes: bytes, isLast: isLast))
        }
    }

    private func deliverRest(
        of id: Hash, after delivered: Int, at position: Position,
        _ deliver: (ContentPiece) async throws -> Void
    ) async throws {
        var passed = 0
        let keeping = cache.map { ContentCache.Keeping(in: $0) }
        try await remote.contents([id], at: position) { piece in
            keeping?.take(piece)
            let known = max(0, min(piece.bytes.count, delivered - passed))
            passed += piece.bytes.count
            guard known < piece.bytes.count || piece.isLast else { return }
            try await deliver(
                ContentPiece(
                    id: id, bytes: Array(piece.bytes[known...]), isLast: piece.isLast))
        }
    }
}

/// What is asked every time.
extension CachingRemote {
    package func newest() async throws -> ProjectTip { try await remote.newest() }

    package func hasSlot(_ epoch: Epoch, hash: Hash) async throws -> Bool {
        try await remote.hasSlot(epoch, hash: hash)
    }

    package func lacking(_ ids: [Hash]) async throws -> [Hash] { try await remote.lacking(ids) }

    package func upload(_ pack: SealedPack) async throws -> Hash { try await remote.upload(pack) }

    package func land(_ request: LandRequest) async throws -> LandOutcome {
        try await remote.land(request)
    }

    package func abandon(
        _ abandon: Abandon, createdPosition: Position
    ) async throws -> LandingAnswer {
        try await remote.abandon(abandon, createdPosition: createdPosition)
    }

    package func submit(_ intents: [Intent]) async throws -> [LandingAnswer] {
        try await remote.submit(intents)
    }

    package func closing(
        of session: SessionID, createdAt position: Position
    ) async throws -> Closing? {
        try await remote.closing(of: session, createdAt: position)
    }

    package func landings(_ query: LandingQuery) async throws -> LandingPage {
        try await remote.landings(query)
    }

    package func landing(at position: Position) async throws -> LandingDetail {
        try await remote.landing(at: position)
    }

    package func details(from first: Position, limit: Int) async throws -> [LandingDetail] {
        try await remote.details(from: first, limit: limit)
    }

    package func operations(
        from first: Position, through last: Position, operationsMax: Int
    ) async throws -> [HifCore.Operation]? {
        try await remote.operations(from: first, through: last, operationsMax: operationsMax)
    }

    package func tags() async throws -> [String: Position] { try await remote.tags() }

    package func appendEvent(
        _ event: SessionEvent, to session: SessionID, from known: UInt64
    ) async throws -> UInt64 {
        try await remote.appendEvent(event, to: session, from: known)
    }

    package func events(
        of session: SessionID, from first: UInt64
    ) async throws -> [SessionEvent] {
        try await remote.events(of: session, from: first)
    }

    package func openSessions(limit: Int) async throws -> [SessionID] {
        try await remote.openSessions(limit: limit)
    }
}
