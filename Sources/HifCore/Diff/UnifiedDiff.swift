/// The modes of files that git knows, as a patch and a tree entry spell them.
package enum GitFileMode: String, Hashable, Sendable, CaseIterable {
    case file = "100644"
    case executable = "100755"
    case symlink = "120000"
    case submodule = "160000"

    /// Nil for a directory, which git does not record.
    package init?(_ kind: Leaf.Kind) {
        switch kind {
        case .file: self = .file
        case .executable: self = .executable
        case .symlink: self = .symlink
        case .external: self = .submodule
        case .directory: return nil
        }
    }

    /// Whether a change between the two is a change of mode; all others are a deletion and an
    /// addition.
    func isSameType(as other: GitFileMode) -> Bool {
        self == other || [self, other].allSatisfy { $0 == .file || $0 == .executable }
    }
}

/// Prints changes as git does, in the form that `git apply` (and `patch`, for text) takes.
///
/// The patch of several changes is their patches one after another, in any order.
package struct UnifiedDiff: Sendable {
    /// One side of a change.
    package struct File: Hashable, Sendable {
        package let path: RepoPath
        package let mode: GitFileMode
        /// A link's target for a symlink; for a submodule, the commit id as hexadecimal text.
        package let content: [UInt8]

        package init(path: RepoPath, mode: GitFileMode, content: [UInt8]) {
            self.path = path
            self.mode = mode
            self.content = content
        }
    }

    /// Equal lines shown around each change. git needs at least one to apply a patch unasked.
    package var context = 3
    /// git's `core.quotePath`; see `GitPathQuoting`.
    package var quotesNonASCII = true
    /// Whether binary contents are written in full. If not, one line says that they differ, and the
    /// patch cannot be applied.
    package var includesBinary = true

    package init() {}

    /// The patch of one change: an addition without `old`, a deletion without `new`, a rename if
    /// the paths differ. Empty if nothing differs.
    ///
    /// Costs a `LineDiff` if both are text, and memory for about 2.5 times both contents if one is
    /// binary.
    ///
    /// - Precondition: `context` is not negative.
    package func patch(from old: File?, to new: File?) -> [UInt8] {
        if let old, let new {
            if old == new { return [] }
            if !old.mode.isSameType(as: new.mode) {
                return patch(from: old, to: nil) + patch(from: nil, to: new)
            }
        }
        guard let oldPath = (old ?? new)?.path, let newPath = (new ?? old)?.path else { return [] }
        let sides = Sides(old: old, new: new)
        var patch = PatchWriter()
        patch.line("diff --git ", name("a/", oldPath), " ", name("b/", newPath))
        switch (old, new) {
        case (nil, let new?): patch.line("new file mode \(new.mode.rawValue)")
        case (let old?, nil): patch.line("deleted file mode \(old.mode.rawValue)")
        case (let old?, let new?):
            if old.mode != new.mode {
                patch.line("old mode \(old.mode.rawValue)")
                patch.line("new mode \(new.mode.rawValue)")
            }
            if old.path != new.path {
                patch.line("similarity index \(sides.similarityPercent)%")
                patch.line("rename from ", name("", old.path))
                patch.line("rename to ", name("", new.path))
            }
        case (nil, nil): break
        }
        if let old, let new, old.content == new.content { return patch.bytes }

        let shared = old?.mode == new?.mode ? old.map { " \($0.mode.rawValue)" } : nil
        patch.line("index \(old.id.hex)..\(new.id.hex)\(shared ?? "")")
        let oldName = old == nil ? Array("/dev/null".utf8) : name("a/", oldPath)
        let newName = new == nil ? Array("/dev/null".utf8) : name("b/", newPath)
        guard let diff = sides.diff else {
            if includesBinary {
                patch.bytes += GitBinaryPatch.block(old: sides.old.bytes, new: sides.new.bytes)
            } else {
                patch.line("Binary files ", oldName, " and ", newName, " differ")
            }
            return patch.bytes
        }
        if diff.isEmpty { return patch.bytes }
        patch.line("--- ", oldName, ended(oldName))
        patch.line("+++ ", newName, ended(newName))
        let hunks = UnifiedHunk.hunks(of: diff, old: sides.old, new: sides.new, context: context)
        for hunk in hunks { patch.append(hunk, sides.old, sides.new) }
        return patch.bytes
    }

    private func name(_ prefix: String, _ path: RepoPath) -> [UInt8] {
        GitPathQuoting.quote(path.bytes, prefix: prefix, quotesNonASCII: quotesNonASCII)
    }

    /// A tab tells readers where a name with spaces ends, for some expect a date there.
    private func ended(_ name: [UInt8]) -> [UInt8] {
        name.contains(UInt8(ascii: " ")) ? [UInt8(ascii: "\t")] : []
    }
}

