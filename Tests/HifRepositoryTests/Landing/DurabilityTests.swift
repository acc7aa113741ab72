import HifCore
import HifRepository
import HifStore
import Testing

/// What another process wrote may be seen before it is on the disk. Found by the simulator, which
/// cuts the power at that moment.
@Suite struct DurabilityTests {
    private func madeDurable(_ store: CountingStore) -> [String] {
        store.log.filter { $0.operation == .makeDurable }.map(\.key)
    }

    @Test func `a pack that exists already is made durable before a slot may name it`() async throws
    {
        let store = CountingStore(MemoryStore())
        let project = try await TestProject(store: store)
        let lander = Lander(project.repository)
        var pack = PackWriter(nonce: PackNonce(high: 1, low: 2))
        _ = pack.add(.blob, Array("content".utf8))
        let sealed = pack.finish()
        _ = try await lander.upload(sealed.bytes)
        #expect(madeDurable(store).isEmpty)
        let id = try await lander.upload(sealed.bytes)
        #expect(madeDurable(store) == [PackKey.key(of: id).string])
    }

    @Test func `a tip that another process wrote is made durable before anybody is told`()
        async throws
    {
        let store = CountingStore(MemoryStore())
        let project = try await TestProject(store: store)
        #expect(try await project.land(1, [("a", nil, "one")]).position == 1)
        let reader = project.reopened()
        store.reset()
        let slot = try await reader.newest()
        #expect(madeDurable(store) == [StoreKey.slot(slot.epoch).string])
        _ = try await reader.newest()
        #expect(madeDurable(store).count == 1)
    }
}
