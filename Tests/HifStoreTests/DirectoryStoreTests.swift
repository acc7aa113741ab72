import Glibc
import HifStore
import Support
import Testing

@Suite struct DirectoryStoreTests {
    @Test(arguments: StoreContract.checks)
    func `a store in a directory keeps the contract`(check: StoreContract.Check) async throws {
        let directory = TemporaryDirectory()
        try await check.run { try DirectoryStore(path: directory.path, fsync: false) }
    }

    @Test(arguments: StoreContract.checks)
    func `one synced store shared by all keeps the contract`(
        check: StoreContract.Check
    ) async throws {
        let directory = TemporaryDirectory()
        let store = try DirectoryStore(path: directory.path)
        try await check.run { store }
    }
}
