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

extension ForgeRemote {
    private var landings: Micelio_V1_Landings.Client<HTTP2ClientTransport.Posix> {
        .init(wrapping: connection.client)
    }

    package func upload(_ pack: SealedPack) async throws -> Hash {
        let landings = landings
        let header = Micelio_V1_UploadPackHeader.with {
            $0.project = project
            $0.pack = pack.id.wire
            $0.byteCount = UInt64(pack.bytes.count)
        }
        let reply = try await connection.send { metadata, limit in
            try await landings.uploadPack(metadata: metadata) { writer in
                let writer = limit.writer(writer)
                try await writer.write(.with { $0.header = header })
                for piece in pack.bytes.parts(of: WireLimits.frameBytes) {
                    try await writer.write(.with { $0.data = Data(piece) })
                }
                writer.awaitAnswer()
            }
        }
        return try checked { try Hash(wire: reply.pack, "pack") }
    }

    /// Lands a session. An outcome that is not known is asked for again a few times: the forge
    /// recognises the session, so nothing can land twice.
    package func land(_ request: LandRequest) async throws -> LandOutcome {
        var attempt = 1
        while true {
            let outcome = try await landOnce(request)
            guard case .unknown = outcome, attempt < connection.limits.attempts else {
                return outcome
            }
            try await connection.pause(after: attempt)
            attempt += 1
        }
    }

    private func landOnce(_ request: LandRequest) async throws -> LandOutcome {
        let landings = landings
        let header = request.header(project: project, storeID: storeID.hex)
        let operations = request.operations
        let staged = request.staged?.bytes ?? []
        let reply = try await forThisStore {
            try await connection.send { metadata, limit in
                try await landings.land(metadata: metadata) { writer in
                    let writer = limit.writer(writer)
                    try await writer.write(.with { $0.header = header })
                    for frame in framed(operations, bytes: { $0.wireBytes }) {
                        try await writer.write(
                            .with { $0.operations = .with { $0.operations = frame.map(\.wire) } })
                    }
                    for piece in staged.parts(of: WireLimits.frameBytes) {
                        try await writer.write(.with { $0.stagedPack = Data(piece) })
                    }
                    writer.awaitAnswer()
                }
            }
        }
        return try checked { try reply.value() }
    }

    /// When the forge refuses what was sent, finds out whether that is because it has another store
    /// now than the one the caller's positions belong to.
    private func forThisStore<Value>(_ work: () async throws -> Value) async throws -> Value {
        do {
            return try await work()
        } catch let error as WorkspaceError where error.code == .usage {
            _ = try await newest()
            throw error
        }
    }

    package func abandon(
        _ abandon: Abandon, createdPosition: Position
    ) async throws -> LandingAnswer {
        try await submit([.abandon(abandon, createdPosition: createdPosition)])[0]
    }

    package func submit(_ intents: [Intent]) async throws -> [LandingAnswer] {
        let landings = landings
        var answers: [LandingAnswer] = []
        for part in intents.parts(of: WireLimits.intentsPerSubmission) {
            let messages = Micelio_V1_SubmitRequest.submission(
                of: Array(part), project: project, storeID: storeID.hex)
            let reply = try await forThisStore {
                try await connection.send { metadata, limit in
                    try await landings.submit(metadata: metadata) { writer in
                        let writer = limit.writer(writer)
                        for message in messages { try await writer.write(message) }
                        writer.awaitAnswer()
                    }
                }
            }
            try checked {
                guard reply.answers.count == part.count else {
                    throw WireError("\(reply.answers.count) answers to \(part.count) intents")
                }
                for (intent, answer) in zip(part, reply.answers) {
                    var digest = Hash.zero
                    if case .land(let land) = intent { digest = land.sourceDigest }
                    answers.append(try answer.value(sourceDigest: digest))
                }
            }
        }
        return answers
    }
}
