import HifCore
import Support
import Testing

/// Where nodes end, and what that makes of their sizes.
@Suite struct TreeShapeTests {
    static func isCut(_ key: [UInt8], level: Int = 0, index: Int = 1, after size: Int) -> Bool {
        var scratch: [UInt8] = []
        return TreeBoundary.isCut(
            level: level, key: key[...], index: index, sizeBefore: size, scratch: &scratch)
    }

    /// Reckoned apart from this code, with `b3sum --derive-key "hif tree cut v1"` and arithmetic of
    /// unlimited size: the smallest size of the node before an entry at which the node ends after
    /// it, of the sizes that are multiples of 100, on levels 0, 1 and 2.
    static let firstCuts: [(key: String, levels: [Int])] = [
        ("README.md", [65500, 44500, 61400]),
        ("src/main.swift", [55700, 32500, 29000]),
        ("a/b/c/d/e/f", [65500, 62800, 62400]),
        ("docs/formats/tree.md", [65500, 64900, 24900]),
        ("x", [57600, 32600, 65500]),
        ("Sources/HifCore/ProllyTree/TreeBoundary.swift", [42700, 36500, 55500]),
        ("\u{1}", [52900, 42000, 65500]),
        ("one\u{1}two/\u{2}", [62100, 61600, 53100]),
        (String(repeating: "a", count: 200), [41200, 39600, 30100]),
        ("n0", [50500, 21900, 65500]),
        ("n1", [65500, 65500, 65500]),
        ("n2", [65500, 36700, 47600]),
        ("n3", [40000, 60100, 65500]),
        ("n4", [65500, 44300, 64100]),
        ("n5", [65500, 59600, 58700]),
    ]

    @Test func `nodes end where the rule has always said`() {
        for (name, levels) in Self.firstCuts {
            let key = TreeKey(path(name)).bytes
            for (level, expected) in levels.enumerated() {
                let first = stride(from: 0, through: 65_500, by: 100).first {
                    Self.isCut(key, level: level, after: $0)
                }
                #expect(first == expected, "\(name) at level \(level)")
            }
        }
    }

    @Test func `floor, cap and the second entry stand before any hash`() {
        // The draw of this key is below every threshold that is not zero.
        let key = [UInt8](repeating: 0x61, count: 100)
        #expect(!Self.isCut(key, after: 2_047 - 136))
        #expect(Self.isCut(key, after: 65_535 - 136))
        #expect(Self.isCut(key, level: 1, index: 1, after: 65_535 - 136))
        #expect(!Self.isCut(key, level: 1, index: 0, after: 65_535))
        #expect(Self.isCut(key, after: .max >> 20))
    }

    @Test func `leaf sizes stay close to their mean`() throws {
        let (_, cache, _) = ProllyTreeTests.large
        let sizes = cache.allNodes.filter { $0.level == 0 }.map { Double($0.bytes.count) }
        let mean = sizes.reduce(0, +) / Double(sizes.count)
        let variance = sizes.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(sizes.count)
        #expect(variance.squareRoot() / mean <= 0.35)
        #expect((5_000..<11_000).contains(mean))
        #expect(cache.allNodes.allSatisfy { $0.bytes.count <= TreeNode.bytesMax })
    }

    @Test func `an insertion writes hardly more than one leaf anew`() throws {
        let (tree, cache, model) = ProllyTreeTests.large
        var generator = SeededGenerator(seed: 11)
        let known = model.meant.keys.sorted()
        var leafCount = 0
        var largest = 0
        var insertionCount = 0
        while insertionCount < 200 {
            let neighbour = known[Int.random(in: 0..<known.count, using: &generator)]
            guard let directory = neighbour.parent else { continue }
            let name = "new\(generator.next() % 1_000_000)"
            let place = try directory.appending(Array(name.utf8))
            let result = try tree.applying([(place, file(1))], in: cache)
            let leaves = result.newNodes.count { $0.level == 0 }
            insertionCount += 1
            leafCount += leaves
            largest = max(largest, leaves)
        }
        #expect(Double(leafCount) / Double(insertionCount) <= 1.1)
        #expect(largest <= 5)
    }

