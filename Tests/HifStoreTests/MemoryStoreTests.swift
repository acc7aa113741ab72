import HifStore
import Support
import Testing

@Suite struct MemoryStoreTests {
    @Test(arguments: StoreContract.checks)
    func `the store in memory keeps the contract`(check: StoreContract.Check) async throws {
        let store = MemoryStore()
        try await check.run { store }
    }

    @Test func `a key that would be the directory of another is refused`() async throws {
        let store = MemoryStore()
        _ = try await store.put(ObjectKey("a/b/c"), [1], .ifAbsent)
        for key in ["a", "a/b", "a/b/c/d"] {
            let error = await #expect(throws: StoreError.self) {
                try await store.put(ObjectKey(key), [1], .none)
            }
            #expect(error?.code == .refused)
        }
        _ = try await store.put(ObjectKey("a/b-c"), [1], .ifAbsent)
    }
}
