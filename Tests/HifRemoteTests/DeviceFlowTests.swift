import HifWorkspace
import Testing

@testable import HifRemote

@Suite struct DeviceFlowTests {
    private enum Step {
        case answer(DeviceFlow<String>.Answer)
        case unreachable
    }

    /// Runs a flow over these answers; gives its outcome and the pauses it made.
    private func run(
        _ steps: [Step], interval: Int = 5, expiresIn: Int = 900
    ) async throws -> (outcome: String, pauses: [Int]) {
        var flow = DeviceFlow<String>(intervalSeconds: interval, expiresInSeconds: expiresIn)
        var left = steps[...]
        var pauses: [Int] = []
        let outcome = try await flow.run {
            pauses.append($0)
        } poll: {
            switch left.popFirst() {
            case .answer(let answer): return answer
            case .unreachable: throw WorkspaceError(.network, "no")
            case nil: return .pending
            }
        }
        switch outcome {
        case .approved(let token): return ("approved \(token)", pauses)
        case .denied: return ("denied", pauses)
        case .expired: return ("expired", pauses)
        }
    }

    @Test func `it waits before each poll, the first too`() async throws {
        let (outcome, pauses) = try await run([
            .answer(.pending), .answer(.pending), .answer(.approved("t")),
        ])
        #expect(outcome == "approved t" && pauses == [5, 5, 5])
    }

    @Test func `to slow down means five seconds more, for good`() async throws {
        let (outcome, pauses) = try await run([
            .answer(.slowDown), .answer(.pending), .answer(.slowDown), .answer(.pending),
            .answer(.denied),
        ])
        #expect(outcome == "denied" && pauses == [5, 10, 10, 15, 15])
    }

    @Test func `a code that expired is not a refusal`() async throws {
        #expect(try await run([.answer(.pending), .answer(.expired)]).outcome == "expired")
    }

    @Test func `a forge that cannot be reached is asked ever more slowly`() async throws {
        let (outcome, pauses) = try await run([
            .unreachable, .unreachable, .answer(.pending), .answer(.approved("t")),
        ])
        #expect(outcome == "approved t" && pauses == [5, 10, 20, 20])
    }

    @Test func `it ends with the code, whatever the forge says`() async throws {
        let (outcome, pauses) = try await run([], interval: 7, expiresIn: 30)
        #expect(outcome == "expired" && pauses == [7, 7, 7, 7, 2])
        #expect(try await run([], interval: 0, expiresIn: 0).pauses == [1])
    }

    @Test func `other errors end it`() async throws {
        var flow = DeviceFlow<String>(intervalSeconds: 1, expiresInSeconds: 9)
        await #expect(throws: WorkspaceError.self) {
            _ = try await flow.run { _ in
            } poll: {
                throw WorkspaceError(.unauthenticated, "no")
            }
        }
    }
}
