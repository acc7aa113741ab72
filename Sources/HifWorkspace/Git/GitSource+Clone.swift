import Foundation
import HifCore

extension GitSource {
    /// Opens `location`: a path in place, a URL through a bare clone in `cache`.
    ///
    /// The clone holds branches and tags, not the forge's hidden references. A second call with the
    /// same directory fetches what is new; a clone that was broken off is begun again.
    ///
    /// - Parameter cache: a directory of the caller's that need not exist; used for URLs only, and
    ///   only for one URL.
    package static func open(
        _ location: GitLocation, cache: String, branch: String? = nil
    ) throws -> GitSource {
        switch location {
        case .path(let path): return try open(path: path, branch: branch)
        case .url(let url):
            let manager = FileManager.default
            if manager.fileExists(atPath: cache) {
                try refresh(clone: cache, from: url)
            } else {
                let partial = cache + ".partial"
                if manager.fileExists(atPath: partial) { try manager.removeItem(atPath: partial) }
                _ = try GitProcess.output([
                    "clone", "--bare", "--quiet", "--template=", "--", url, partial,
                ])
                try manager.moveItem(atPath: partial, toPath: cache)
            }
            return try open(path: cache, branch: branch)
        }
    }

    private static func refresh(clone: String, from url: String) throws {
        let before = try GitProcess.run(
            ["--git-dir=\(clone)", "config", "--get", "remote.origin.url"])
        let origin = String(decoding: before.output, as: UTF8.self)
            .trimmingCharacters(in: .newlines)
        guard before.status == 0, origin == url else {
            throw GitError(
                .notEmpty,
                "'\(SafeText.escape(clone))' is not a clone of '\(SafeText.escape(url))'.",
                hint: "Remove that directory, or name another.")
        }
        _ = try GitProcess.output([
            "--git-dir=\(clone)", "fetch", "--quiet", "--prune", "--force", "--no-write-fetch-head",
            "--", url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*",
        ])
        // The branch that HEAD names may have changed at the origin.
        let remote = try GitProcess.output(["ls-remote", "--symref", "--", url, "HEAD"])
        for line in String(decoding: remote, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard fields.count == 3, fields[0] == "ref:", fields[2] == "HEAD",
                fields[1].hasPrefix("refs/heads/")
            else { continue }
            _ = try GitProcess.output([
                "--git-dir=\(clone)", "symbolic-ref", "HEAD", String(fields[1]),
            ])
        }
    }
}
