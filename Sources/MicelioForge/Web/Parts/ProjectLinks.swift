import HifCore

/// The addresses of a project's pages. Names and paths come out percent-encoded.
struct ProjectLinks: Sendable {
    let home: String

    init(_ path: ProjectPath) {
        home = "/\(path)"
    }

    private func at(_ position: Position?) -> String {
        position.map { "@\($0)" } ?? "@latest"
    }

    private func path(_ word: String, _ path: RepoPath?, _ position: Position?) -> String {
        let tail = path.map { "/" + PercentCoding.encode($0.bytes, keepingSlashes: true) } ?? ""
        return "\(home)/\(word)/\(at(position))\(tail)"
    }

    /// A directory; nil for the root.
    func tree(_ path: RepoPath?, at position: Position? = nil) -> String {
        if path == nil, position == nil { return home }
        return self.path("tree", path, position)
    }

    func file(_ path: RepoPath, at position: Position? = nil) -> String {
        self.path("file", path, position)
    }

    func blame(_ path: RepoPath, at position: Position? = nil) -> String {
        self.path("blame", path, position)
    }

    func raw(_ path: RepoPath, at position: Position? = nil) -> String {
        self.path("raw", path, position)
    }

    func landing(_ position: Position) -> String { "\(home)/@\(position)" }

    func log(_ path: RepoPath? = nil, author: String = "", from: Position? = nil) -> String {
        var fields: [String] = []
        if let path { fields.append("path=\(PercentCoding.encode(path.bytes))") }
        if !author.isEmpty { fields.append("author=\(PercentCoding.encode(author.utf8))") }
        if let from { fields.append("from=@\(from)") }
        return "\(home)/log" + (fields.isEmpty ? "" : "?" + fields.joined(separator: "&"))
    }

    func diff(
        _ from: Position, _ to: Position, path: RepoPath? = nil, suffix: String = ""
    ) -> String {
        let query = path.map { "?path=\(PercentCoding.encode($0.bytes))" } ?? ""
        return "\(home)/diff/@\(from)/@\(to)\(suffix)\(query)"
    }

    /// The same as a patch.
    func patch(_ from: Position, _ to: Position, path: RepoPath? = nil) -> String {
        diff(from, to, path: path, suffix: ".diff")
    }

    /// - Parameters:
    ///   - place: `files` or `sessions`; empty for whichever is usual.
    ///   - cursor: where to go on.
    func search(_ query: String = "", in place: String = "", after cursor: String = "") -> String {
        let fields = [("q", query), ("in", place), ("cursor", cursor)].filter { !$0.1.isEmpty }
            .map { "\($0.0)=\(PercentCoding.encode($0.1.utf8))" }
        return "\(home)/search" + (fields.isEmpty ? "" : "?" + fields.joined(separator: "&"))
    }

    var sessions: String { "\(home)/sessions" }

    func session(_ session: SessionID) -> String { "\(sessions)/\(session.full)" }
}
