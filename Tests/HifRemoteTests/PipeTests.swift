import HifWorkspace
import Synchronization
import Testing

@testable import HifRemote

@Suite struct PipeTests {
    private final class Counter: Sendable {
        private let state = Mutex(0)

        var value: Int {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }
    }

    @Test func `messages come in order, and the sender never gets far ahead`() async throws {
        let pipe = Pipe<Int>(capacity: 3)
        let sent = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 0..<500 {
                    try await pipe.send(number)
                    sent.value = number + 1
                }
                pipe.finish()
            }
            var received: [Int] = []
            while let number = try await pipe.next() {
                received.append(number)
                #expect(sent.value <= received.count + 4)
            }
            #expect(received == Array(0..<500))
        }
    }

    @Test func `an error comes after the messages before it`() async throws {
        let pipe = Pipe<Int>(capacity: 3)
        try await pipe.send(1)
        pipe.finish(WorkspaceError(.network, "broken"))
        #expect(try await pipe.next() == 1)
        await #expect(throws: WorkspaceError.self) { _ = try await pipe.next() }
        await #expect(throws: WorkspaceError.self) { _ = try await pipe.next() }
    }

    @Test func `a sender whose receiver has gone does not wait for ever`() async throws {
        let pipe = Pipe<Int>(capacity: 1)
        let task = Task {
            for number in 0..<10 { try await pipe.send(number) }
        }
        #expect(try await pipe.next() == 0)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func `a receiver who is cancelled does not wait for ever`() async throws {
        let pipe = Pipe<Int>(capacity: 1)
        let task = Task { try await pipe.next() }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
    }

    @Test func `silence ends work, and progress does not`() async throws {
        await #expect(throws: SilenceError(seconds: 0)) {
            try await withTimeLimit(.milliseconds(20)) { _ in
                try await Task.sleep(for: .seconds(60))
            }
        }
        let result = try await withTimeLimit(.seconds(60)) { limit in
            limit.lift()
            limit.set(.seconds(60))
            return 5
        }
        #expect(result == 5)
        await #expect(throws: WorkspaceError.self) {
            try await withTimeLimit(.seconds(60)) { _ in throw WorkspaceError(.refused, "no") }
        }
    }
}
