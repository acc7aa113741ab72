import HifStore

extension StoreContract {
    static let reading: [Check] = [
        Check("a missing object is not found") { handles in
            let store = try handles.make()
            for range in [ByteRange.all, .range(offset: 0, count: 1), .suffix(1)] {
                try await expectFailure(.notFound, doing: "get \(range)") {
                    try await store.get(ObjectKey("a/b"), range)
                }
            }
            let missing = try await store.getIfPresent(ObjectKey("a/b"))
            try require(missing == nil, "getIfPresent found something")
        },
        Check("an object comes back as it was written") { handles in
            let store = try handles.make()
            for (index, count) in [0, 1, 255, 4_096, 65_535, 65_536, 65_537].enumerated() {
                let key = ObjectKey("size/\(index)")
                let bytes = patternBytes(count, seed: UInt64(index))
                let etag = try await store.put(key, bytes, .ifAbsent)
                try await store.expect(key, holds: bytes)
                let object = try await store.get(key)
                try require(object.etag == etag, "put and get disagree about the tag at \(count)")
            }
        },
        Check("an object of 8 MiB comes back as it was written") { handles in
            let store = try handles.make()
            let key = ObjectKey("big")
            let bytes = patternBytes(8 << 20)
            _ = try await store.put(key, bytes, .ifAbsent)
            try await store.expect(key, holds: bytes)
            let middle = try await store.get(key, .range(offset: 5_000_000, count: 70_000))
            try require(
                middle.bytes == Array(bytes[5_000_000..<5_070_000]), "wrong bytes in the middle")
            try require(middle.size == bytes.count, "a range must report the whole size")
        },
        Check("a range is cut at the end of the object and refused past it") { handles in
            let store = try handles.make()
            for count in [10, 70_000] {
                let key = ObjectKey("range/\(count)")
                let bytes = patternBytes(count)
                let etag = try await store.put(key, bytes, .ifAbsent)
                let cases: [(ByteRange, Range<Int>)] = [
                    (.range(offset: 0, count: 1), 0..<1),
                    (.range(offset: 0, count: count), 0..<count),
                    (.range(offset: 3, count: 4), 3..<7),
                    (.range(offset: count - 1, count: 1), count - 1..<count),
                    (.range(offset: count - 2, count: 50), count - 2..<count),
                    (.range(offset: 1, count: .max), 1..<count),
                    (.suffix(1), count - 1..<count),
                    (.suffix(count), 0..<count),
                    (.suffix(count + 5), 0..<count),
                    (.suffix(.max), 0..<count),
                ]
                for (range, indices) in cases {
                    let object = try await store.get(key, range)
                    try require(object.bytes == Array(bytes[indices]), "wrong bytes for \(range)")
                    try require(object.size == count, "wrong size for \(range)")
                    try require(object.etag == etag, "another tag for \(range)")
                }
                for offset in [count, count + 1, 1 << 40] {
                    try await expectFailure(.rangeNotSatisfiable, doing: "offset \(offset)") {
                        try await store.get(key, .range(offset: offset, count: 1))
                    }
                }
            }
        },
        Check("an empty object has no satisfiable range") { handles in
            let store = try handles.make()
            let key = ObjectKey("empty")
            _ = try await store.put(key, [], .ifAbsent)
            try await store.expect(key, holds: [])
            for range in [ByteRange.range(offset: 0, count: 1), .suffix(1)] {
                try await expectFailure(.rangeNotSatisfiable, doing: "\(range)") {
                    try await store.get(key, range)
                }
            }
        },
        Check("another handle sees a write at once") { handles in
            let (writer, reader) = (try handles.make(), try handles.make())
            for index in 0..<5 {
                let key = ObjectKey("log/\(index)")
                try await expectFailure(.notFound, doing: "before") { try await reader.get(key) }
                _ = try await writer.put(key, [UInt8(index)], .ifAbsent)
                try await reader.expect(key, holds: [UInt8(index)])
                try await reader.makeDurable(key)
            }
        },
    ]

