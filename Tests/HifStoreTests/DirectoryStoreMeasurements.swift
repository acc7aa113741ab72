import Glibc
import HifStore
import Support
import Testing

/// Figures for docs/design, printed rather than asserted; run by hand with `HIF_MEASURE=1`.
@Suite(.enabled(if: getenv("HIF_MEASURE") != nil, "set HIF_MEASURE=1 to measure"), .serialized)
struct DirectoryStoreMeasurements {
    @Test(arguments: [true, false], [4_096, 1 << 20])
    func `latency of one write after the other`(fsync: Bool, size: Int) async throws {
        let directory = TemporaryDirectory()
        let store = try DirectoryStore(path: directory.path, fsync: fsync)
        let bytes = [UInt8](repeating: 7, count: size)
        let count = fsync || size > 4_096 ? 300 : 3_000
        for (label, condition) in [("create", WriteCondition.ifAbsent), ("replace", .none)] {
            var times: [Duration] = []
            for index in 0..<count {
                let number = condition == .ifAbsent ? index : index % 10
                let key = ObjectKey("p/1/log/\(label)/\(100_000 + number)")
                let start = ContinuousClock.now
                _ = try await store.put(key, bytes, condition)
                times.append(ContinuousClock.now - start)
            }
            report("put \(label) \(size) bytes, \(fsync ? "synced" : "not synced")", times)
        }
    }

    @Test func `latency of reads and listings`() async throws {
        let directory = TemporaryDirectory()
        let store = try DirectoryStore(path: directory.path, fsync: false)
        let keys = (0..<4_096).map { ObjectKey("p/1/log/0/\(100_000 + $0)") }
        let bytes = [UInt8](repeating: 7, count: 4_096)
        for key in keys { _ = try await store.put(key, bytes, .ifAbsent) }
        var times: [Duration] = []
        for key in keys {
            let start = ContinuousClock.now
            _ = try await store.get(key)
            times.append(ContinuousClock.now - start)
        }
        report("get 4096 bytes, cached", times)
        times = []
        for _ in 0..<20 {
            let start = ContinuousClock.now
            _ = try await store.list(prefix: "p/1/log/", after: keys[3_000], limit: 100)
            times.append(ContinuousClock.now - start)
        }
        report("list 100 of 4096 in one directory", times)
        times = []
        for key in keys.prefix(500) {
            let start = ContinuousClock.now
            _ = try? await store.put(key, bytes, .ifAbsent)
            times.append(ContinuousClock.now - start)
        }
        report("put ifAbsent of an existing object", times)
    }

    private func report(_ what: String, _ times: [Duration]) {
        let sorted = times.sorted()
        func at(_ fraction: Double) -> Duration { sorted[Int(Double(sorted.count - 1) * fraction)] }
        func microseconds(_ duration: Duration) -> Int { Int(duration / .microseconds(1)) }
        print(
            "\(what): p50 \(microseconds(at(0.5))) us, p99 \(microseconds(at(0.99))) us, "
                + "max \(microseconds(sorted.last!)) us (\(times.count) calls)")
    }
}
