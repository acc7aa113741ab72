import GRPCCore
import HifAPI
import HifCore
import HifRepository
import Synchronization

/// Hands the intents of one project to other nodes over gRPC, in this node's own name.
///
/// One call at a time is waited for until the other node has taken it; what is submitted meanwhile goes
/// with the next one together. So a burst of landings is a few calls, and none waits for a timer. There
/// is no task of its own: whoever finds nobody sending sends, and then passes that on.
final class NodePeers: PeerTransport {
    /// One caller whose intents go with the next call.
    private struct Waiting {
        let intents: [Intent]
        let continuation: CheckedContinuation<Turn, Never>
    }

    private enum Turn: Sendable {
        /// It is the caller's to send: what they ask, and what others wait with.
        case send
        case answers([LandingAnswer]?)
    }

    private enum Outcome: Sendable {
        case answers([LandingAnswer?])
        case isLate
    }

    private let links: NodeLinks
    private let proof: NodeProof
    private let projectID: String
    private let storeID: String
    /// Who waits for a turn, for each node to which somebody is sending.
    private let ways = Mutex<[String: [Waiting]]>([:])

    /// - Parameter projectID: under which the store has the project.
    init(links: NodeLinks, proof: NodeProof, projectID: String, storeID: String) {
        (self.links, self.proof) = (links, proof)
        (self.projectID, self.storeID) = (projectID, storeID)
    }

    func submit(_ intents: [Intent], to address: String) async -> [LandingAnswer]? {
        let turn = await withCheckedContinuation { continuation in
            let isFree = ways.withLock { ways in
                guard ways[address] != nil else {
                    ways[address] = []
                    return true
                }
                ways[address]?.append(Waiting(intents: intents, continuation: continuation))
                return false
            }
            if isFree { continuation.resume(returning: .send) }
        }
        switch turn {
        case .answers(let answers): return answers
        case .send: return await send(intents, to: address)
        }
    }

    /// Sends what the caller asks together with what others wait with, as much as goes into one call.
    private func send(_ own: [Intent], to address: String) async -> [LandingAnswer]? {
        var intents = own
        let others = ways.withLock { ways in
            var others: [Waiting] = []
            for waiting in ways[address] ?? [] {
                guard intents.count + waiting.intents.count <= Limits.nodeIntentsMax else { break }
                intents += waiting.intents
                others.append(waiting)
            }
            ways[address]?.removeFirst(others.count)
            return others
        }
        let answers = await call(intents, at: address)
        var start = own.count
        for other in others {
            let end = start + other.intents.count
            other.continuation.resume(returning: .answers(NodePeers.whole(answers?[start..<end])))
            start = end
        }
        return NodePeers.whole(answers?[..<own.count])
    }

    /// Nil unless every answer is there.
    private static func whole(_ answers: ArraySlice<LandingAnswer?>?) -> [LandingAnswer]? {
        guard let answers else { return nil }
        let known = answers.compactMap(\.self)
        return known.count == answers.count ? known : nil
    }

    /// The other node has taken what was sent: the next one may send. Or it has not, and then it is not
    /// asked for the others either: nobody waits longer than the first.
    private func pass(_ address: String, wasTaken: Bool) {
        let waiting = ways.withLock { ways in
            guard let waiting = ways[address] else { return [Waiting]() }
            guard wasTaken, let next = waiting.first else {
                ways[address] = nil
                return waiting
            }
            ways[address]?.removeFirst()
            return [next]
        }
        for one in waiting { one.continuation.resume(returning: wasTaken ? .send : .answers(nil)) }
    }

    /// - Returns: for each intent its answer, nil where it did not come whole; nil when the intents were
    ///   not taken in time, or the node was lost before it answered.
    private func call(_ intents: [Intent], at address: String) async -> [LandingAnswer?]? {
        let passing = Once()
        @Sendable func pass(_ wasTaken: Bool) {
            if passing.isFirst() { self.pass(address, wasTaken: wasTaken) }
        }
        defer { pass(false) }
        guard let host = try? HostPort(address) else { return nil }
        return await withTaskGroup(of: Outcome?.self) { group in
            group.addTask {
                (try? await self.forward(intents, host) { pass(true) }).flatMap { $0 }
                    .map(Outcome.answers)
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
                case .isLate where passing.isDone: continue
                case .isLate, nil:
                    group.cancelAll()
                    return nil
                }
            }
            return nil
        }
    }

    private func forward(
        _ intents: [Intent], _ address: HostPort, taken: @escaping @Sendable () -> Void
    ) async throws -> [LandingAnswer?]? {
        var options = CallOptions.defaults
        options.timeout = .seconds(Limits.nodeLandingSeconds)
        // One that cannot be reached is not waited for.
        options.waitForReady = false
        let parts = Micelio_V1_SubmitRequest.submission(of: intents, isHandedOn: true)
        return try await links.nodes(at: address).forward(options: options) { [self] writer in
            for (index, part) in parts.enumerated() {
                var message = Micelio_V1_ForwardRequest()
                if index == 0 {
                    message.header.proof = proof.wire
                    message.header.projectID = projectID
                    message.header.storeID = storeID
                }
                message.submission = part
                try await writer.write(message)
            }
        } onResponse: { response in
            for try await part in response.messages {
                switch part.part {
                case .taken: taken()
                case .answers(let reply): return NodePeers.answers(reply, to: intents)
                case nil: break
                }
            }
            return nil
        }
    }

    /// - Returns: nil when there is not one for each intent. A long list of conflicts is cut on the wire,
    ///   and no answer then.
    private static func answers(
        _ reply: Micelio_V1_SubmitReply, to intents: [Intent]
    ) -> [LandingAnswer?]? {
        guard reply.answers.count == intents.count else { return nil }
        return zip(intents, reply.answers).map { intent, answer in
            if case .conflicts(let message) = answer.answer,
                message.total != UInt64(message.conflicts.count)
            {
                return nil
            }
            var digest = Hash.zero
            if case .land(let land) = intent { digest = land.sourceDigest }
            return try? answer.value(sourceDigest: digest)
        }
    }
}

/// Something that is done by whoever comes first.
private final class Once: Sendable {
    private let done = Mutex(false)

    var isDone: Bool { done.withLock { $0 } }

    func isFirst() -> Bool {
        done.withLock { done in
            defer { done = true }
            return !done
        }
    }
}
