import Foundation
package import HifCore

/// One position to be written as a commit.
package struct GitExportCommit: Sendable {
    package struct Tag: Hashable, Sendable {
        /// Without `refs/tags/`.
        package let name: [UInt8]
        /// Nil for a lightweight tag.
        package let annotation: GitTag.Annotation?

        package init(name: [UInt8], annotation: GitTag.Annotation? = nil) {
            self.name = name
            self.annotation = annotation
        }
    }

    package let author: GitPerson
    package let committer: GitPerson
    package let message: [UInt8]
    /// Against the position before, in an order that can be applied (as `GitMapper` gives it).
    package let operations: [GitOperation]
    package let tags: [Tag]

    package init(
        author: GitPerson, committer: GitPerson, message: [UInt8], operations: [GitOperation],
        tags: [Tag] = []
    ) {
        self.author = author
        self.committer = committer
        self.message = message
        self.operations = operations
        self.tags = tags
    }
}

/// A project as the exporter reads it.
package protocol GitExportSource {
    /// The next position, from the first on; nil after the last.
    mutating func next() async throws -> GitExportCommit?
    /// Hands over the content of `blob`, in pieces of the source's choice. Asked for once per content,
    /// and only for contents of the position given last.
    mutating func content(
        of blob: GitBlob, _ receive: ([UInt8]) async throws -> Void
    ) async throws
}