/// Both contents as they are printed, and what differs.
private struct Sides {
    let old: TextLines
    let new: TextLines
    /// Nil if one of them is binary.
    let diff: LineDiff?

    init(old oldFile: UnifiedDiff.File?, new newFile: UnifiedDiff.File?) {
        old = TextLines(oldFile?.printedContent ?? [])
        new = TextLines(newFile?.printedContent ?? [])
        let isText = TextLines.isText(old.bytes) && TextLines.isText(new.bytes)
        diff = isText ? LineDiff(old, new) : nil
    }

    /// The share of bytes in lines that both have; 100 only for equal contents.
    var similarityPercent: Int {
        if old.bytes == new.bytes { return 100 }
        guard let diff else { return 0 }
        var kept = old.bytes.count
        for hunk in diff.hunks { kept -= old.byteRange(hunk.old).count }
        let (product, overflow) = kept.multipliedReportingOverflow(by: 100)
        return overflow ? 0 : min(99, product / max(1, old.bytes.count, new.bytes.count))
    }
}

extension UnifiedDiff.File {
    /// What the patch shows: for a submodule a sentence about its commit.
    fileprivate var printedContent: [UInt8] {
        mode == .submodule ? Array("Subproject commit \(commitID.hex)\n".utf8) : content
    }

    /// The commit a submodule stands at; zeros if the content is no commit id.
    fileprivate var commitID: [UInt8] {
        let text = String(decoding: content.prefix { $0 != TextLines.lineFeed }, as: UTF8.self)
        guard let id = [UInt8](hex: text), id.count == 20 || id.count == 32 else {
            return GitBlobID.zero
        }
        return id
    }
}

extension UnifiedDiff.File? {
    /// What the index line says.
    fileprivate var id: [UInt8] {
        guard let self else { return GitBlobID.zero }
        return self.mode == .submodule ? self.commitID : GitBlobID.hash(of: self.content)
    }
}

private struct PatchWriter {
    var bytes: [UInt8] = []

    mutating func line(_ text: String) {
        bytes += Array(text.utf8)
        bytes.append(TextLines.lineFeed)
    }

    mutating func line(
        _ text: String, _ first: [UInt8], _ between: String = "", _ second: [UInt8] = [],
        _ after: String = ""
    ) {
        bytes += Array(text.utf8)
        bytes += first
        bytes += Array(between.utf8)
        bytes += second
        line(after)
    }

    mutating func line(_ text: String, _ name: [UInt8], _ end: [UInt8]) {
        line(text, name, "", end)
    }

    mutating func append(_ hunk: UnifiedHunk, _ old: TextLines, _ new: TextLines) {
        bytes += hunk.header
        bytes.append(TextLines.lineFeed)
        for line in hunk.lines {
            switch line {
            case .context(let line, _): append(" ", old[line])
            case .removed(let line): append("-", old[line])
            case .added(let line): append("+", new[line])
            }
        }
    }

    private mutating func append(_ sign: Unicode.Scalar, _ line: ArraySlice<UInt8>) {
        bytes.append(UInt8(ascii: sign))
        bytes += line
        if line.last != TextLines.lineFeed {
            bytes += Array("\n\\ No newline at end of file\n".utf8)
        }
    }
}
