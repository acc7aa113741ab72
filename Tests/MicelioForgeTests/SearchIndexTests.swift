import Foundation
import HifCore
import HifRepository
import Support
import Testing

@testable import MicelioForge

/// The index of one project, without a forge around it.
@Suite struct SearchIndexTests {
    private static let project = ProjectID(hex: String(repeating: "5e", count: 16))!

    private let directory: TemporaryDirectory
    private var path: String { "\(directory.path)/search/\(SearchIndexTests.project.hex).sqlite" }

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func indexes(store: String = "here") -> SearchIndexes {
        SearchIndexes(directory: directory.path + "/search", storeID: store)
    }

    private static func file(_ path: String, _ text: String) throws -> SearchDocument {
        SearchDocument(path: try RepoPath(path), content: Array(text.utf8), position: 1)
    }

    /// Searches as the forge does: what the index lacks is read first, and all of it is done again when the
    /// index turns out to be damaged.
    private func find(
        _ indexes: SearchIndexes, _ query: String, _ files: [(String, String)] = []
    ) async throws -> [String] {
        try await indexes.using(SearchIndexTests.project) { index in
            let before = try await index.standing()
            if before.position == 0, !files.isEmpty {
                _ = try await index.take(
                    files.map { .put(try SearchIndexTests.file($0.0, $0.1)) }, from: before,
                    to: SearchIndex.Standing(position: 1, done: 0))
            }
            return try await index.find(SearchQuery(query), .file, after: nil, limit: 100)
        }.documents.map(\.name)
    }

    // MARK: Against looking through everything

    /// Letters few enough for hits, and signs that FTS5, SQL and UTF-8 have their own ideas of.
    private static let letters = Array(
        "aaabbbccAB  \n\"'*:^-()%_\\.éÉßİΣς日本語\u{301}\u{1F600}\u{FFFD}".unicodeScalars)

    private static func text(_ length: Int, _ random: inout SeededGenerator) -> String {
        var text = ""
        for _ in 0..<length {
            text.unicodeScalars.append(letters.randomElement(using: &random) ?? "a")
        }
        return text
    }

    /// What lower case is, said in another way than the index does.
    private static func lower(_ text: String) -> [Unicode.Scalar] {
        text.unicodeScalars.map { scalar in
            let lower = Array(scalar.properties.lowercaseMapping.unicodeScalars)
            return lower.count == 1 ? lower[0] : scalar
        }
    }

    private static func has(_ text: String, _ word: String) -> Bool {
        let (text, word) = (lower(text), lower(word))
        guard word.count <= text.count else { return false }
        return (0...text.count - word.count).contains { start in
            word.indices.allSatisfy { text[start + $0] == word[$0] }
        }
    }

