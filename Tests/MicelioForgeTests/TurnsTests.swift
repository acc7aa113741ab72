import Testing

@testable import MicelioForge

/// Who works at once, who waits, and who is told to come again.
@Suite struct TurnsTests {
    /// Work that ends when it is told to, and tells when it begins.
    private final class Gate: Sendable {
        let begun: AsyncStream<Void>
        private let began: AsyncStream<Void>.Continuation
        private let opened: AsyncStream<Void>
        private let open: AsyncStream<Void>.Continuation

        init() {
            (begun, began) = AsyncStream.makeStream()
            (opened, open) = AsyncStream.makeStream()
        }

        func pass() async {
            began.yield()
            for await _ in opened { return }
        }

        func letOne() { open.yield() }
    }

    private static let refusal = ForgeError(.rateLimited, "too many", retrySeconds: 1)

    @Test func `so many of one network work at once, and others are not held up`() async throws {
        let turns = Turns<String>(atOnce: 2, waitingMax: 10, refusal: TurnsTests.refusal)
        let gate = Gate()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<5 { group.addTask { try await turns.take("a") { await gate.pass() } } }
            var begun = gate.begun.makeAsyncIterator()
            await begun.next()
            await begun.next()
            // Another network's turn has come although "a" is full.
            #expect(try await turns.take("b") { 7 } == 7)
            for _ in 0..<3 {
                gate.letOne()
                // One that waited begins only now.
                await begun.next()
            }
            gate.letOne()
            gate.letOne()
            try await group.waitForAll()
        }
        #expect(turns.isIdle)
    }

    @Test func `a line has an end, and who finds it full is told when to come again`() async throws
    {
        let turns = Turns<String>(atOnce: 1, waitingMax: 1, refusal: TurnsTests.refusal)
        let gate = Gate()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await turns.take("a") { await gate.pass() } }
            var begun = gate.begun.makeAsyncIterator()
            await begun.next()
            // Whichever of the two comes first waits, the other is refused.
            let outcomes = AsyncStream.makeStream(of: ForgeError?.self)
            for _ in 0..<2 {
                group.addTask {
                    do {
                        try await turns.take("a") {}
                        outcomes.continuation.yield(nil)
                    } catch let error as ForgeError {
                        outcomes.continuation.yield(error)
                    }
                }
            }
            var seen = outcomes.stream.makeAsyncIterator()
            let refused = try #require(await seen.next() ?? nil)
            #expect(refused.code == .rateLimited && refused.retrySeconds == 1)
            gate.letOne()
            #expect(await seen.next() == .some(nil))
            try await group.waitForAll()
        }
        #expect(turns.isIdle)
    }

    @Test func `work that fails gives its turn on`() async throws {
        let turns = Turns<String>(atOnce: 1, waitingMax: 1, refusal: TurnsTests.refusal)
        for _ in 0..<3 {
            await #expect(throws: ForgeError.self) {
                try await turns.take("a") { throw ForgeError(.notFound, "nothing") }
            }
        }
        #expect(try await turns.take("a") { true })
        #expect(turns.isIdle)
    }
}
