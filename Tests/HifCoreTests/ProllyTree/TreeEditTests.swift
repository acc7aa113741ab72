import HifCore
import Support
import Testing

@Suite struct TreeEditTests {
    /// Random edits on few names, so that files and directories come, go and clash.
    static func randomPath(_ generator: inout SeededGenerator, names: [String]) -> RepoPath {
        let depth = Int.random(in: 1...4, using: &generator)
        return path(
            (0..<depth).map { _ in names.randomElement(using: &generator)! }
                .joined(separator: "/"))
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `any order of edits gives the tree that building gives`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        // Long names make several levels of few entries.
        let pad = String(repeating: "x", count: [0, 60, 180, 240][Int(seed % 4)])
        let names = (0..<9).map { "\($0)" + pad }
        var model = TreeModel()
        var cache = NodeCache()
        var tree = ProllyTree.empty
        for round in 0..<24 {
            var edits: [(path: RepoPath, leaf: Leaf?)] = []
            var next = model
            for _ in 0..<[1, 1, 3, 20][Int.random(in: 0..<4, using: &generator)] {
                let place = Self.randomPath(&generator, names: names)
                switch Int.random(in: 0..<10, using: &generator) {
                case 0..<(round % 10 < 6 ? 2 : 7):
                    let victims = next.meant.keys.sorted()
                    let victim = victims.randomElement(using: &generator) ?? place
                    next.meant[victim] = nil
                    edits.append((victim, nil))
                case 7:
                    guard next.admits(place, .explicitDirectory) else { continue }
                    next.meant[place] = .explicitDirectory
                    edits.append((place, .explicitDirectory))
                default:
                    let leaf = file(generator.next() >> 40)
                    guard next.admits(place, leaf) else { continue }
                    next.meant[place] = leaf
                    edits.append((place, leaf))
                }
            }
            let edited = try tree.applying(edits, keeping: &cache)
            let (built, nodes) = try ProllyTree.build(next.entries)
            #expect(edited == built, "seed \(seed), round \(round)")
            for node in nodes { #expect(cache.node(node.hash) != nil) }

            let changes = try tree.diff(to: edited, in: cache)
            let expected = Set(model.meant.keys).union(next.meant.keys)
                .filter { model.meant[$0] != next.meant[$0] }
                .map { TreeChange(path: $0, before: model.meant[$0], after: next.meant[$0]) }
                .sorted { TreeKey($0.path) < TreeKey($1.path) }
            #expect(changes == expected, "seed \(seed), round \(round)")
            let reached = try tree.newNodes(of: edited, in: cache)
            let old = Set(try tree.newNodesFromNothing(in: cache).map(\.hash))
            let new = Set(try edited.newNodesFromNothing(in: cache).map(\.hash))
            #expect(
                Set(reached.map(\.hash)) == new.subtracting(old), "seed \(seed), round \(round)")
            tree = edited
            model = next
            if round % 8 == 7 { try tree.checkCanonical(in: cache) }
        }
        let rest = model.meant.keys.sorted().map { (path: $0, leaf: Leaf?.none) }
        #expect(try tree.applying(rest, in: cache).tree == .empty)
    }

    @Test(arguments: 20..<22 as Range<UInt64>)
    func `a large tree shrinks to nothing and grows again through every shape`(
        seed: UInt64
    ) throws {
        var generator = SeededGenerator(seed: seed)
        var paths = PathGenerator(seed: seed)
        let all = paths.paths(1_500).shuffled(using: &generator)
        var model = TreeModel()
        var cache = NodeCache()
        var tree = ProllyTree.empty
        for direction in [true, false] {
            var rest = all[...]
            while !rest.isEmpty {
                let batch = rest.prefix(Int.random(in: 1...400, using: &generator))
                rest = rest.dropFirst(batch.count)
                let edits = batch.map { path -> (path: RepoPath, leaf: Leaf?) in
                    (path, direction ? file(UInt64(path.bytes.count)) : nil)
                }
                for edit in edits { model.meant[edit.path] = edit.leaf }
                tree = try tree.applying(edits, keeping: &cache)
                #expect(try tree == ProllyTree.build(model.entries).tree, "seed \(seed)")
            }
        }
        #expect(tree == .empty)
    }

