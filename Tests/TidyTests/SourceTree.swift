import Foundation
import Glibc

/// The project's own files, as text. Read once; the rules below only look.
struct SourceTree: Sendable {
    static let shared = SourceTree(root: packageRoot)

    let root: String
    let files: [SourceFile]

    private static let packageRoot: String = {
        // Tests/TidyTests/SourceTree.swift
        var url = URL(filePath: #filePath)
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.path(percentEncoded: false).trimmedOfSlashes
    }()

    /// Everything below the folders that hold our work, and what lies at the top.
    private static let folders = [
        "Sources", "Tests", "Benchmarks", "Scripts", "docs", "proto", ".ci",
    ]

    init(root: String) {
        self.root = root
        let manager = FileManager.default
        var paths = ((try? manager.contentsOfDirectory(atPath: root)) ?? [])
            .filter { !$0.hasPrefix(".git") && !$0.hasPrefix(".build") }
        for folder in SourceTree.folders {
            let below = manager.enumerator(atPath: "\(root)/\(folder)")
            while let path = below?.nextObject() as? String {
                paths.append("\(folder)/\(path)")
            }
        }
        files = paths.sorted().compactMap { path in
            guard let data = manager.contents(atPath: "\(root)/\(path)"),
                let text = String(data: data, encoding: .utf8), !text.contains("\0")
            else { return nil }
            return SourceFile(path: path, text: text)
        }
    }

    /// Whether `path`, relative to the root, is a file or a folder.
    func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(root)/\(path)")
    }

    /// Swift files that people wrote.
    var swift: [SourceFile] {
        files.filter { $0.path.hasSuffix(".swift") && !$0.path.contains("/Generated/") }
    }

    var markdown: [SourceFile] { files.filter { $0.path.hasSuffix(".md") } }

    /// Swift files of one target.
    func target(_ name: String) -> [SourceFile] {
        swift.filter { $0.path.hasPrefix("Sources/\(name)/") }
    }

    /// The targets: folders of `Sources`.
    var targets: [String] {
        Set(files.filter { $0.path.hasPrefix("Sources/") }.map { $0.path.split(separator: "/")[1] })
            .map(String.init).sorted()
    }

    func file(_ path: String) -> SourceFile? { files.first { $0.path == path } }
}

/// One text file.
struct SourceFile: Sendable {
    /// From the root, with slashes.
    let path: String
    let lines: [String]
    /// The lines without comments and without what is inside string literals.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard path.hasSuffix(".swift") else {
            code = []
            return
        }
        let bytes = CodeMask.code(of: Array(text.utf8))
        code = String(decoding: bytes, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// The file's name without folder and extension.
    var baseName: String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return name.split(separator: ".").first.map(String.init) ?? name
    }

    var directory: String {
        path.split(separator: "/").dropLast().joined(separator: "/")
    }

    /// Findings where a line of code matches.
    ///
    /// - Parameter words: one of them is on every line that matches; only those lines are matched.
    func findings(
        anyOf words: [String], _ pattern: Regex<some Any>, _ what: (Substring) -> String
    ) -> [Finding] {
        code.enumerated().flatMap { index, line in
            guard words.contains(where: { line.utf8.contains($0.utf8) }) else { return [Finding]() }
            return line.matches(of: pattern).map { Finding(path, index + 1, what(line[$0.range])) }
        }
    }
}

/// Something to tidy up: where, what, and what to do about it.
struct Finding: CustomStringConvertible, Sendable {
    let path: String
    let line: Int
    let what: String

    init(_ path: String, _ line: Int, _ what: String) {
        self.path = path
        self.line = line
        self.what = what
    }

    var description: String { "\(path):\(line): \(what)" }
}

extension String {
    var trimmedOfSlashes: String {
        var text = self[...]
        while text.count > 1, text.last == "/" { text.removeLast() }
        return String(text)
    }
}

extension String.UTF8View {
    /// Whether `word` stands in here. With C's search, as these tests are built without optimization
    /// and look at every line of the project.
    func contains(_ word: String.UTF8View) -> Bool {
        String(self).withCString { text in
            String(word).withCString { strstr(text, $0) != nil }
        }
    }
}
