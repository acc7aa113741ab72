import HifCore
import Support

/// A path known to be good.
func path(_ string: String) -> RepoPath { try! RepoPath(string) }

func path(_ bytes: [UInt8]) -> RepoPath { try! RepoPath(bytes) }

/// A file whose content hash follows from `content`.
func file(_ content: UInt64, kind: Leaf.Kind = .file) -> Leaf {
    let mixed = (content &+ 1) &* 0x9E37_79B9_7F4A_7C15
    return Leaf(
        kind: kind, size: content % 100_000,
        hash: Hash(word0: mixed, word1: ~mixed, word2: mixed ^ 0x55, word3: content))
}

/// A sorted array that stands for a tree: the oracle of every property here.
struct TreeModel {
    /// Files, links and explicit directories.
    var meant: [RepoPath: Leaf] = [:]

    /// Every entry with its derived directories.
    var all: [RepoPath: Leaf] {
        var result: [RepoPath: Leaf] = [:]
        for path in meant.keys {
            for directory in path.ancestors { result[directory] = .directory }
        }
        return result.merging(meant) { _, leaf in leaf }
    }

    var sorted: [(RepoPath, Leaf)] {
        all.map { (TreeKey($0.key), $0.key, $0.value) }.sorted { $0.0 < $1.0 }.map { ($0.1, $0.2) }
    }

    var entries: [(RepoPath, Leaf)] { meant.map { ($0.key, $0.value) } }

    /// Whether an entry may be put here: nothing below it if it is a file, no file above it.
    func admits(_ path: RepoPath, _ leaf: Leaf) -> Bool {
        for directory in path.ancestors {
            if let above = meant[directory], above.kind != .directory { return false }
        }
        return leaf.kind == .directory || !meant.keys.contains { $0.isBelow(path) }
    }
}

/// Paths in the proportions of source repositories: about six files a directory, names that share
/// beginnings, three to seven levels.
struct PathGenerator {
    private var generator: SeededGenerator
    private var directories: [String] = [""]
    private var used: Set<String> = []
    private let words = [
        "src", "lib", "test", "include", "driver", "net", "kernel", "docs", "util", "core", "image",
        "parser", "main", "config", "index", "server", "client", "module", "build", "asset",
    ]

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    private mutating func name() -> String {
        var name = words.randomElement(using: &generator)!
        for _ in 0..<Int.random(in: 0...2, using: &generator) {
            name += "_" + words.randomElement(using: &generator)!
        }
        return name + "\(Int.random(in: 0..<1_000, using: &generator))"
    }

    mutating func next() -> String {
        while true {
            if Int.random(in: 0..<6, using: &generator) == 0 {
                // Older directories are likelier parents, so few trees grow very deep.
                let younger = Int.random(in: 0..<directories.count, using: &generator)
                let place = Int.random(in: 0...younger, using: &generator)
                let directory = directories[place] + name() + "/"
                if directory.utf8.count < 120, used.insert(String(directory.dropLast())).inserted {
                    directories.append(directory)
                }
            }
            let place = Int.random(
                in: max(0, directories.count - 200)..<directories.count, using: &generator)
            let path = directories[place] + name() + ".swift"
            if used.insert(path).inserted { return path }
        }
    }

    mutating func paths(_ count: Int) -> [RepoPath] {
        (0..<count).map { _ in path(next()) }
    }
}

extension ProllyTree {
    /// Builds a tree and keeps its nodes.
    static func build(
        _ entries: [(RepoPath, Leaf)], into cache: inout NodeCache
    ) throws -> ProllyTree {
        let (tree, nodes) = try build(entries)
        for node in nodes { cache.insert(node) }
        return tree
    }

    /// Applies edits and keeps the new nodes.
    func applying(
        _ edits: [(path: RepoPath, leaf: Leaf?)], keeping cache: inout NodeCache
    ) throws -> ProllyTree {
        let result = try applying(edits, in: cache)
        for node in result.newNodes { cache.insert(node) }
        return result.tree
    }

    /// Every entry in order.
    func allEntries(in source: some NodeSource) throws -> [(RepoPath, Leaf)] {
        var result: [(RepoPath, Leaf)] = []
        try forEach(in: source) { path, leaf in
            result.append((path, leaf))
            return true
        }
        return result
    }
}

/// Whether two lists of entries are equal.
func same(_ left: [(RepoPath, Leaf)], _ right: [(RepoPath, Leaf)]) -> Bool {
    left.elementsEqual(right) { $0.0 == $1.0 && $0.1 == $1.1 }
}
