import Foundation
import HifCore

/// A git repository opened for reading, and the branch whose first-parent line is read.
///
/// A value: it holds names, no descriptors. Every command it runs names the repository by absolute
/// path.
package struct GitSource: Hashable, Sendable {
    /// The `.git` directory, the bare repository or a linked work tree's own directory.
    package let gitDirectory: String
    /// The branch, without `refs/heads/`; nil when `HEAD` is detached.
    package let branch: String?
    /// The commit the line ends at.
    package let head: GitID

    /// Opens the repository at exactly `path`; a directory inside a work tree is not taken for it.
    ///
    /// - Parameter branch: another branch than the one `HEAD` names.
    /// - Throws: `GitError` with a sentence for each thing that can be wrong.
    package static func open(path: String, branch: String? = nil) throws -> GitSource {
        let shown = SafeText.escape(path)
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw GitError(.notARepository, "There is no directory '\(shown)'.")
        }
        guard isDirectory.boolValue else {
            throw GitError(.notARepository, "'\(shown)' is a file, not a git repository.")
        }
        let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let (status, output, errors) = try GitProcess.run(
            ["rev-parse", "--absolute-git-dir", "--is-shallow-repository", "--show-object-format"],
            directory: real,
            environment: [
                "GIT_CEILING_DIRECTORIES": URL(fileURLWithPath: real).deletingLastPathComponent()
                    .path
            ])
        guard status == 0 else {
            if errors.contains("dubious ownership") {
                throw GitError(
                    .failed, "'\(shown)' belongs to another user, and git refuses to read it.",
                    hint: "git config --global --add safe.directory '\(shown)'")
            }
            var above = URL(fileURLWithPath: real)
            while above.path != "/" {
                above.deleteLastPathComponent()
                let git = above.appendingPathComponent(".git").path
                guard FileManager.default.fileExists(atPath: git) else { continue }
                throw GitError(
                    .notARepository,
                    "'\(shown)' is inside a git repository, not its top directory.",
                    hint: "hif import \(SafeText.escape(above.path)) ACCOUNT/PROJECT")
            }
            throw GitError(.notARepository, "'\(shown)' is not a git repository.")
        }
        var lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
        guard lines.count >= 3, let format = lines.popLast(), let isShallow = lines.popLast() else {
            throw GitError(.damaged, "Git describes '\(shown)' in an unknown way.")
        }
        let directory = lines.joined(separator: "\n")
        guard format == "sha1" else {
            throw GitError(.unsupported, "'\(shown)' names its objects by \(format), not SHA-1.")
        }
        guard isShallow == "false" else {
            throw GitError(
                .shallow, "'\(shown)' is a shallow clone: its history is cut off.",
                hint: "git -C '\(shown)' fetch --unshallow")
        }
        return try GitSource(gitDirectory: directory, branch: branch, shown: shown)
    }

    private init(gitDirectory: String, branch: String?, shown: String) throws {
        self.gitDirectory = gitDirectory
        let name: String?
        if let branch {
            name = branch
        } else {
            let (status, output, _) = try GitProcess.run(
                ["--git-dir=\(gitDirectory)", "symbolic-ref", "-q", "HEAD"])
            let text = String(decoding: output, as: UTF8.self).trimmingCharacters(in: .newlines)
            name = status == 0 ? String(text.trimmingPrefix("refs/heads/")) : nil
        }
        self.branch = name
        let start = name.map { "refs/heads/\($0)" } ?? "HEAD"
        let (status, output, _) = try GitProcess.run([
            "--git-dir=\(gitDirectory)", "rev-parse", "--verify", "-q", "--end-of-options",
            start + "^{commit}",
        ])
        if status == 0, let id = GitID(hex: output.prefix(GitID.digitCount)) {
            head = id
            return
        }
        let others = try GitProcess.output([
            "--git-dir=\(gitDirectory)", "for-each-ref", "--count=5", "--format=%(refname:short)",
            "refs/heads",
        ])
        let names = String(decoding: others, as: UTF8.self).split(separator: "\n")
        let wanted = SafeText.escape(name ?? "HEAD")
        guard let first = names.first else {
            throw GitError(.empty, "'\(shown)' holds no commit yet.")
        }
        throw GitError(
            .empty, "'\(shown)' has no commit on '\(wanted)'.",
            hint: "It has other branches: \(SafeText.escape(names.joined(separator: ", ")))."
                + " Name one, such as '\(SafeText.escape(String(first)))'.")
    }

    /// The arguments of a command on this repository.
    func arguments(_ command: String...) -> [String] {
        ["--git-dir=\(gitDirectory)"] + command
    }
}
