import HifStore

extension StoreContract {
    static let listing: [Check] = [
        Check("an empty store lists nothing") { handles in
            let store = try handles.make()
            try await store.expectKeys([], prefix: "")
            try await store.expectKeys([], prefix: "a/")
            try await store.expectKeys([], prefix: "", after: "a")
        },
        Check("a listing is in byte order across directories, with sizes") { handles in
            let store = try handles.make()
            let keys = ["a-b", "a.b/c", "a/b", "a/c/d", "a0", "a_b", "aa", "b"]
            for (index, key) in keys.enumerated().reversed() {
                _ = try await store.put(ObjectKey(key), patternBytes(index), .ifAbsent)
            }
            try await store.expectKeys(keys, prefix: "")
            let page = try await store.list(prefix: "", after: nil, limit: 1_000)
            try require(page.objects.map(\.size) == Array(keys.indices), "wrong sizes")
            try require(page.next == nil, "a complete page has a successor")
        },
        Check("a prefix is text and need not end at a slash") { handles in
            let store = try handles.make()
            for key in ["log/00/1", "log/00/2", "log/01/1", "logs", "pack/a", "z/log/00/1"] {
                _ = try await store.put(ObjectKey(key), [1], .ifAbsent)
            }
            try await store.expectKeys(["log/00/1", "log/00/2", "log/01/1"], prefix: "log/")
            try await store.expectKeys(["log/00/1", "log/00/2"], prefix: "log/00/")
            try await store.expectKeys(["log/00/1", "log/00/2", "log/01/1"], prefix: "log/0")
            try await store.expectKeys(
                ["log/00/1", "log/00/2", "log/01/1", "logs"], prefix: "log")
            try await store.expectKeys(["log/00/2"], prefix: "log/00/2")
            try await store.expectKeys([], prefix: "log/00/2/")
            try await store.expectKeys([], prefix: "log/02/")
            try await store.expectKeys([], prefix: "og/")
        },
        Check("a prefix that no key can have finds nothing") { handles in
            let store = try handles.make()
            _ = try await store.put(ObjectKey("a/b"), [1], .ifAbsent)
            for prefix in [
                "/", "//", ".", "..", "../", "a/../", "a//", "a/./", "/a", ".tmp/", "A", "\0",
                "a b",
            ] {
                try await store.expectKeys([], prefix: prefix)
            }
        },
        Check("a listing goes on after any key, present or not") { handles in
            let store = try handles.make()
            for key in ["a/1", "a/2", "b", "c/1/x", "c/2"] {
                _ = try await store.put(ObjectKey(key), [1], .ifAbsent)
            }
            try await store.expectKeys(["a/2", "b", "c/1/x", "c/2"], prefix: "", after: "a/1")
            try await store.expectKeys(["b", "c/1/x", "c/2"], prefix: "", after: "a/3")
            try await store.expectKeys(["a/1", "a/2", "b", "c/1/x", "c/2"], prefix: "", after: "a")
            try await store.expectKeys(["c/1/x", "c/2"], prefix: "", after: "bb")
            try await store.expectKeys(["c/1/x", "c/2"], prefix: "", after: "c/1")
            try await store.expectKeys(["c/2"], prefix: "c/", after: "c/1/x")
            try await store.expectKeys(["c/1/x", "c/2"], prefix: "c/", after: "a/1")
            try await store.expectKeys([], prefix: "", after: "c/2")
            try await store.expectKeys([], prefix: "a/", after: "b")
        },
        Check("pages join to the whole listing, whatever their size") { handles in
            let store = try handles.make()
            var keys: [String] = []
            for index in 0..<30 {
                keys.append("d\(index % 3)/\(index % 2 == 0 ? "x" : "y")/\(index)")
            }
            for key in keys { _ = try await store.put(ObjectKey(key), [1], .ifAbsent) }
            keys.sort()
            for limit in [1, 2, 7, 29, 30, 31] {
                var seen: [String] = []
                var after: ObjectKey?
                repeat {
                    let page = try await store.list(prefix: "d", after: after, limit: limit)
                    try require(page.objects.count <= limit, "a page is longer than \(limit)")
                    seen += page.objects.map(\.key.string)
                    after = page.next
                } while after != nil && seen.count <= keys.count
                try require(seen == keys, "pages of \(limit) give \(seen)")
            }
            let all = try await store.listAll(prefix: "d1/")
            try require(all.map(\.key.string) == keys.filter { $0.hasPrefix("d1/") }, "listAll")
        },
        Check("a listing right after a write or a deletion shows it") { handles in
            let (writer, reader) = (try handles.make(), try handles.make())
            var keys: [String] = []
            for index in 10..<20 {
                keys.append("log/\(index)")
                _ = try await writer.put(ObjectKey(keys.last!), [1], .ifAbsent)
                try await reader.expectKeys(keys, prefix: "log/")
            }
            while let key = keys.popLast() {
                try await writer.delete(ObjectKey(key))
                try await reader.expectKeys(keys, prefix: "log/")
            }
        },
    ]
}
