import Foundation

/// One path that differs between a commit and its first parent, as `git diff-tree --raw` says.
package struct GitChange: Hashable, Sendable {
    /// A mode and the object it belongs to.
    package struct Side: Hashable, Sendable {
        /// As a number: 0o100644, 0o100755, 0o120000, 0o160000.
        package let mode: UInt32
        package let id: GitID

        package init(mode: UInt32, id: GitID) {
            self.mode = mode
            self.id = id
        }

        /// Whether the id is a commit of another repository, not an object of this one.
        package var isSubmodule: Bool { mode & 0o170000 == 0o160000 }
    }

    package let path: [UInt8]
    /// Nil when the path appears.
    package let before: Side?
    /// Nil when the path goes.
    package let after: Side?
}

/// The changes of many commits against their first parents, from one `git diff-tree --stdin`.
///
/// Git says nothing about a commit without changes, so the reader keeps the name of the next
/// commit that has some.
final class GitChanges {
    private let process: GitProcess
    private var upcoming: GitID?
    private var isAtEnd = false

    init(_ source: GitSource, line: GitLine, from first: Int) throws {
        let list = try GitScratchFile()
        for index in first..<line.count {
            if index == 0 {
                try list.line(line.commits[index])
            } else {
                try list.line(line.commits[index], line.commits[index - 1])
            }
        }
        process = try GitProcess(
            source.arguments(
                "diff-tree", "--stdin", "-r", "--raw", "-z", "--root", "--no-renames",
                "--no-abbrev", "--no-ext-diff", "--ignore-submodules=none"),
            input: .lines(list))
    }

    /// Gives every change of `commit`, in git's order. Commits must be asked for in line order.
    func each(of commit: GitID, _ body: (GitChange) throws -> Void) throws {
        do {
            if upcoming == nil, !isAtEnd { try readName() }
            guard upcoming == commit else { return }
            upcoming = nil
            while try process.output.fill(1) {
                guard process.output.buffered[0] == UInt8(ascii: ":") else { return }
                try body(readChange())
            }
        } catch let error as GitError {
            throw process.explain(error)
        }
    }

    /// To be called after the last commit: refuses output nobody asked for.
    func finish() throws {
        if upcoming == nil, !isAtEnd { try readName() }
        guard upcoming == nil else {
            throw GitError(.damaged, "Git lists changes of a commit that is not on the line.")
        }
    }

    private func readName() throws {
        guard let name = try process.output.until(0) else {
            isAtEnd = true
            try process.finish()
            return
        }
        guard let id = GitID(hex: name) else { throw unknown }
        upcoming = id
    }

    private var unknown: GitError { GitError(.damaged, "Git lists changes in an unknown way.") }

    /// `:100644 100755 <40> <40> M NUL path NUL`
    private func readChange() throws -> GitChange {
        let fixed = 1 + 6 + 1 + 6 + 1 + 40 + 1 + 40 + 1
        guard try process.output.fill(fixed) else { throw process.output.truncated() }
        let head = process.output.buffered
        guard let oldMode = mode(head[1..<7]), let newMode = mode(head[8..<14]),
            let oldID = GitID(hex: head[15..<55]), let newID = GitID(hex: head[56..<96])
        else { throw unknown }
        process.output.skip(fixed)
        guard try process.output.until(0) != nil, let path = try process.output.until(0) else {
            throw process.output.truncated()
        }
        return GitChange(
            path: path,
            before: oldMode == 0 ? nil : .init(mode: oldMode, id: oldID),
            after: newMode == 0 ? nil : .init(mode: newMode, id: newID))
    }

    private func mode(_ digits: Slice<UnsafeRawBufferPointer>) -> UInt32? {
        var value: UInt32 = 0
        for digit in digits {
            guard digit >= 0x30, digit < 0x38 else { return nil }
            value = value << 3 | UInt32(digit - 0x30)
        }
        return value
    }
}