    /// Builds, checks, edits in another order, and looks everything up again.
    func expectSound(_ paths: [RepoPath], _ about: Comment) throws -> NodeCache {
        var cache = NodeCache()
        let entries = paths.enumerated().map { ($1, file(UInt64($0))) }
        let tree = try ProllyTree.build(entries, into: &cache)
        try tree.checkCanonical(in: cache)
        #expect(try tree.get(paths, in: cache) == entries.map { Optional($0.1) }, about)
        var generator = SeededGenerator(seed: 1)
        var edited = ProllyTree.empty
        var editing = NodeCache()
        var rest = entries.shuffled(using: &generator)[...]
        while !rest.isEmpty {
            let batch = rest.prefix(1 + paths.count / 5)
            rest = rest.dropFirst(batch.count)
            edited = try edited.applying(batch.map { ($0.0, $0.1) }, keeping: &editing)
        }
        #expect(edited == tree, about)
        for node in cache.allNodes {
            #expect(node.bytes.count <= TreeNode.bytesMax, about)
            #expect(try TreeNode(decoding: node.bytes) == node, about)
        }
        return cache
    }

    @Test func `the longest paths and the strangest names make sound trees`() throws {
        var generator = SeededGenerator(seed: 9)
        let long = (0..<12).map { index -> RepoPath in
            var bytes = [UInt8](repeating: [0x01, 0x02, 0xFF][index % 3], count: 4_096)
            for slash in stride(from: 199, to: 4_090, by: 200) { bytes[slash] = 0x2F }
            for place in 0..<6 { bytes[place] = UInt8.random(in: 0x61...0x7A, using: &generator) }
            return path(bytes)
        }
        _ = try expectSound(Array(Set(long)).sorted(), "longest paths")
        var strange: Set<RepoPath> = []
        for _ in 0..<700 {
            let names = (0..<Int.random(in: 1...3, using: &generator)).map { depth in
                // The first byte tells files from directories, so none clash.
                [UInt8(0xF0)] + generator.bytes(3).map { [1, 2, 3, 0x2E, 0xFF, 0x80][Int($0) % 6] }
            }
            var bytes = Array(names.joined(separator: [0x2F]))
            bytes += [0x7E]
            strange.insert(path(bytes))
        }
        _ = try expectSound(strange.sorted(), "strange names")
    }

    @Test func `keys chosen never to end a node meet the cap`() throws {
        var size = 0
        let chosen = (0..<1_500).map { index -> RepoPath in
            for attempt in 0... {
                let candidate = path("\(10_000 + index)-\(attempt)")
                let key = TreeKey(candidate).bytes
                let width = key.count + TreeBoundary.entryBytes
                let isCapped = size + width >= TreeBoundary.sizeMax
                guard isCapped || !Self.isCut(key, after: size) else { continue }
                size = isCapped ? 0 : size + width
                return candidate
            }
            fatalError("no candidate")
        }
        let cache = try expectSound(chosen, "never a cut")
        #expect(cache.allNodes.contains { $0.level == 0 && $0.count > 1_000 })
    }

    @Test func `keys chosen always to end a node make a tree that still gets narrower`() throws {
        // One deep directory holds all; its names need not be escaped anew for each.
        let long = repeatElement(String(repeating: "n", count: 250), count: 13)
        let directory = path(long.joined(separator: "/"))
        let start = TreeKey(try directory.appending([0x61])).bytes.dropLast()
        let chosen = try (0..<40).map { index -> RepoPath in
            for attempt in 0... {
                let name = Array("\(100 + index)-\(attempt)".utf8)
                if Self.isCut(start + name, after: 0) { return try directory.appending(name) }
            }
            fatalError("no candidate")
        }
        let cache = try expectSound(chosen, "always a cut")
        let single = cache.allNodes.count { $0.level == 0 && $0.count == 1 }
        #expect(single >= 36)
        #expect(cache.allNodes.allSatisfy { $0.level == 0 || $0.count >= 2 })
        #expect(cache.allNodes.map(\.level).max()! <= 6)
    }
}
