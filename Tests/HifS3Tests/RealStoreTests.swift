import HifStore
import Support
import Synchronization
import Testing

@testable import HifS3

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The contract of every object store, over a real one: `make test-s3` starts SeaweedFS and says by
/// environment variables where it is. Skipped where there is none.
@Suite(.serialized, .enabled(if: RealStore.settings != nil))
struct RealStoreTests {
    @Test(arguments: StoreContract.checks)
    func `a real store keeps the contract`(check: StoreContract.Check) async throws {
        // A root of its own for each check.
        var generator = SystemRandomNumberGenerator()
        let root = ObjectKey("contract/" + String(generator.next(), radix: 16))
        let store = try RealStore.open()
        try await check.run { PrefixedStore(store, prefix: root) }
    }

    @Test func `a long pack arrives in parts as it was`() async throws {
        var settings = try #require(RealStore.settings)
        settings.partsAboveBytes = 6 << 20
        settings.partBytes = 5 << 20
        let store = try RealStore.open(settings)
        var generator = SystemRandomNumberGenerator()
        let key = ObjectKey("pack/" + String(generator.next(), radix: 16))
        let bytes = SeededGenerator.pattern(11 << 20)
        let tag = try await store.put(key, bytes, .ifAbsent)
        let object = try await store.get(key)
        #expect(object.bytes == bytes)
        #expect(object.etag == tag)
        let error = await #expect(throws: StoreError.self) {
            try await store.put(key, bytes, .ifAbsent)
        }
        #expect(error?.code == .preconditionFailed)
        try await store.delete(key)
    }

    @Test func `a wrong key is refused in a sentence`() async throws {
        let store = try S3Store(
            try #require(RealStore.settings),
            credentials: S3Credentials(accessKey: "AKTEST", secretKey: "wrong"))
        let error = await #expect(throws: StoreError.self) { try await store.get(ObjectKey("a")) }
        #expect(error?.code == .refused)
    }
}

/// What the environment says of the store to test against.
enum RealStore {
    static let settings: S3Settings? = {
        let environment = ProcessInfo.processInfo.environment
        guard let endpoint = environment["HIF_TEST_S3_ENDPOINT"] else { return nil }
        return S3Settings(
            bucket: environment["HIF_TEST_S3_BUCKET"] ?? "hif-test", endpoint: endpoint,
            dialect: environment["HIF_TEST_S3_DIALECT"].flatMap { S3Dialect(rawValue: $0) })
    }()

    static func open(_ settings: S3Settings? = RealStore.settings) throws -> S3Store {
        let environment = ProcessInfo.processInfo.environment
        return try S3Store(
            try #require(settings),
            credentials: S3Credentials(
                accessKey: environment["HIF_TEST_S3_ACCESS_KEY"] ?? "",
                secretKey: environment["HIF_TEST_S3_SECRET_KEY"] ?? ""),
            isContentNamed: { $0.string.hasPrefix("pack/") })
    }
}

extension SeededGenerator {
    /// Bytes that differ from place to place.
    static func pattern(_ count: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: 1)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count {
            withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) }
        }
        return Array(bytes.prefix(count))
    }
}
