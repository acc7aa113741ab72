import Glibc
import HifStore
import Support
import Testing

/// Several processes on one directory: what a mutex in one of them could not guard.
@Suite struct DirectoryStoreProcessTests {
    @Test func `two processes race for every key and each has one winner`() async throws {
        let directory = TemporaryDirectory()
        let path = directory.path
        let store = try DirectoryStore(path: path, fsync: false)
        _ = try await store.put(ObjectKey("counter"), [0], .ifAbsent)

        async let first: Void = race(path, who: 1)
        async let second: Void = race(path, who: 2)
        _ = await (first, second)

        for number in 0..<keyCount {
            let winner = try await store.get(ObjectKey("race/\(number)")).bytes
            let claims = try await store.listAll(prefix: "won/\(number)/")
            #expect(claims.map(\.key.string) == ["won/\(number)/\(winner[0])"])
        }
        #expect(try await store.get(ObjectKey("counter")).bytes == [100])
        #expect(children(path + "/.tmp") == [])
    }

    private let keyCount = 100

    private func race(_ path: String, who: Int) async {
        await #expect(processExitsWith: .success) { [path = path as String, who = who as Int] in
            let store = try DirectoryStore(path: path, fsync: false)
            _ = try await store.put(ObjectKey("ready/\(who)"), [], .ifAbsent)
            // Both start together, so that they do race.
            while try await store.listAll(prefix: "ready/").count < 2 { usleep(500) }
            for number in 0..<100 {
                do throws(StoreError) {
                    _ = try await store.put(
                        ObjectKey("race/\(number)"), [UInt8(who)], .ifAbsent)
                    _ = try await store.put(ObjectKey("won/\(number)/\(who)"), [], .ifAbsent)
                } catch {
                    guard error.code == .preconditionFailed else { throw error }
                }
                if number.isMultiple(of: 2) {
                    try await increment(ObjectKey("counter"), in: store)
                }
            }
        }
    }

    @Test func `no descriptor stays open`() async {
        let directory = TemporaryDirectory()
        await #expect(processExitsWith: .success) { [path = directory.path as String] in
            do {
                let store = try DirectoryStore(path: path, fsync: false)
                for number in 0..<50 {
                    let key = ObjectKey("a/\(number % 10)/b")
                    _ = try? await store.put(key, [1], .ifAbsent)
                    _ = try? await store.put(key, [2], .ifMatch(ETag("x")))
                    _ = try await store.put(key, [3], .none)
                    _ = try await store.get(key)
                    _ = try? await store.get(key, .range(offset: 9, count: 1))
                    _ = try? await store.get(ObjectKey("a/x"))
                    _ = try await store.list(prefix: "a/", after: nil, limit: 3)
                    try await store.delete(key)
                    store.sweep(limit: 10)
                }
            }
            // Only files of the store: the test runner opens and closes some of its own.
            try #require(openFiles(below: path) == [])
        }
    }
}

/// What this process has open below `path`.
private func openFiles(below path: String) -> [String] {
    children("/proc/self/fd").compactMap { number in
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            readlink("/proc/self/fd/" + number, bytes.baseAddress!, bytes.count)
        }
        let target = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        return target.hasPrefix(path) ? target : nil
    }
}