    @Test(arguments: [0x5EA2C4, 1, 2, 3, 4, 5, 6, 7] as [UInt64])
    func `what is found is what looking through everything finds`(_ seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let indexes = indexes()
        var truth: [String: String] = [:]
        var standing = SearchIndex.Standing(position: 0, done: 0)
        for round in 0..<12 {
            var changes: [SearchIndex.Change] = []
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let name = "f\(Int.random(in: 0..<20, using: &random))"
                if Int.random(in: 0..<4, using: &random) == 0 {
                    truth[name] = nil
                    changes.append(.drop(.file, key: Array(name.utf8)))
                } else {
                    let text = SearchIndexTests.text(
                        Int.random(in: 0...60, using: &random), &random)
                    truth[name] = text
                    changes.append(.put(try SearchIndexTests.file(name, text)))
                }
            }
            let after = SearchIndex.Standing(position: UInt64(round) + 1, done: 0)
            let isTaken = try await indexes.using(SearchIndexTests.project) { [standing] in
                try await $0.take(changes, from: standing, to: after)
            }
            #expect(isTaken)
            standing = after
            for _ in 0..<20 {
                let words = (0..<Int.random(in: 1...3, using: &random)).compactMap {
                    _ -> String? in
                    let word = SearchIndexTests.text(
                        Int.random(in: 1...5, using: &random), &random
                    ).replacing("\"", with: "")
                    return JSONShape.isBlank(word) ? nil : word
                }
                guard !words.isEmpty else { continue }
                let query = try SearchQuery(words.map { "\"\($0)\"" }.joined(separator: " "))
                let wanted = truth.filter { name, text in
                    words.allSatisfy {
                        SearchIndexTests.has(name, $0) || SearchIndexTests.has(text, $0)
                    }
                }.keys
                // In pages, which together are everything, each once.
                var names: [String] = []
                var cursor: Int64?
                repeat {
                    let page = try await indexes.using(SearchIndexTests.project) { [cursor] in
                        try await $0.find(query, .file, after: cursor, limit: 3)
                    }
                    names += page.documents.map(\.name)
                    cursor = page.next
                    for document in page.documents {
                        let hit = SearchHit(document, query)
                        #expect(hit.document.text == truth[document.name], "seed \(seed)")
                        for line in hit.lines {
                            let scalars = Array(line.text.unicodeScalars)
                            for mark in line.marks {
                                #expect(mark.upperBound <= scalars.count, "seed \(seed)")
                            }
                        }
                    }
                } while cursor != nil
                #expect(
                    names.sorted() == wanted.sorted(),
                    "seed \(seed), round \(round): \(query.text.debugDescription)")
            }
        }
    }

    // MARK: Lost and damaged

    @Test func `an index that is lost, cut, overwritten or of another version is made anew`()
        async throws
    {
        let files = FileManager.default
        let all: [(String, String)] = (0..<200).map { ("f\($0)", "walnut number \($0)") }
        let damages: [(String, (String) throws -> Void)] = [
            ("lost", { try files.removeItem(atPath: $0) }),
            ("empty", { try Data().write(to: URL(fileURLWithPath: $0)) }),
            ("no database", { try Data("walnut\n".utf8).write(to: URL(fileURLWithPath: $0)) }),
            (
                "another version",
                { path in
                    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
                    // The user version, big-endian, stands at 60.
                    bytes[63] = 99
                    try bytes.write(to: URL(fileURLWithPath: path))
                }
            ),
            (
                "cut",
                { path in
                    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
                    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: path))
                }
            ),
        ]
        for (name, damage) in damages {
            let before = indexes()
            #expect(try await find(before, "walnut", all).count == 100)
            try await before.close(SearchIndexTests.project)
            try damage(path)
            let after = indexes()
            #expect(try await find(after, "\"number 17\"", all).contains("f17"), "\(name)")
            try await after.close(SearchIndexTests.project)
        }
    }

    @Test func `the index of another store is not believed`() async throws {
        #expect(try await find(indexes(), "walnut", [("a", "walnut")]) == ["a"])
        let restored = indexes(store: "restored")
        #expect(try await find(restored, "walnut").isEmpty)
        #expect(try await find(restored, "walnut", [("b", "walnut")]) == ["b"])
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `damage anywhere in the file is no error and no trap`(_ seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let all: [(String, String)] = (0..<60).map { ("f\($0)", "walnut number \($0)") }
        let whole = indexes()
        #expect(try await find(whole, "walnut", all).count == 60)
        try await whole.close(SearchIndexTests.project)
        let sound = try Data(contentsOf: URL(fileURLWithPath: path))
        for _ in 0..<10 {
            var bytes = sound
            for _ in 0..<Int.random(in: 1...40, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            for suffix in ["-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: path + suffix)
            }
            try bytes.write(to: URL(fileURLWithPath: path))
            let damaged = indexes()
            do {
                // Found, or found out and made anew; a text may have been changed unnoticed.
                _ = try await find(damaged, "walnut", all)
                _ = try await find(damaged, "w", all)
                try await damaged.using(SearchIndexTests.project) { index in
                    let standing = try await index.standing()
                    _ = try await index.openSessions()
                    _ = try await index.take(
                        all.map { .put(try SearchIndexTests.file($0.0, "other \($0.1)")) },
                        from: standing,
                        to: SearchIndex.Standing(position: standing.position &+ 1, done: 0))
                }
                _ = try await find(damaged, "other", all)
            } catch {
                Issue.record("seed \(seed): \(error)")
            }
            try await damaged.close(SearchIndexTests.project)
        }
    }

    // MARK: What is shown

    @Test func `a hit shows the lines that have a word, the part of a long one, and how many more`()
        throws
    {
        let lines =
            (1...9).map { "line \($0) has a nut\r" } + [
                "none", String(repeating: "x", count: 500) + "NUTnut",
            ]
        let document = try SearchIndexTests.file("a", lines.joined(separator: "\n"))
        let hit = SearchHit(document, try SearchQuery("nut ha"))
        #expect(hit.lines.count == Limits.searchLinesMax && hit.lineCount == 10)
        #expect(hit.lines[0].text == "line 1 has a nut" && hit.lines[0].number == 1)
        #expect(hit.lines[0].marks == [7..<9, 13..<16])
        let long = SearchHit(
            try SearchIndexTests.file("a", lines[10]), try SearchQuery("nut"))
        #expect(long.lines[0].text.count == 66 && long.lines[0].marks == [60..<66])
        let none = SearchHit(document, try SearchQuery("path:a"))
        #expect(none.lines.isEmpty && none.lineCount == 0)
    }

    @Test(
        arguments: [
            ("a b", ["a", "b"], []), ("\"a b\"c", ["a b", "c"], []), ("\"a b", ["a b"], []),
            ("A\"b c\"", ["a\"b", "c\""], []), ("path:docs/ x", ["x"], ["docs/"]),
            ("path:\"a b\"", [], ["a b"]), ("\"path:a\"", ["path:a"], []),
            ("PATH:a", ["path:a"], []),
            ("\"\" \" \" path: path:\"\"", [], []), ("a\u{3000}b\nc", ["a", "b", "c"], []),
        ] as [(String, [String], [String])])
    func `a search is words, phrases and parts of paths`(
        _ text: String, _ words: [String], _ paths: [String]
    ) throws {
        let query = try SearchQuery(text)
        #expect(query.words.map(\.text) == words && query.paths.map(\.text) == paths)
    }
}
