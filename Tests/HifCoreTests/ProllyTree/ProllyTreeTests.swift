import HifCore
import Support
import Testing

/// A source that holds nothing until it is fetched, and counts the rounds.
private struct Fetching {
    let all: NodeCache
    var present = NodeCache()
    var rounds = 0
    var fetched = 0

    init(_ all: NodeCache) { self.all = all }

    /// Asks until there is an answer, fetching what was missing after each attempt.
    mutating func ask<Answer>(
        _ question: (NodeCache) throws(TreeError) -> Answer
    ) throws -> Answer {
        while true {
            do throws(TreeError) {
                return try question(present)
            } catch {
                guard let hashes = error.missingNodes else { throw error }
                rounds += 1
                #expect(Set(hashes).count == hashes.count && !hashes.isEmpty)
                for hash in hashes {
                    #expect(present.node(hash) == nil, "asked for what is there")
                    try present.insert(#require(all.node(hash)).bytes)
                    fetched += 1
                }
            }
        }
    }
}

@Suite struct ProllyTreeTests {
    /// A tree, its nodes and its model.
    static func sample(
        _ count: Int, below directory: String = "", seed: UInt64 = 5
    ) throws -> (ProllyTree, NodeCache, TreeModel) {
        var paths = PathGenerator(seed: seed)
        var model = TreeModel()
        for index in 0..<count {
            model.meant[path(directory + paths.next())] = file(UInt64(index))
        }
        var cache = NodeCache()
        let tree = try ProllyTree.build(model.entries, into: &cache)
        return (tree, cache, model)
    }

    /// Two levels, in the proportions of a repository; shared, since it takes a while to build.
    static let large = try! sample(6_000)

    /// Three levels, by way of long paths.
    static let tall = try! sample(
        1_200, below: String(repeating: String(repeating: "t", count: 99) + "/", count: 5))

    @Test func `a tree gives back what it was built from, with the directories above`() throws {
        let (tree, cache, model) = Self.large
        let all = model.sorted
        #expect(same(try tree.allEntries(in: cache), all))
        let totals = try tree.totals(in: cache)
        #expect(totals.entryCount == UInt64(all.count))
        #expect(totals.byteCount == all.reduce(0) { $0 + $1.1.size })
        let found = try tree.get(all.map(\.0) + [path("nowhere"), path("zzz/y")], in: cache)
        #expect(found == all.map { Optional($0.1) } + [nil, nil])
        try tree.checkCanonical(in: cache)
    }

    @Test func `the empty tree needs no node`() throws {
        let nothing = NodeCache()
        #expect(try ProllyTree.empty.get(path("a"), in: nothing) == nil)
        #expect(try ProllyTree.empty.list(nil, in: nothing).isEmpty)
        #expect(try ProllyTree.empty.allEntries(in: nothing).isEmpty)
        #expect(try ProllyTree.empty.diff(to: .empty, in: nothing).isEmpty)
        try ProllyTree.empty.checkCanonical(in: nothing)
        let (tree, nodes) = try ProllyTree.build([])
        #expect(tree == .empty && nodes.isEmpty)
    }

    @Test func `listing a directory gives its names and nothing deeper`() throws {
        let (tree, cache, model) = Self.tall
        let all = model.sorted
        let within = Dictionary(grouping: all, by: \.0.parent)
        let directories = all.filter { $0.1.kind == .directory }.map { Optional($0.0) } + [nil]
        for directory in directories {
            let expected = within[directory]!
            let listed = try tree.list(directory, in: cache)
            #expect(listed.map(\.name) == expected.map { Array($0.0.name) })
            #expect(listed.map(\.leaf) == expected.map(\.1))
        }
        #expect(try tree.list(path("no/such"), in: cache).isEmpty)
    }

    @Test func `a walk below a directory can be left and taken up again`() throws {
        let (tree, cache, model) = Self.tall
        let all = model.sorted
        let directory = try #require(all.first { $0.1.kind == .directory }).0
        for below in [nil, directory] {
            let expected = all.filter { below == nil || $0.0.isBelow(below!) }
            var seen: [(RepoPath, Leaf)] = []
            var last: TreeKey?
            while true {
                var cursor = tree.entries(below: below, after: last)
                var page: [(RepoPath, Leaf)] = []
                while page.count < 37, let entry = try cursor.next(in: cache) {
                    page.append((entry.path, entry.leaf))
                }
                guard let end = page.last else { break }
                last = TreeKey(end.0)
                seen += page
            }
            #expect(same(seen, expected))
        }
    }

    @Test func `with nothing present every question is answered within a round a level`() throws {
        let (tree, cache, model) = Self.tall
        let height = try #require(cache.node(tree.root)).level + 1
        #expect(height == 3)
        let all = model.sorted

        var get = Fetching(cache)
        let some = stride(from: 0, to: all.count, by: 97).map { all[$0] }
        let leaves = try get.ask { present throws(TreeError) in
            try tree.get(some.map(\.0), in: present)
        }
        #expect(leaves == some.map { Optional($0.1) })
        #expect(get.rounds <= height)

        var list = Fetching(cache)
        let directory = try #require(all.last { $0.1.kind == .directory }).0
        let listed = try list.ask { present throws(TreeError) in
            try tree.list(directory, in: present)
        }
        #expect(listed.count == all.count { $0.0.parent == directory })
        #expect(list.rounds <= height && list.fetched <= height + 2)

        var one = Fetching(cache)
        _ = try one.ask { present throws(TreeError) in try tree.get(all[100].0, in: present) }
        #expect(one.fetched == height)

        let files = model.meant.keys.sorted()
        let other = try tree.applying([(files[100], nil), (files[1_000], file(1))], in: cache)
        var both = cache
        for node in other.newNodes { both.insert(node) }
        var diff = Fetching(both)
        let changes = try diff.ask { present throws(TreeError) in
            try tree.diff(to: other.tree, in: present)
        }
        #expect(changes.count == 2)
        #expect(diff.rounds <= height && diff.fetched <= 14)

        var check = Fetching(cache)
        try check.ask { present throws(TreeError) in try tree.checkCanonical(in: present) }
        #expect(check.rounds <= height && check.fetched == cache.count)
    }

    @Test func `a walk names several missing nodes at once and keeps its place`() throws {
        let (tree, cache, model) = Self.tall
        var cursor = tree.entries(readAhead: 16)
        var fetching = Fetching(cache)
        var seen: [(RepoPath, Leaf)] = []
        while true {
            let before = cursor
            let entry = try fetching.ask { present throws(TreeError) in
                cursor = before
                return try cursor.next(in: present)
            }
            guard let entry else { break }
            seen.append((entry.path, entry.leaf))
        }
        #expect(same(seen, model.sorted))
        #expect(fetching.rounds < cache.count / 4)
    }

    @Test func `a path twice or below a file has no tree`() {
        #expect(throws: TreeError.clash(path("a"))) {
            try ProllyTree.build([(path("a"), file(1)), (path("a"), file(2))])
        }
        #expect(throws: TreeError.clash(path("a/b"))) {
            try ProllyTree.build([(path("a/b/c/d"), file(1)), (path("a/b"), file(2))])
        }
        #expect(throws: TreeError.derivedDirectory(path("a"))) {
            try ProllyTree.build([(path("a"), .directory)])
        }
    }
}
