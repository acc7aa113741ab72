/// The pass over a patch's lines that `Patch` is made by.
///
/// The format is that of `git diff` (git-diff(1), "Generating patch text with -p") and of GNU diff's unified
/// output, with git's quoting of names.
struct PatchReader {
    private let text: TextLines
    private var next = 0

    init(_ bytes: [UInt8]) {
        text = TextLines(bytes)
    }

    mutating func read() throws(PatchError) -> [Patch.FileChange] {
        var files: [Patch.FileChange] = []
        while next < text.count {
            let line = content(next)
            if line.starts(with: "diff --git ".utf8) {
                files.append(try gitFile())
            } else if line.starts(with: "--- ".utf8), next + 1 < text.count,
                content(next + 1).starts(with: "+++ ".utf8)
            {
                var file = Patch.FileChange(line: next + 1)
                try contents(of: &file)
                files.append(file)
            } else if line.starts(with: "@@ -".utf8) {
                throw malformed("a hunk without a line that names its file")
            } else {
                next += 1
            }
        }
        guard !files.isEmpty else {
            throw PatchError(.malformed, line: 1, "there is no change in it")
        }
        return files
    }

    // MARK: Files

    private mutating func gitFile() throws(PatchError) -> Patch.FileChange {
        var file = Patch.FileChange(line: next + 1)
        let names = gitNames(content(next).dropFirst("diff --git ".utf8.count))
        next += 1
        var isAdded = false
        var isDeleted = false
        var hasRename = false
        while next < text.count {
            let line = content(next)
            if let mode = value(of: "old mode ", in: line) {
                file.oldMode = try self.mode(mode)
            } else if let mode = value(of: "new mode ", in: line) {
                file.newMode = try self.mode(mode)
            } else if let mode = value(of: "new file mode ", in: line) {
                isAdded = true
                file.newMode = try self.mode(mode)
            } else if let mode = value(of: "deleted file mode ", in: line) {
                isDeleted = true
                file.oldMode = try self.mode(mode)
            } else if let name = value(of: "rename from ", in: line)
                ?? value(of: "copy from ", in: line)
            {
                file.old = try path(name, prefixed: false)
                file.isCopy = line.starts(with: "copy".utf8)
                hasRename = true
            } else if let name = value(of: "rename to ", in: line)
                ?? value(of: "copy to ", in: line)
            {
                file.new = try path(name, prefixed: false)
                hasRename = true
            } else if !["index ", "similarity index ", "dissimilarity index "]
                .contains(where: { line.starts(with: $0.utf8) })
            {
                break
            }
            next += 1
        }
        if hasRename {
            guard file.old != nil, file.new != nil else {
                throw malformed("a rename or copy names one of two paths only")
            }
        } else if let names {
            file.old = isAdded ? nil : try path(names.old, prefixed: true)
            file.new = isDeleted ? nil : try path(names.new, prefixed: true)
        }
        if next < text.count {
            let line = content(next)
            if line.starts(with: "--- ".utf8) {
                try contents(of: &file)
            } else if line.elementsEqual("GIT binary patch".utf8) {
                try binary(of: &file)
            } else if line.starts(with: "Binary files ".utf8) {
                throw malformed("it says that binary files differ, and not how")
            }
        }
        guard file.old != nil || file.new != nil else {
            throw PatchError(.malformed, line: file.line, "it is not clear which file is meant")
        }
        return file
    }

