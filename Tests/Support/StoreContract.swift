package import HifStore

/// What every object store must do, one check for each sentence.
///
/// A test target runs them all against its store:
///
/// ```swift
/// @Test(arguments: StoreContract.checks)
/// func `the store keeps the contract`(check: StoreContract.Check) async throws {
///     try await check.run { try freshStoreAlwaysTheSameOne() }
/// }
/// ```
package enum StoreContract {
    /// One sentence of the contract. It is run on storage of its own, empty at the start.
    package struct Check: Sendable, CustomStringConvertible {
        package let name: String
        private let body: @Sendable (Handles) async throws -> Void

        init(_ name: String, _ body: @escaping @Sendable (Handles) async throws -> Void) {
            self.name = name
            self.body = body
        }

        /// Runs the check. `make` returns another handle on the same, at first empty, storage with
        /// each call: a second `DirectoryStore` on the directory, a second client of the bucket, or
        /// simply the same object again. Throws `Violation`, or what the store threw.
        package func run(make: @escaping @Sendable () throws -> any ObjectStore) async throws {
            do {
                try await body(Handles(make: make))
            } catch let violation as Violation {
                throw Violation("\(name): \(violation.description)")
            }
        }

        package var description: String { name }
    }

    /// The store did something else than it promised.
    package struct Violation: Error, CustomStringConvertible {
        package let description: String

        init(_ description: String) {
            self.description = description
        }
    }

    struct Handles: Sendable {
        let make: @Sendable () throws -> any ObjectStore
    }

    /// All checks, in the order in which they are best read.
    package static let checks = reading + writing + listing + deleting + racing

    /// Runs every check, each on the storage that `storage` makes for it.
    package static func run(
        storage: @Sendable () throws -> @Sendable () throws -> any ObjectStore
    ) async throws {
        for check in checks { try await check.run(make: storage()) }
    }
}

// MARK: - What the checks are written with

func require(
    _ condition: Bool, _ message: @autoclosure () -> String
) throws(StoreContract.Violation) {
    if !condition { throw StoreContract.Violation(message()) }
}

/// Runs `operation`, which must fail with one of `codes`.
func expectFailure<Value>(
    _ codes: StoreError.Code..., doing what: String,
    _ operation: () async throws -> Value
) async throws {
    let value: Value
    do {
        value = try await operation()
    } catch let error as StoreError {
        try require(
            codes.contains(error.code),
            "\(what): expected \(codes.map(\.rawValue)), got \(error)")
        return
    }
    throw StoreContract.Violation(
        "\(what): expected \(codes.map(\.rawValue)), but it succeeded with \(value)")
}

extension ObjectStore {
    func expect(_ key: ObjectKey, holds bytes: [UInt8]) async throws {
        let object = try await get(key)
        try require(
            object.bytes == bytes,
            "\(key) holds \(object.bytes.count) bytes that are not the \(bytes.count) expected")
        try require(object.size == bytes.count, "\(key): the size is \(object.size)")
    }

    func expectKeys(
        _ expected: [String], prefix: String, after: String? = nil, limit: Int = 1_000
    ) async throws {
        let page = try await list(
            prefix: prefix, after: after.map { ObjectKey($0) }, limit: limit)
        try require(
            page.objects.map(\.key.string) == expected,
            "listing \(prefix) after \(after ?? "the start"): \(page.objects.map(\.key)) "
                + "instead of \(expected)")
    }
}

/// Bytes that differ from place to place, so that a shifted or repeated piece is noticed.
func patternBytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count {
        let word = generator.next()
        withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
    }
    bytes.removeLast(bytes.count - count)
    return bytes
}