    @Test func `appending and cutting at the end keeps the tail rules`() throws {
        // Long keys in order: few entries a node, four levels, tails of one.
        let long = String(repeating: "y", count: 250)
        let all = (0..<150).map { index -> RepoPath in
            let depth = index % 3 == 0 ? 12 : 2
            return path(
                (["\(1_000 + index)"] + repeatElement(long, count: depth)).joined(separator: "/"))
        }
        var cache = NodeCache()
        var model = TreeModel()
        var trees = [ProllyTree.empty]
        for (index, path) in all.enumerated() {
            model.meant[path] = file(7)
            trees.append(try trees[index].applying([(path, file(7))], keeping: &cache))
            guard index % 8 == 0 || index > 120 else { continue }
            #expect(try trees[index + 1] == ProllyTree.build(model.entries).tree)
        }
        var tree = trees.last!
        #expect(try #require(cache.node(tree.root)).level >= 3)
        try tree.checkCanonical(in: cache)
        for (index, path) in all.enumerated().reversed() {
            tree = try tree.applying([(path, nil)], keeping: &cache)
            #expect(tree == trees[index], "down to \(index)")
        }
    }

    @Test func `a file and a directory cannot share a path`() throws {
        var cache = NodeCache()
        let tree = try ProllyTree.build(
            [(path("a/b"), file(1)), (path("f"), file(2))], into: &cache)
        #expect(throws: TreeError.clash(path("a"))) {
            try tree.applying([(path("a"), file(3))], in: cache)
        }
        #expect(throws: TreeError.clash(path("f"))) {
            try tree.applying([(path("f/g/h"), file(3))], in: cache)
        }
        #expect(throws: TreeError.clash(path("n"))) {
            try tree.applying([(path("n"), file(3)), (path("n/m/o"), file(4))], in: cache)
        }
        #expect(throws: TreeError.derivedDirectory(path("a"))) {
            try tree.applying([(path("a"), .directory)], in: cache)
        }
        let turned = try tree.applying(
            [(path("a"), file(3)), (path("a/b"), nil), (path("f"), nil), (path("f/g/h"), file(4))],
            keeping: &cache)
        let names = try turned.allEntries(in: cache).map(\.0.description)
        #expect(names == ["a", "f", "f/g", "f/g/h"])
    }

    @Test func `directories come and go with what lies below, unless they are explicit`() throws {
        var cache = NodeCache()
        let one = try ProllyTree.empty.applying(
            [(path("a/b/c/d"), file(1)), (path("e"), .explicitDirectory)], keeping: &cache)
        #expect(try one.get(path("a/b"), in: cache) == .directory)
        #expect(try one.get(path("e"), in: cache) == .explicitDirectory)
        let two = try one.applying([(path("a/b"), .explicitDirectory)], keeping: &cache)
        let three = try two.applying([(path("a/b/c/d"), nil)], keeping: &cache)
        #expect(try three.allEntries(in: cache).map(\.0.description) == ["a", "e", "a/b"])
        // Taking away a derived directory, or nothing, changes nothing.
        #expect(
            try three.applying([(path("a"), nil), (path("q/r"), nil)], in: cache).tree == three)
        let four = try three.applying([(path("a/b"), nil)], keeping: &cache)
        #expect(try four.allEntries(in: cache).map(\.0.description) == ["e"])
        #expect(try four.applying([(path("e"), nil)], in: cache).tree == .empty)
        // An explicit directory with content stays when it stops being explicit.
        let back = try two.applying([(path("a/b"), nil)], in: cache).tree
        #expect(back == one)
    }

    @Test func `edits without a node present ask for few, and get there`() throws {
        let (tree, cache, model) = ProllyTreeTests.tall
        let all = model.meant.keys.sorted()
        let edits: [(path: RepoPath, leaf: Leaf?)] = [
            (all[10], nil), (all[1_000], file(9)), (path("new/deep/er/file"), file(1)),
        ]
        let expected = try tree.applying(edits, in: cache)
        var present = NodeCache()
        var rounds = 0
        while true {
            do throws(TreeError) {
                let result = try tree.applying(edits, in: present)
                #expect(result.tree == expected.tree)
                break
            } catch {
                guard let hashes = error.missingNodes else { throw error }
                rounds += 1
                for hash in hashes { try present.insert(#require(cache.node(hash)).bytes) }
            }
        }
        #expect(rounds <= 8)
        #expect(present.count <= 16)
    }
}

extension ProllyTree {
    /// All nodes of the tree.
    func newNodesFromNothing(in source: some NodeSource) throws(TreeError) -> [TreeNode] {
        try ProllyTree.empty.newNodes(of: self, in: source)
    }
}
