import Foundation
import HifCore
import HifStore
import Synchronization

/// Objects in memory that take as long to reach as those of a bucket, and a count of the requests.
///
/// A request waits for a time drawn from a lognormal distribution, and is then applied. Packs are
/// spread over many memory stores, since one keeps its keys in order and that costs time at a
/// hundred thousand of them.
final class RemoteLikeStore: ObjectStore {
    /// Median and 99th percentile of a request, in milliseconds.
    struct Latency: Sendable {
        let median: Double
        let p99: Double

        /// A time of this distribution: its logarithm is normal, and the 99th percentile of the
        /// standard normal distribution is 2.326.
        func sample(_ first: Double, _ second: Double) -> Double {
            let normal = (-2 * log(max(first, 1e-12))).squareRoot() * cos(2 * .pi * second)
            return median * exp(normal * log(p99 / median) / 2.326)
        }
    }

    struct Profile: Sendable {
        let name: String
        let put: Latency
        let get: Latency

        /// S3 Standard from a machine in its region.
        static let standard = Profile(
            name: "PUT 100/195 ms, GET 63/78 ms", put: Latency(median: 100, p99: 195),
            get: Latency(median: 63, p99: 78))
        /// S3 Express One Zone.
        static let express = Profile(
            name: "PUT and GET 18/26 ms", put: Latency(median: 18, p99: 26),
            get: Latency(median: 18, p99: 26))
    }

    /// Requests since the start, by the first part of the key.
    struct Counts: Sendable {
        var puts: [String: Int] = [:]
        var gets = 0
        var deletes = 0
        /// From when to when each slot was written, in the order of their ends.
        var slots: [Range<Double>] = []

        /// Of landings: without sessions' events and markers.
        var landingPuts: Int {
            puts.filter { $0.key != "ses" && $0.key != "open" }.values.reduce(0, +)
        }
    }

    private let profile: Profile?
    private let objects: any ObjectStore
    private let packs: [MemoryStore]
    private let counts = Mutex(Counts())
    private let random = Mutex(SplitMix(state: 0x6c61_6e64))

    /// In memory, with these latencies.
    init(_ profile: Profile) {
        self.profile = profile
        objects = MemoryStore()
        packs = (0..<256).map { _ in MemoryStore() }
    }

    /// Another store as it is, its requests counted.
    init(counting store: any ObjectStore) {
        profile = nil
        objects = store
        packs = []
    }

    var counted: Counts { counts.withLock { $0 } }

    private func store(of key: ObjectKey) -> any ObjectStore {
        guard !packs.isEmpty, key.description.hasPrefix("pack/"),
            let shard = Int(key.description.dropFirst(5).prefix(2), radix: 16)
        else { return objects }
        return packs[shard]
    }

    private func wait(_ latency: Latency?) async throws(StoreError) {
        guard let latency else { return }
        let millis = random.withLock { random in
            latency.sample(random.unit(), random.unit())
        }
        do {
            try await Task.sleep(for: .microseconds(Int(millis * 1_000)))
        } catch {
            throw StoreError(.cancelled, "cancelled")
        }
    }

    func get(_ key: ObjectKey, _ range: ByteRange) async throws(StoreError) -> StoredObject {
        counts.withLock { $0.gets += 1 }
        try await wait(profile?.get)
        return try await store(of: key).get(key, range)
    }

    func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag {
        let kind = String(key.description.prefix { $0 != "/" })
        counts.withLock { $0.puts[kind, default: 0] += 1 }
        let start = Child.now()
        try await wait(profile?.put)
        let tag = try await store(of: key).put(key, bytes, condition)
        if kind == "pack" { Stopwatch.current?.packIsDurable() }
        if kind == "log" { counts.withLock { $0.slots.append(start..<Child.now()) } }
        return tag
    }

    func list(prefix: String, after: ObjectKey?, limit: Int) async throws(StoreError) -> ListPage {
        try await wait(profile?.get)
        return try await objects.list(prefix: prefix, after: after, limit: limit)
    }

    func delete(_ key: ObjectKey) async throws(StoreError) {
        counts.withLock { $0.deletes += 1 }
        try await wait(profile?.put)
        try await store(of: key).delete(key)
    }

    func makeDurable(_ key: ObjectKey) async throws(StoreError) {
        try await objects.makeDurable(key)
    }
}

/// When a landing's own pack was durable: from then on its intent is on its way.
final class Stopwatch: Sendable {
    @TaskLocal static var current: Stopwatch?

    private let moment = Mutex<Double>(0)

    var intentStart: Double { moment.withLock { $0 } }

    func packIsDurable() {
        moment.withLock { $0 = Child.now() }
    }
}
