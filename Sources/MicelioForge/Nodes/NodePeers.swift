import GRPCCore
import HifAPI
import HifCore
import HifRepository
import Synchronization

/// Hands intents to other nodes over gRPC, in the name of the client whose request is being answered.
struct NodePeers: PeerTransport {
    /// For whom a landing is under way, set around what may be handed on.
    struct Errand: Sendable {
        let project: ProjectPath
        let storeID: String

        @TaskLocal static var current: Errand?
    }

    private enum Outcome: Sendable {
        case answers([LandingAnswer]?)
        case isLate
    }

    /// Set once, by one task, and looked at by another.
    private final class Mark: Sendable {
        private let state = Mutex(false)

        var isSet: Bool { state.withLock { $0 } }

        func set() { state.withLock { $0 = true } }
    }

    let links: NodeLinks

    func submit(_ intents: [Intent], to address: String) async -> [LandingAnswer]? {
        guard let errand = Errand.current, let address = try? HostPort(address) else { return nil }
        let mark = Mark()
        return await withTaskGroup(of: Outcome.self) { group in
            group.addTask {
                .answers(
                    try? await self.forward(intents, errand, address) {
                        mark.set()
                    })
            }
            group.addTask {
                try? await Task.sleep(for: .milliseconds(Limits.nodeTakesMillis))
                return .isLate
            }
            while let outcome = await group.next() {
                switch outcome {
                case .answers(let answers):
                    group.cancelAll()
                    return answers
                case .isLate:
                    if mark.isSet { continue }
                    group.cancelAll()
                    return nil
                }
            }
            return nil
        }
    }

    private func forward(
        _ intents: [Intent], _ errand: Errand, _ address: HostPort,
        taken: @escaping @Sendable () -> Void
    ) async throws -> [LandingAnswer]? {
        var options = CallOptions.defaults
        options.timeout = .seconds(Limits.nodeLandingSeconds)
        // One that cannot be reached is not waited for.
        options.waitForReady = false
        let messages = Micelio_V1_SubmitRequest.submission(
            of: intents, project: errand.project.wire, storeID: errand.storeID)
        return try await links.nodes(at: address).forward(
            metadata: Credential.metadata, options: options
        ) { writer in
            for message in messages { try await writer.write(message) }
        } onResponse: { response in
            for try await part in response.messages {
                switch part.part {
                case .taken: taken()
                case .answers(let reply): return try NodePeers.answers(reply, to: intents)
                case nil: break
                }
            }
            return nil
        }
    }

    /// - Returns: nil when the answers are not whole: a long list of conflicts is cut on the wire.
    private static func answers(
        _ reply: Micelio_V1_SubmitReply, to intents: [Intent]
    ) throws -> [LandingAnswer]? {
        guard reply.answers.count == intents.count else { return nil }
        return try zip(intents, reply.answers).map { intent, answer in
            if case .conflicts(let message) = answer.answer,
                message.total != UInt64(message.conflicts.count)
            {
                throw WireError("conflicts were left out")
            }
            var digest = Hash.zero
            if case .land(let land) = intent { digest = land.sourceDigest }
            return try answer.value(sourceDigest: digest)
        }
    }
}