/// Writes positions as an ordinary git repository with a work tree.
///
/// A line of commits with one parent each. Equal positions give equal commit ids, on every machine;
/// trees are those of an imported repository, byte for byte, but for what the import reported.
package enum GitExport {
    package struct Result: Sendable {
        /// The commit of each position.
        package let commits: [GitID]
        /// Tags that git does not take: their name is invalid, taken, or a directory of another.
        package let tagsLeftOut: [[UInt8]]
        /// Paths of submodule entries whose content is no commit id, written as files.
        package let submodulesAsFiles: [RepoPath]
        /// Why the files could not be checked out; the repository itself is complete. Git refuses
        /// some names (`git~1`) in work trees only.
        package let checkoutFailure: String?
    }

    /// - Parameters:
    ///   - directory: must not exist, or be empty. After an error it is empty again.
    ///   - branch: the branch that all positions go to, and that is checked out.
    ///   - progress: called with the number of positions written.
    package static func write(
        _ source: inout some GitExportSource, to directory: String, branch: String = "main",
        progress: (Int) -> Void = { _ in }
    ) async throws -> Result {
        guard GitRefName.isValid(Array(branch.utf8)) else {
            throw GitError(.refused, "'\(SafeText.escape(branch))' is no name for a branch.")
        }
        let path = URL(fileURLWithPath: directory).standardizedFileURL.path
        let manager = FileManager.default
        let shown = SafeText.escape(directory)
        let existed = manager.fileExists(atPath: path)
        if existed {
            guard let content = try? manager.contentsOfDirectory(atPath: path) else {
                throw GitError(.notEmpty, "'\(shown)' is not a directory that can be written.")
            }
            guard content.isEmpty else {
                throw GitError(
                    .notEmpty, "'\(shown)' is not empty.", hint: "Export to a new directory.")
            }
        }
        do {
            _ = try GitProcess.output([
                "init", "--quiet", "--template=", "--object-format=sha1", "--", path,
            ])
            return try await fill(path, from: &source, branch: branch, progress: progress)
        } catch {
            try? manager.removeItem(atPath: existed ? path + "/.git" : path)
            throw error
        }
    }

    private static func fill(
        _ path: String, from source: inout some GitExportSource, branch: String,
        progress: (Int) -> Void
    ) async throws -> Result {
        let gitDirectory = "--git-dir=\(path)/.git"
        let process = try GitProcess(
            [gitDirectory, "fast-import", "--quiet", "--force", "--date-format=raw-permissive"],
            input: .pipe)
        guard let input = process.input else { preconditionFailure("asked for a pipe") }
        var writer = Writer(stream: try FastImport(input), branch: branch)
        do {
            while let commit = try await source.next() {
                try await writer.write(commit, source: &source)
                progress(writer.count)
            }
            try writer.stream.done()
            try input.flush()
        } catch let error as GitError where error.code == .failed {
            throw process.explain(error)
        } catch {
            // Git would go on writing into a directory that is being removed.
            process.abandon()
            throw error
        }
        try process.finish()
        _ = try GitProcess.output([gitDirectory, "symbolic-ref", "HEAD", "refs/heads/\(branch)"])
        guard writer.count > 0 else {
            return Result(
                commits: [], tagsLeftOut: [], submodulesAsFiles: [], checkoutFailure: nil)
        }
        let list = try GitProcess.output([
            gitDirectory, "rev-list", "--first-parent", "--reverse", "refs/heads/\(branch)", "--",
        ])
        let commits = list.split(separator: 0x0A).compactMap { GitID(hex: $0) }
        guard commits.count == writer.count else {
            throw GitError(.failed, "Git kept \(commits.count) of \(writer.count) commits.")
        }
        let (status, _, errors) = try GitProcess.run(
            [gitDirectory, "--work-tree=\(path)", "reset", "--hard", "--quiet"], directory: path)
        return Result(
            commits: commits, tagsLeftOut: writer.tagsLeftOut,
            submodulesAsFiles: writer.submodulesAsFiles,
            checkoutFailure: status == 0
                ? nil
                : SafeText.escape(
                    errors.trimmingCharacters(in: .whitespacesAndNewlines), keepingLines: true))
    }

    /// What one export remembers: a mark for each content, and for each submodule its commit.
    private struct Writer {
        let stream: FastImport
        let branch: String
        var count = 0
        var tagsLeftOut: [[UInt8]] = []
        var submodulesAsFiles: [RepoPath] = []
        private var marks: [Hash: Int] = [:]
        private var submodules: [Hash: GitID] = [:]
        private var tagNames = GitTagNames()

        init(stream: FastImport, branch: String) {
            self.stream = stream
            self.branch = branch
        }

        mutating func write(
            _ commit: GitExportCommit, source: inout some GitExportSource
        ) async throws {
            for operation in commit.operations {
                guard let leaf = operation.after, leaf.kind != .directory else { continue }
                try await send(leaf, at: operation.path, source: &source)
            }
            try stream.beginCommit(
                branch: branch, author: commit.author, committer: commit.committer,
                message: commit.message)
            for operation in commit.operations {
                // Git has no empty directories.
                guard let leaf = operation.after, leaf.kind != .directory else {
                    if operation.before.map({ $0.kind != .directory }) ?? false {
                        try stream.remove(operation.path)
                    }
                    continue
                }
                if leaf.kind == .external, let id = submodules[leaf.hash] {
                    try stream.set(
                        operation.path, mode: GitMapper.mode(of: .external), object: id.hex)
                } else if let mark = marks[leaf.hash] {
                    let kind = leaf.kind == .external ? .file : leaf.kind
                    try stream.set(
                        operation.path, mode: GitMapper.mode(of: kind), object: ":\(mark)")
                }
            }
            try stream.endCommit()
            for tag in commit.tags {
                if tagNames.insert(tag.name) {
                    try stream.tag(tag.name, annotation: tag.annotation, branch: branch)
                } else {
                    tagsLeftOut.append(tag.name)
                }
            }
            count += 1
        }

        /// Sends the content of `leaf` unless git has it.
        private mutating func send(
            _ leaf: Leaf, at path: RepoPath, source: inout some GitExportSource
        ) async throws {
            let blob = GitBlob(hash: leaf.hash, size: leaf.size)
            if leaf.kind == .external {
                if submodules[leaf.hash] != nil { return }
                if leaf.size == UInt64(GitID.digitCount) {
                    var text: [UInt8] = []
                    try await read(blob, from: &source) { text += $0 }
                    if let id = GitID(hex: text) {
                        submodules[leaf.hash] = id
                        return
                    }
                }
                submodulesAsFiles.append(path)
            }
            guard marks[leaf.hash] == nil else { return }
            let mark = marks.count + 1
            marks[leaf.hash] = mark
            try stream.beginBlob(mark: mark, size: leaf.size)
            try await read(blob, from: &source) { try stream.content($0) }
            try stream.endContent()
        }

        private func read(
            _ blob: GitBlob, from source: inout some GitExportSource,
            _ body: ([UInt8]) throws -> Void
        ) async throws {
            // A reader of the stream would take what follows for commands.
            func check(_ isRight: Bool) throws {
                guard isRight else {
                    throw GitError(
                        .damaged, "Content \(blob.hash) is not of the size its entries say.")
                }
            }
            var rest = blob.size
            try await source.content(of: blob) { piece in
                try check(UInt64(piece.count) <= rest)
                rest -= UInt64(piece.count)
                try body(piece)
            }
            try check(rest == 0)
        }
    }
}
