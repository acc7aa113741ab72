import AsyncAlgorithms
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import HifAPI
package import HifCore
package import HifRepository
import HifWorkspace
import SwiftProtobuf

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A project on a forge, over gRPC.
///
/// What comes back is verified like what lies on a disk: nodes and contents by their hashes, values
/// by their formats. A forge can refuse and it can be slow, but it cannot hand out other bytes than
/// those that were landed.
package struct ForgeRemote: Remote {
    let connection: ForgeConnection
    let project: Micelio_V1_ProjectName
    /// The store that the caller's positions and packs belong to.
    let storeID: StoreID

    package init(_ connection: ForgeConnection, owner: String, name: String, storeID: StoreID) {
        self.connection = connection
        project = .with {
            $0.owner = owner
            $0.name = name
        }
        self.storeID = storeID
    }

    /// Takes down a connection that was opened for this project alone.
    package func close() async {
        await connection.close()
    }

    private var log: Micelio_V1_Log.Client<HTTP2ClientTransport.Posix> {
        .init(wrapping: connection.client)
    }
    private var content: Micelio_V1_Content.Client<HTTP2ClientTransport.Posix> {
        .init(wrapping: connection.client)
    }
    private var sessions: Micelio_V1_Sessions.Client<HTTP2ClientTransport.Posix> {
        .init(wrapping: connection.client)
    }

    // MARK: History

    package func newest() async throws -> ProjectTip {
        let reply = try await connection.call { metadata, options in
            try await log.tip(.with { $0.project = project }, metadata: metadata, options: options)
        }
        return try ProjectTip(wire: reply)
    }

    package func hasSlot(_ epoch: Epoch, hash: Hash) async throws -> Bool {
        try await connection.call { metadata, options in
            try await log.hasSlot(
                .with {
                    $0.project = project
                    $0.epoch = epoch
                    $0.slotHash = hash.wire
                }, metadata: metadata, options: options
            ).has
        }
    }

    package func landings(_ query: LandingQuery) async throws -> LandingPage {
        let reply = try await connection.call { metadata, options in
            try await log.landings(
                .with {
                    $0.project = project
                    $0.from = query.from ?? 0
                    $0.downTo = query.downTo
                    $0.limit = UInt32(clamping: query.limit)
                    $0.path = query.path?.wire ?? Data()
                    $0.author = query.author ?? ""
                }, metadata: metadata, options: options)
        }
        return LandingPage(
            entries: try reply.landings.map {
                LandingPage.Entry(position: $0.position, landing: try Landing(wire: $0))
            },
            next: reply.next == 0 ? nil : reply.next)
    }

    package func landing(at position: Position) async throws -> LandingDetail {
        let (landing, operations, document) = try await connection.call(isStream: true) {
            metadata, options in
            try await log.detail(
                .with {
                    $0.project = project
                    $0.position = position
                }, metadata: metadata, options: options
            ) { response in
                var landing = Micelio_V1_Landing()
                var operations: [LandedOperation] = []
                var document: [UInt8] = []
                for try await part in response.messages {
                    if part.hasLanding { landing = part.landing }
                    for operation in part.operations {
                        operations.append(try LandedOperation(wire: operation))
                    }
                    document += part.document
                }
                return (landing, operations, document)
            }
        }
        return LandingDetail(
            position: position, landing: try Landing(wire: landing, operations: operations),
            operations: operations,
            document: document.isEmpty ? nil : try SessionDocument(decoding: document))
    }

    package func tags() async throws -> [String: Position] {
        try await connection.call { metadata, options in
            try await log.tags(
                .with { $0.project = project }, metadata: metadata, options: options
            ) { response in
                var tags: [String: Position] = [:]
                for try await part in response.messages {
                    tags.merge(part.tags) { _, later in later }
                }
                return tags
            }
        }
    }

    // MARK: Content

    package func tree(at position: Position) async throws -> ProllyTree {
        let reply = try await connection.call { metadata, options in
            try await content.tree(
                .with {
                    $0.project = project
                    $0.position = position
                }, metadata: metadata, options: options)
        }
        return ProllyTree(root: try Hash(wire: reply.root, "root"))
    }

    package func nodes(_ hashes: [Hash], at position: Position) async throws -> [TreeNode] {
        var nodes: [TreeNode] = []
        for part in hashes.parts(of: WireLimits.hashesPerRead) {
            let wanted = Set(part)
            nodes += try await connection.call(isStream: true) { metadata, options in
                try await content.nodes(
                    .with {
                        $0.project = project
                        $0.position = position
                        $0.hashes = part.map(\.wire)
                    }, metadata: metadata, options: options
                ) { response in
                    var nodes: [TreeNode] = []
                    for try await message in response.messages {
                        for bytes in message.nodes {
                            let node = try TreeNode(decoding: Array(bytes))
                            guard wanted.contains(node.hash) else {
                                throw WireError("a node that nobody asked for")
                            }
                            nodes.append(node)
                        }
                    }
                    return nodes
                }
            }
        }
        return nodes
    }

    package func contents(
        _ ids: [Hash], at position: Position,
        _ deliver: (ContentPiece) async throws -> Void
    ) async throws {
        for part in ids.parts(of: WireLimits.hashesPerRead) {
            var delivery = ContentDelivery(Array(part))
            try await connection.call(isStream: true) { metadata, options in
                // After an error only what is not delivered yet is asked for, and what was cut
                // short comes first and alone.
                while let wanted = delivery.nextRequest() {
                    try await fetch(
                        .with {
                            $0.project = project
                            $0.position = position
                            $0.hashes = wanted.map(\.wire)
                        }, metadata, options
                    ) { frame in
                        for piece in frame.pieces {
                            if let piece = try delivery.take(piece) { try await deliver(piece) }
                        }
                    }
                    try delivery.requestEnded()
                }
            }
        }
    }

    /// Streams with one message in hand and one on its way, however slow `take` is.
    private func fetch(
        _ request: Micelio_V1_BlobsRequest, _ metadata: Metadata, _ options: CallOptions,
        take: (Micelio_V1_BlobsReply) async throws -> Void
    ) async throws {
        let content = content
        let frames = AsyncThrowingChannel<Micelio_V1_BlobsReply, any Error>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await content.blobs(request, metadata: metadata, options: options) {
                        response in
                        for try await frame in response.messages { await frames.send(frame) }
                    }
                    frames.finish()
                } catch {
                    frames.fail(error)
                }
            }
            for try await frame in frames { try await take(frame) }
        }
    }

    package func lacking(_ ids: [Hash]) async throws -> [Hash] {
        var lacking: [Hash] = []
        for part in ids.parts(of: WireLimits.hashesPerLack) {
            let reply = try await connection.call { metadata, options in
                try await content.lack(
                    .with {
                        $0.project = project
                        $0.hashes = part.map(\.wire)
                    }, metadata: metadata, options: options)
            }
            for hash in reply.lacking { lacking.append(try Hash(wire: hash, "hash")) }
        }
        return lacking
    }

    // MARK: Sessions

    package func closing(
        of session: SessionID, createdAt position: Position
    ) async throws -> Closing? {
        let reply = try await connection.call { metadata, options in
            try await sessions.closing(
                .with {
                    $0.project = project
                    $0.sessionID = session.hash.wire
                    $0.createdPosition = position
                }, metadata: metadata, options: options)
        }
        return try reply.value()
    }

    package func appendEvent(
        _ event: SessionEvent, to session: SessionID, from known: UInt64
    ) async throws -> UInt64 {
        try await connection.call { metadata, options in
            try await sessions.appendEvent(
                .with {
                    $0.project = project
                    $0.sessionID = session.hash.wire
                    $0.event = Data(event.encode())
                    $0.known = known
                }, metadata: metadata, options: options
            ).number
        }
    }

    package func events(
        of session: SessionID, from first: UInt64
    ) async throws -> [SessionEvent] {
        try await connection.call(isStream: true) { metadata, options in
            try await sessions.events(
                .with {
                    $0.project = project
                    $0.sessionID = session.hash.wire
                    $0.from = first
                }, metadata: metadata, options: options
            ) { response in
                var events: [SessionEvent] = []
                for try await message in response.messages {
                    for bytes in message.events {
                        events.append(try SessionEvent(decoding: Array(bytes)))
                    }
                }
                return events
            }
        }
    }

    package func openSessions(limit: Int) async throws -> [SessionID] {
        let reply = try await connection.call { metadata, options in
            try await sessions.listOpen(
                .with {
                    $0.project = project
                    $0.limit = UInt32(min(limit, WireLimits.openSessionsMax))
                }, metadata: metadata, options: options)
        }
        return try reply.sessionIds.map { try SessionID(wire: $0) }
    }
}

extension Array {
    /// Runs of at most `count` elements, in order.
    func parts(of count: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: self.count, by: count).map {
            self[$0..<Swift.min($0 + count, self.count)]
        }
    }
}
