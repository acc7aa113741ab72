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
    let packs: PackDownload

    /// - Parameter certificateAuthority: a PEM file with the authority to trust in place of the system's,
    ///   where packs are fetched over https.
    package init(
        _ connection: ForgeConnection, owner: String, name: String, storeID: StoreID,
        certificateAuthority: String? = nil
    ) {
        self.connection = connection
        packs = PackDownload(certificateAuthority: certificateAuthority)
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
        guard reply.storeID == storeID.hex else {
            throw WorkspaceError(
                .historyReplaced,
                "the forge has another store now (\(SafeText.escape(reply.storeID))): its history was replaced",
                hint: "check the project out again beside this workspace, and copy your edits over")
        }
        return try checked { try ProjectTip(wire: reply) }
    }

    /// An answer that cannot be read is the forge's fault, and says so.
    func checked<Value>(_ read: () throws -> Value) throws -> Value {
        do {
            return try read()
        } catch let error as WireError {
            throw ForgeConnection.senseless(error)
        } catch let error as FormatError {
            throw ForgeConnection.senseless(error)
        }
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
        return try checked {
            LandingPage(
                entries: try reply.landings.map {
                    LandingPage.Entry(position: $0.position, landing: try Landing(wire: $0))
                },
                next: reply.next == 0 ? nil : reply.next)
        }
    }

    package func landing(at position: Position) async throws -> LandingDetail {
        let log = log
        let request = Micelio_V1_DetailRequest.with {
            $0.project = project
            $0.position = position
        }
        var reading = DetailReading()
        try await connection.receive {
            reading = DetailReading()
            return request
        } open: { request, metadata, message in
            try await log.detail(request, metadata: metadata) { response in
                for try await part in response.messages { try await message(part) }
            }
        } take: { (part: Micelio_V1_DetailReply) in
            try reading.take(part)
        }
        let details = try checked { try reading.finish() }
        guard details.count == 1, details[0].position == position else {
            throw ForgeConnection.senseless(WireError("another landing than was asked for"))
        }
        return details[0]
    }

    /// One request for up to `WireLimits.detailsPerRequest` landings. After an error it goes on behind
    /// those that came whole.
    package func details(from first: Position, limit: Int) async throws -> [LandingDetail] {
        let log = log
        let first = max(1, first)
        let limit = min(limit, WireLimits.detailsPerRequest)
        guard limit > 0 else { return [] }
        var reading = DetailReading(from: first)
        try await connection.receive(isResumed: true) {
            reading.dropUnfinished()
            return Micelio_V1_DetailsRequest.with {
                $0.project = project
                $0.from = first + UInt64(reading.count)
                $0.limit = UInt32(limit - reading.count)
            }
        } open: { request, metadata, message in
            try await log.details(request, metadata: metadata) { response in
                for try await part in response.messages { try await message(part) }
            }
        } take: { (part: Micelio_V1_DetailReply) in
            try reading.take(part)
        }
        return try checked { try reading.finish() }
    }

    package func operations(
        from first: Position, through last: Position, operationsMax: Int
    ) async throws -> [HifCore.Operation]? {
        let log = log
        let request = Micelio_V1_OperationsRequest.with {
            $0.project = project
            $0.first = first
            $0.last = last
            $0.operationsMax = UInt32(min(max(1, operationsMax), WireLimits.operationsPerRead))
        }
        var operations: [HifCore.Operation]? = []
        try await connection.receive {
            operations = []
            return request
        } open: { request, metadata, message in
            try await log.operations(request, metadata: metadata) { response in
                for try await part in response.messages { try await message(part) }
            }
        } take: { (part: Micelio_V1_OperationsReply) in
            if part.isTooMany { operations = nil }
            for operation in part.operations {
                operations?.append(try HifCore.Operation(wire: operation))
            }
        }
        return operations
    }

    package func tags() async throws -> [String: Position] {
        let log = log
        let request = Micelio_V1_TagsRequest.with { $0.project = project }
        var tags: [String: Position] = [:]
        try await connection.receive {
            tags = [:]
            return request
        } open: { request, metadata, message in
            try await log.tags(request, metadata: metadata) { response in
                for try await part in response.messages { try await message(part) }
            }
        } take: { (part: Micelio_V1_TagsReply) in
            tags.merge(part.tags) { _, later in later }
        }
        return tags
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
        return try checked { ProllyTree(root: try Hash(wire: reply.root, "root")) }
    }

    package func nodes(_ hashes: [Hash], at position: Position) async throws -> [TreeNode] {
        let content = content
        var nodes: [TreeNode] = []
        for part in hashes.parts(of: WireLimits.hashesPerRead) {
            var wanted = Set(part)
            let count = nodes.count
            let request = Micelio_V1_NodesRequest.with {
                $0.project = project
                $0.position = position
                $0.hashes = part.map(\.wire)
            }
            try await connection.receive {
                nodes.removeSubrange(count...)
                wanted = Set(part)
                return request
            } open: { request, metadata, message in
                try await content.nodes(request, metadata: metadata) { response in
                    for try await part in response.messages { try await message(part) }
                }
            } take: { (message: Micelio_V1_NodesReply) in
                for bytes in message.nodes {
                    let node = try TreeNode(decoding: Array(bytes))
                    guard wanted.remove(node.hash) != nil else {
                        throw WireError("a node that nobody asked for")
                    }
                    nodes.append(node)
                }
            }
            guard wanted.isEmpty else {
                throw ForgeConnection.senseless(WireError("\(wanted.count) nodes are missing"))
            }
        }
        return nodes
    }

    package func contents(
        _ ids: [Hash], at position: Position,
        _ deliver: (ContentPiece) async throws -> Void
    ) async throws {
        let content = content
        for part in ids.parts(of: WireLimits.hashesPerRead) {
            var delivery = ContentDelivery(Array(part))
            // More than one round only after an error: then what was cut short comes first, alone.
            while !delivery.isComplete {
                var places = PackPlaces()
                let takesPlaces = packs.isOfUse && !delivery.isCutShort
                try await connection.receive(isResumed: true) {
                    places = PackPlaces()
                    return Micelio_V1_BlobsRequest.with {
                        $0.project = project
                        $0.position = position
                        $0.hashes = delivery.nextRequest().map(\.wire)
                        $0.takesPlaces = takesPlaces
                    }
                } open: { request, metadata, message in
                    try await content.blobs(request, metadata: metadata) { response in
                        for try await part in response.messages { try await message(part) }
                    }
                } take: { (frame: Micelio_V1_BlobsReply) in
                    if takesPlaces { try places.take(frame) }
                    for piece in frame.pieces {
                        if let piece = try delivery.take(piece) { try await deliver(piece) }
                    }
                }
                if places.isEmpty {
                    try checked { try delivery.requestEnded() }
                } else {
                    try await fetch(places, into: &delivery, deliver)
                }
            }
        }
    }

    /// Fetches contents from where the forge says that they are. What does not come is still wanted.
    private func fetch(
        _ places: PackPlaces, into delivery: inout ContentDelivery,
        _ deliver: (ContentPiece) async throws -> Void
    ) async throws {
        let wanted = delivery.wantedCount
        try await packs.contents(places) { piece in
            if let piece = try checked({ try delivery.take(piece) }) { try await deliver(piece) }
        }
        // Places of something else: that way nothing more is to be expected.
        if delivery.wantedCount == wanted { packs.giveUp() }
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
            lacking += try checked { try reply.lacking.map { try Hash(wire: $0, "hash") } }
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
        return try checked { try reply.value() }
    }

    package func appendEvent(
        _ event: SessionEvent, to session: SessionID, from known: UInt64
    ) async throws -> UInt64 {
        // A forge that was restored since has the project and not this session's beginning: an event
        // would be a page torn out of a book, there as well as here.
        _ = try await newest()
        return try await connection.call { metadata, options in
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
        let sessions = sessions
        let request = Micelio_V1_EventsRequest.with {
            $0.project = project
            $0.sessionID = session.hash.wire
            $0.from = first
        }
        var events: [SessionEvent] = []
        try await connection.receive {
            events = []
            return request
        } open: { request, metadata, message in
            try await sessions.events(request, metadata: metadata) { response in
                for try await part in response.messages { try await message(part) }
            }
        } take: { (message: Micelio_V1_EventsReply) in
            for bytes in message.events {
                events.append(try SessionEvent(decoding: Array(bytes)))
            }
        }
        return events
    }

    package func openSessions(limit: Int) async throws -> [SessionID] {
        let reply = try await connection.call { metadata, options in
            try await sessions.listOpen(
                .with {
                    $0.project = project
                    $0.limit = UInt32(min(limit, WireLimits.openSessionsMax))
                }, metadata: metadata, options: options)
        }
        return try checked { try reply.sessionIds.map { try SessionID(wire: $0) } }
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
