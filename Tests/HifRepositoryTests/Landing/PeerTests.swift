import HifCore
import HifRepository
import HifStore
import Support
import Synchronization
import Testing

/// Nodes that hand landings on to the one that wrote the newest slot.
@Suite struct PeerTests {
    /// The way to the node called `b`, in one of the states that a way can be in.
    final class Way: PeerTransport {
        enum State: Sendable {
            case works
            case isCut
            case losesAnswers
            case answersNothing
        }

        private let other: Repository
        private let state: Mutex<(state: State, asked: [String])>

        init(to other: Repository, _ state: State) {
            self.other = other
            self.state = Mutex((state, []))
        }

        /// The addresses that were asked, in order.
        var asked: [String] { state.withLock { $0.asked } }

        func become(_ new: State) { state.withLock { $0.state = new } }

        func submit(_ intents: [Intent], to address: String) async -> [LandingAnswer]? {
            let state = state.withLock { state in
                state.asked.append(address)
                return state.state
            }
            switch state {
            case .works: return try? await other.submit(intents, isForwarded: true)
            case .isCut: return nil
            case .losesAnswers:
                _ = try? await other.submit(intents, isForwarded: true)
                return nil
            case .answersNothing:
                return intents.map { _ in .unknown("it went away") }
            }
        }
    }

    private struct Nodes {
        let a: Repository
        let b: Repository
        let way: Way

        init(_ state: Way.State) async throws {
            let store = MemoryStore()
            _ = try await TestProject(store: store)
            b = Repository(store: store, world: TestProject.world(seed: 2), writer: "b")
            way = Way(to: b, state)
            a = Repository(
                store: store, world: TestProject.world(seed: 3), writer: "a", peers: way)
        }

        /// Who wrote the newest slot, and its epoch.
        func newest() async throws -> (writer: String, epoch: Epoch) {
            let slot = try await a.newest()
            return (slot.writer, slot.epoch)
        }
    }

    private func intent(_ number: UInt64) throws -> Intent {
        TestIntent.land(
            number, [try TestIntent.operation("f\(number)", nil, TestProject.leaf("\(number)"))])
    }

    @Test func `a landing goes to the node that wrote the newest slot`() async throws {
        let nodes = try await Nodes(.works)
        // Nobody has written: it lands where it is asked for.
        #expect(try await nodes.a.submit(intent(1)).position == 1)
        #expect(nodes.way.asked.isEmpty)
        #expect(try await nodes.b.submit(intent(2)).position == 2)
        // Not known here yet, so the first landing races, and learns of it.
        #expect(try await nodes.newest().writer == "b")
        #expect(try await nodes.a.submit(intent(3)).position == 3)
        #expect(nodes.way.asked == ["b"])
        #expect(try await nodes.newest() == ("b", 3))
    }

    @Test func `a node that does not answer is done without, and nobody is asked after that`()
        async throws
    {
        let nodes = try await Nodes(.isCut)
        _ = try await nodes.b.submit(intent(1))
        _ = try await nodes.newest()
        #expect(try await nodes.a.submit(intent(2)).position == 2)
        #expect(try await nodes.newest().writer == "a")
        #expect(try await nodes.a.submit(intent(3)).position == 3)
        #expect(nodes.way.asked == ["b"])
    }

    @Test func `what landed there without an answer lands once`() async throws {
        let nodes = try await Nodes(.losesAnswers)
        _ = try await nodes.b.submit(intent(1))
        _ = try await nodes.newest()
        #expect(try await nodes.a.submit(intent(2)).position == 2)
        #expect(try await nodes.newest() == ("b", 2))
    }

    @Test func `an answer that leaves it open is settled here`() async throws {
        let nodes = try await Nodes(.answersNothing)
        _ = try await nodes.b.submit(intent(1))
        _ = try await nodes.newest()
        #expect(try await nodes.a.submit(intent(2)).position == 2)
        #expect(try await nodes.newest() == ("a", 2))
    }

    /// Allows no new slot, as a bucket does whose key has expired.
    private struct ReadOnlyLog: ObjectStore {
        let base: any ObjectStore

        func get(_ key: ObjectKey, _ range: ByteRange) async throws(StoreError) -> StoredObject {
            try await base.get(key, range)
        }

        func put(
            _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
        ) async throws(StoreError) -> ETag {
            if key.string.hasPrefix("log/") { throw StoreError(.refused, key: key, "not allowed") }
            return try await base.put(key, bytes, condition)
        }

        func list(
            prefix: String, after: ObjectKey?, limit: Int
        ) async throws(StoreError) -> ListPage {
            try await base.list(prefix: prefix, after: after, limit: limit)
        }

        func delete(_ key: ObjectKey) async throws(StoreError) { try await base.delete(key) }
    }

    /// Else a client would be told that nothing was written, and a copy that the other node has taken
    /// would land afterwards.
    @Test(arguments: [Way.State.isCut, .answersNothing])
    func `a refusal here is not final while a copy may land at the other node`(
        state: Way.State
    ) async throws {
        let store = MemoryStore()
        _ = try await TestProject(store: store)
        let other = Repository(store: store, world: TestProject.world(seed: 2), writer: "b")
        _ = try await other.submit(intent(1))
        let way = Way(to: other, state)
        let refusing = Repository(
            store: ReadOnlyLog(base: store), world: TestProject.world(seed: 3), writer: "a",
            peers: way)
        guard case .unknown = try await refusing.submit(intent(2)) else {
            return fail("the answer claims to know")
        }
        #expect(way.asked == ["b"])
        let alone = Repository(
            store: ReadOnlyLog(base: store), world: TestProject.world(seed: 4), writer: "c")
        guard case .refused = try await alone.submit(intent(3)) else {
            return fail("a node alone knows that it wrote nothing")
        }
    }

    @Test func `a refusal of the other node is its answer`() async throws {
        let nodes = try await Nodes(.works)
        _ = try await nodes.b.submit(intent(1))
        _ = try await nodes.newest()
        let late = TestIntent.land(
            2, [try TestIntent.operation("f1", nil, TestProject.leaf("other"))])
        guard case .conflict(let paths, _, let position) = try await nodes.a.submit(late) else {
            return fail("no conflict")
        }
        #expect(paths.count == 1 && position == 1)
        #expect(nodes.way.asked == ["b"])
    }

    @Test func `changes of the log itself are not handed on, nor is what was handed on`()
        async throws
    {
        let nodes = try await Nodes(.works)
        _ = try await nodes.b.submit(intent(1))
        _ = try await nodes.newest()
        guard case .controlled = try await nodes.a.submit(.control(.setTags(["v1": 1]))) else {
            return fail("no tag")
        }
        _ = try await nodes.b.submit(intent(2))
        _ = try await nodes.newest()
        let answers = try await nodes.a.submit([intent(3)], isForwarded: true)
        #expect(answers.map(\.position) == [3])
        #expect(nodes.way.asked.isEmpty)
    }

    @Test func `the loser of a race knows the winner from then on`() async throws {
        let nodes = try await Nodes(.works)
        _ = try await nodes.a.submit(intent(1))
        _ = try await nodes.b.submit(intent(2))
        // Believes itself the writer, loses, and takes in the slot of the other.
        #expect(try await nodes.a.submit(intent(3)).position == 3)
        _ = try await nodes.b.submit(intent(4))
        #expect(try await nodes.newest().writer == "b")
        #expect(try await nodes.a.submit(intent(5)).position == 5)
        #expect(nodes.way.asked == ["b"])
    }
}