    static let writing: [Check] = [
        Check("ifAbsent refuses an existing object and leaves its bytes alone") { handles in
            let store = try handles.make()
            let key = ObjectKey("a")
            _ = try await store.put(key, [1, 2, 3], .ifAbsent)
            for bytes: [UInt8] in [[4], [1, 2, 3], []] {
                try await expectFailure(.preconditionFailed, doing: "second ifAbsent") {
                    try await store.put(key, bytes, .ifAbsent)
                }
            }
            try await store.expect(key, holds: [1, 2, 3])
        },
        Check("an unconditional write replaces, shorter or longer") { handles in
            let store = try handles.make()
            let key = ObjectKey("hint")
            for count in [5, 100_000, 0, 7, 70_000, 70_000] {
                let bytes = patternBytes(count, seed: UInt64(count))
                let etag = try await store.put(key, bytes, .none)
                try await store.expect(key, holds: bytes)
                let object = try await store.get(key)
                try require(object.etag == etag, "put and get disagree about the tag")
            }
        },
        Check("ifMatch replaces only the version it names") { handles in
            let store = try handles.make()
            for count in [3, 80_000] {
                let key = ObjectKey("cas/\(count)")
                let first = try await store.put(key, patternBytes(count, seed: 1), .ifAbsent)
                let second = try await store.put(
                    key, patternBytes(count, seed: 2), .ifMatch(first))
                try require(first != second, "two versions with one tag")
                try await expectFailure(.preconditionFailed, doing: "a stale tag") {
                    try await store.put(key, [9], .ifMatch(first))
                }
                try await store.expect(key, holds: patternBytes(count, seed: 2))
                let seen = try await store.get(key).etag
                _ = try await store.put(key, patternBytes(count, seed: 3), .ifMatch(seen))
                try await store.expect(key, holds: patternBytes(count, seed: 3))
            }
        },
        Check("ifMatch on a missing object writes nothing") { handles in
            let store = try handles.make()
            let etag = try await store.put(ObjectKey("other"), [1], .ifAbsent)
            let key = ObjectKey("missing")
            try await expectFailure(.notFound, .preconditionFailed, doing: "ifMatch") {
                try await store.put(key, [1], .ifMatch(etag))
            }
            try await expectFailure(.notFound, doing: "get") { try await store.get(key) }
        },
        Check("keys at the limits of the alphabet are kept apart") { handles in
            let store = try handles.make()
            let keys = [
                "0", "z", "a-b", "a.b", "a_b", "ab", "a-", "x/y/z", "x/y-z", "x.y/z", "x-/y",
                String(repeating: "k", count: 255),
                // Not the longest there is, so that the store may live below a prefix.
                String(repeating: "abc/", count: 100) + "abcd",
            ]
            for (index, key) in keys.enumerated() {
                _ = try await store.put(ObjectKey(key), [UInt8(index)], .ifAbsent)
            }
            for (index, key) in keys.enumerated() {
                try await store.expect(ObjectKey(key), holds: [UInt8(index)])
            }
            try await store.expectKeys(keys.sorted(), prefix: "")
        },
    ]

    static let deleting: [Check] = [
        Check("deleting removes the object, and a missing one is a success") { handles in
            let store = try handles.make()
            let key = ObjectKey("a/b")
            try await store.delete(key)
            _ = try await store.put(key, [1], .ifAbsent)
            try await store.delete(key)
            try await expectFailure(.notFound, doing: "get") { try await store.get(key) }
            try await store.expectKeys([], prefix: "")
            try await store.delete(key)
            try await store.delete(ObjectKey("a"))
        },
        Check("ifAbsent succeeds again after a deletion") { handles in
            let store = try handles.make()
            let key = ObjectKey("a/b")
            for round in 0..<3 {
                _ = try await store.put(key, [UInt8(round)], .ifAbsent)
                try await store.expect(key, holds: [UInt8(round)])
                try await store.delete(key)
            }
        },
        Check("deleting one object leaves its neighbours") { handles in
            let store = try handles.make()
            for name in ["d/a", "d/ab", "d/b", "e"] {
                _ = try await store.put(ObjectKey(name), [1], .ifAbsent)
            }
            try await store.delete(ObjectKey("d/a"))
            try await store.delete(ObjectKey("d"))
            try await store.expectKeys(["d/ab", "d/b", "e"], prefix: "")
        },
    ]
}