    /// The two names of a `diff --git` line, with `a/` and `b/`. Without quotes nothing marks the end of
    /// the first; then both are the same, as everywhere but in renames, which name theirs again.
    private func gitNames(
        _ line: ArraySlice<UInt8>
    ) -> (old: ArraySlice<UInt8>, new: ArraySlice<UInt8>)? {
        let space = UInt8(ascii: " ")
        if line.first == UInt8(ascii: "\"") {
            guard let end = GitPathQuoting.end(of: line), end < line.endIndex, line[end] == space
            else { return nil }
            return (line[..<end], line[(end + 1)...])
        }
        if line.last == UInt8(ascii: "\"") {
            guard let start = line.firstIndex(of: UInt8(ascii: "\"")), start > line.startIndex
            else { return nil }
            return (line[..<(start - 1)], line[start...])
        }
        // `a/X b/X`: the blank in the middle.
        let middle = line.startIndex + line.count / 2
        guard line.count % 2 == 1, line[middle] == space,
            withoutPrefix(line[..<middle]).elementsEqual(withoutPrefix(line[(middle + 1)...]))
        else { return nil }
        return (line[..<middle], line[(middle + 1)...])
    }

    /// `---`, `+++` and the hunks below them.
    private mutating func contents(of file: inout Patch.FileChange) throws(PatchError) {
        let old = try name(after: "--- ")
        next += 1
        guard next < text.count, content(next).starts(with: "+++ ".utf8) else {
            throw malformed("a line of '+++ ' has to follow the one of '--- '")
        }
        let new = try name(after: "+++ ")
        next += 1
        // Where the headers named the paths these say the same.
        if file.old == nil, file.new == nil {
            file.old = old
            file.new = new
        }
        guard old != nil || new != nil else { throw malformed("both sides are /dev/null") }
        while next < text.count, content(next).starts(with: "@@ -".utf8) {
            file.hunks.append(try hunk())
        }
        guard !file.hunks.isEmpty else { throw malformed("there is no hunk where one has to be") }
    }

    /// The path of a `---` or `+++` line; nil for /dev/null.
    private func name(after prefix: String) throws(PatchError) -> RepoPath? {
        var name = content(next).dropFirst(prefix.utf8.count)
        // Behind a tab stands a date, or nothing.
        if name.first == UInt8(ascii: "\"") {
            guard let end = GitPathQuoting.end(of: name) else {
                throw malformed("the quotation marks of the name do not end")
            }
            name = name[..<end]
        } else if let tab = name.firstIndex(of: UInt8(ascii: "\t")) {
            name = name[..<tab]
        }
        return name.elementsEqual("/dev/null".utf8) ? nil : try path(name, prefixed: true)
    }

    private func path(
        _ written: ArraySlice<UInt8>, prefixed: Bool
    ) throws(PatchError) -> RepoPath {
        guard let bytes = GitPathQuoting.unquote(written) else {
            throw malformed("the name is not quoted as git quotes names")
        }
        do throws(PathError) {
            return try RepoPath(prefixed ? Array(withoutPrefix(bytes[...])) : bytes)
        } catch {
            throw malformed("\(error)")
        }
    }

    /// Without the first name and its slash.
    private func withoutPrefix(_ name: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard let slash = name.firstIndex(of: RepoPath.slash) else { return name }
        return name[(slash + 1)...]
    }

    private func mode(_ text: ArraySlice<UInt8>) throws(PatchError) -> GitFileMode {
        guard let mode = GitFileMode(rawValue: String(decoding: text, as: UTF8.self)) else {
            throw malformed("the mode is none that files have here")
        }
        return mode
    }

    // MARK: Hunks

