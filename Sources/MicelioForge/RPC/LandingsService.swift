import GRPCCore
import HifAPI
import HifCore
import HifRepository
import SwiftProtobuf

/// The carrier of landing: puts streams of bounded size together and hands on what came out.
struct LandingsService: Micelio_V1_Landings.SimpleServiceProtocol {
    let forge: Forge
    private let uploads = Slots(Limits.uploadsAtOnce)

    init(forge: Forge) {
        self.forge = forge
    }

    private func open(_ name: Micelio_V1_ProjectName) async throws -> OpenProject<Writing> {
        try await forge.open(ProjectPath(wire: name), for: Writing.self, as: .current)
    }

    func uploadPack(
        request: RPCAsyncSequence<Micelio_V1_UploadPackRequest, any Error>, context: ServerContext
    ) async throws -> Micelio_V1_UploadPackReply {
        var parts = request.makeAsyncIterator()
        guard case .header(let header) = try await parts.next()?.part else {
            throw WireError("an upload begins with its header")
        }
        let name = try Hash(wire: header.pack, "pack")
        let project = try await open(header.project)
        guard header.byteCount <= UInt64(WireLimits.packBytesMax) else {
            throw ForgeError.invalid("a pack has at most \(WireLimits.packBytesMax) bytes")
        }
        await uploads.enter()
        defer { uploads.leave() }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(header.byteCount))
        while let part = try await parts.next() {
            guard case .data(let data) = part.part else {
                throw WireError("an upload has one header")
            }
            guard bytes.count + data.count <= Int(header.byteCount) else {
                throw WireError("more bytes than the header says")
            }
            bytes += data
        }
        guard bytes.count == Int(header.byteCount) else {
            throw WireError("\(bytes.count) bytes, the header says \(header.byteCount)")
        }
        try await project.upload(bytes, named: name)
        return .with { $0.pack = name.wire }
    }

    func land(
        request: RPCAsyncSequence<Micelio_V1_LandRequest, any Error>, context: ServerContext
    ) async throws -> Micelio_V1_LandReply {
        var parts = request.makeAsyncIterator()
        guard case .header(let header) = try await parts.next()?.part else {
            throw WireError("a request to land begins with its header")
        }
        let project = try await open(header.project)
        try project.expectStore(header.storeID)
        var operations: [Operation] = []
        var staged: [UInt8] = []
        while let part = try await parts.next() {
            switch part.part {
            case .operations(let more):
                guard
                    operations.count + more.operations.count <= LandRequest.operationsMax
                else {
                    throw ForgeError.invalid(
                        "a landing holds at most \(LandRequest.operationsMax) operations")
                }
                for operation in more.operations {
                    operations.append(try Operation(wire: operation))
                }
            case .stagedPack(let data):
                guard staged.count + data.count <= WireLimits.stagedPackBytesMax else {
                    throw ForgeError.invalid(
                        "more than \(WireLimits.stagedPackBytesMax) bytes are uploaded before")
                }
                staged += data
            case .header, nil: throw WireError("a request to land has one header")
            }
        }
        let author =
            header.hasOrigin
            ? OpenProject.imported(Author(wire: header.importedAuthor))
            : project.author(agent: header.agent)
        let outcome = try await project.land(
            LandRequest(
                header: header, author: author, operations: operations,
                staged: try LandingsService.checked(staged)))
        return Micelio_V1_LandReply(outcome)
    }

    /// The staged pack, every record checked; nil for none.
    private static func checked(_ bytes: [UInt8]) throws(WireError) -> PackReader? {
        guard !bytes.isEmpty else { return nil }
        do {
            let pack = try PackReader(bytes)
            try pack.verify(id: Blake3.hash(bytes), using: Zstd())
            return pack
        } catch {
            throw WireError("the staged pack: \(error)")
        }
    }

    func submit(
        request: RPCAsyncSequence<Micelio_V1_SubmitRequest, any Error>, context: ServerContext
    ) async throws -> Micelio_V1_SubmitReply {
        let (project, intents) = try await submission(request)
        let answers = try await project.submit(intents)
        return .with { $0.answers = answers.map { Micelio_V1_IntentAnswer($0) } }
    }

    /// Reads a submission to its end: what is asked, and the project that the caller may ask it of.
    func submission(
        _ request: RPCAsyncSequence<Micelio_V1_SubmitRequest, any Error>
    ) async throws -> (project: OpenProject<Writing>, intents: [Intent]) {
        var parts = request.makeAsyncIterator()
        guard let first = try await parts.next(), first.hasHeader else {
            throw WireError("a submission begins with its header")
        }
        let project = try await open(first.header.project)
        try project.expectStore(first.header.storeID)
        var submission = Submission()
        try submission.take(first)
        while let part = try await parts.next() {
            guard !part.hasHeader else { throw WireError("a submission has one header") }
            try submission.take(part)
        }
        let intents = try submission.intents(now: forge.now()) { author, isImport in
            isImport ? OpenProject.imported(author) : project.author(agent: author.agent)
        }
        return (project, intents)
    }
}

/// Intents as they arrive: the operations of one may be spread over several messages.
struct Submission {
    private var messages: [Micelio_V1_Intent] = []
    /// For each message, its operations; empty for what is no landing.
    private var operations: [[LandedOperation]] = []
    private var operationCount = 0

    mutating func take(_ part: Micelio_V1_SubmitRequest) throws {
        if !part.moreOperations.isEmpty {
            guard case .land = messages.last?.intent else {
                throw WireError("operations without an intent to land")
            }
            try append(part.moreOperations)
        }
        for intent in part.intents {
            guard messages.count < WireLimits.intentsPerSubmission else {
                throw ForgeError.invalid(
                    "at most \(WireLimits.intentsPerSubmission) intents at a time")
            }
            messages.append(intent)
            operations.append([])
            if case .land(let land) = intent.intent { try append(land.operations) }
        }
    }

    private mutating func append(_ more: [Micelio_V1_LandedOperation]) throws {
        operationCount += more.count
        guard operationCount <= WireLimits.operationsPerSubmission else {
            throw ForgeError.invalid(
                "at most \(WireLimits.operationsPerSubmission) operations at a time")
        }
        for operation in more {
            operations[operations.count - 1].append(try LandedOperation(wire: operation))
        }
    }

    /// - Parameter author: who it is that acts, from what a message says and whether that is an import.
    func intents(
        now: Int64, by author: (_ said: Author, _ isImport: Bool) -> Author
    ) throws -> [Intent] {
        try zip(messages, operations).map { message, operations in
            switch message.intent {
            case .land(let land):
                return .land(
                    try LandIntent(
                        wire: land, author: author(Author(wire: land.author), land.isImport),
                        operations: operations))
            case .abandon(let abandon):
                let said =
                    abandon.hasAuthor
                    ? Author(wire: abandon.author)
                    : Author(account: "", agent: abandon.agent, name: "")
                return .abandon(
                    Abandon(
                        session: try SessionID(wire: abandon.sessionID),
                        author: author(said, false), reason: abandon.reason,
                        atMillis: now),
                    createdPosition: abandon.createdPosition)
            case .tags(let change): return .control(change.change)
            case nil: throw WireError("an intent that says nothing")
            }
        }
    }
}