    private mutating func hunk() throws(PatchError) -> Patch.Hunk {
        let start = next
        guard let (old, new) = HunkHeader.sides(content(next)) else {
            throw malformed("the hunk does not say which lines it is about")
        }
        // A side without lines names the line it follows.
        var hunk = Patch.Hunk(
            linesBefore: old.count == 0 ? old.start : max(0, old.start - 1), lines: [],
            line: start + 1)
        var left = (old: old.count, new: new.count)
        next += 1
        while left.old > 0 || left.new > 0 {
            guard next < text.count else {
                throw malformed("the hunk of line \(start + 1) is cut short")
            }
            let whole = Array(text[next])
            // Mail programs take the blank off an empty line.
            let sign = whole[0] == TextLines.lineFeed ? UInt8(ascii: " ") : whole[0]
            let line = whole[0] == TextLines.lineFeed ? whole : Array(whole.dropFirst())
            switch sign {
            case UInt8(ascii: " "):
                hunk.lines.append(.context(line))
                left.old -= 1
                left.new -= 1
            case UInt8(ascii: "-"):
                hunk.lines.append(.removed(line))
                left.old -= 1
            case UInt8(ascii: "+"):
                hunk.lines.append(.added(line))
                left.new -= 1
            case UInt8(ascii: "\\"):
                try endWithoutLineFeed(&hunk)
            default:
                throw malformed("a line of a hunk begins with a blank, '-' or '+'")
            }
            guard left.old >= 0, left.new >= 0 else {
                throw malformed("the hunk of line \(start + 1) has more lines than it says")
            }
            next += 1
        }
        while next < text.count, text[next].first == UInt8(ascii: "\\") {
            try endWithoutLineFeed(&hunk)
            next += 1
        }
        return hunk
    }

    /// `\ No newline at end of file` is about the line before it.
    private func endWithoutLineFeed(_ hunk: inout Patch.Hunk) throws(PatchError) {
        func shortened(_ line: [UInt8]) -> [UInt8] {
            line.last == TextLines.lineFeed ? line.dropLast() : line
        }
        switch hunk.lines.popLast() {
        case .context(let line): hunk.lines.append(.context(shortened(line)))
        case .removed(let line): hunk.lines.append(.removed(shortened(line)))
        case .added(let line): hunk.lines.append(.added(shortened(line)))
        case nil: throw malformed("there is no line before it that could lack a line feed")
        }
    }

    private mutating func binary(of file: inout Patch.FileChange) throws(PatchError) {
        next += 1
        let start = next
        while next < text.count, !content(next).isEmpty { next += 1 }
        // The old content, with which the patch could be taken back, follows; nobody asks for it.
        let block = Array(text[start..<next])
        if next < text.count { next += 1 }
        while next < text.count, !content(next).isEmpty,
            !content(next).starts(with: "diff --git ".utf8)
        { next += 1 }
        guard let content = GitBinaryPatch.content(of: block) else {
            throw PatchError(
                .malformed, line: start + 1,
                "a binary content in a form that is not read here; write the file whole")
        }
        file.content = content
    }

    // MARK: Lines

    /// A line without its line feed and a carriage return before that.
    private func content(_ index: Int) -> ArraySlice<UInt8> {
        var line = text[index]
        if line.last == TextLines.lineFeed { line = line.dropLast() }
        return line
    }

    private func value(of name: String, in line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        line.starts(with: name.utf8) ? line.dropFirst(name.utf8.count) : nil
    }

    private func malformed(_ reason: String) -> PatchError {
        PatchError(.malformed, line: min(next, max(0, text.count - 1)) + 1, reason)
    }
}

/// `@@ -12,7 +12,9 @@`
private enum HunkHeader {
    typealias Side = (start: Int, count: Int)

    static func sides(_ line: ArraySlice<UInt8>) -> (old: Side, new: Side)? {
        var rest = line
        guard take("@@ -", &rest), let old = side(&rest), take(" +", &rest),
            let new = side(&rest), take(" @@", &rest)
        else { return nil }
        return (old, new)
    }

    private static func take(_ text: String, _ rest: inout ArraySlice<UInt8>) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    private static func side(_ rest: inout ArraySlice<UInt8>) -> Side? {
        guard let start = number(&rest) else { return nil }
        guard take(",", &rest) else { return (start, 1) }
        guard let count = number(&rest) else { return nil }
        return (start, count)
    }

    private static func number(_ rest: inout ArraySlice<UInt8>) -> Int? {
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        // Files have fewer lines.
        guard !digits.isEmpty, digits.count <= 9 else { return nil }
        rest = rest.dropFirst(digits.count)
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }
}
