import HifCore

/// How one path differs, ready to be shown: hunks of lines, each with the other side's number, and
/// the part of a line that changed.
struct FileDiff: Encodable, Sendable {
    enum Status: String, Encodable, Sendable {
        case added, removed, changed, mode
    }

    struct Line: Encodable, Sendable {
        enum Sign: String, Encodable, Sendable {
            case same = " "
            case added = "+"
            case removed = "-"
        }

        let sign: Sign
        let old: Int?
        let new: Int?
        let text: String
        let html: HTML

        private enum CodingKeys: CodingKey {
            case sign, old, new, text
        }
    }

    struct Hunk: Encodable, Sendable {
        let oldStart: Int
        let oldCount: Int
        let newStart: Int
        let newCount: Int
        let lines: [Line]
    }

    let path: String
    /// The path's own bytes, when they are not text.
    let pathBase64: String?
    let status: Status
    let added: Int
    let removed: Int
    /// Contents' hashes; null where there is none.
    let oldHash: String?
    let newHash: String?
    let hunks: [Hunk]
    /// Why no lines are shown: `binary`, `too_large`, `long` or `not_read`; null when they are.
    let omitted: String?

    let repoPath: RepoPath

    private enum CodingKeys: CodingKey {
        case path, pathBase64, status, added, removed, oldHash, newHash, hunks, omitted
    }

    /// Lines of a file that are shown without being asked for.
    static let linesShownMax = 400
    /// Lines that are shown of one file at most.
    static let linesMax = 20_000

    /// - Parameter isAskedFor: the reader wants this file, so it is shown though it is long.
    init(_ file: ChangedFile, isAskedFor: Bool) {
        repoPath = file.path
        path = file.path.string ?? file.path.description
        pathBase64 = file.path.string == nil ? Base64.encode(file.path.bytes) : nil
        oldHash = file.before.map(\.hash.hex)
        newHash = file.after.map(\.hash.hex)
        status =
            switch (file.before, file.after) {
            case (nil, _): .added
            case (_, nil): .removed
            case (let before?, let after?):
                before.hash == after.hash && before.kind != after.kind ? .mode : .changed
            }
        switch file.content {
        case .text(let old, let new):
            let oldLines = TextLines(old)
            let newLines = TextLines(new)
            let diff = LineDiff(oldLines, newLines)
            added = diff.hunks.reduce(0) { $0 + $1.new.count }
            removed = diff.hunks.reduce(0) { $0 + $1.old.count }
            let isLong = added + removed > (isAskedFor ? FileDiff.linesMax : FileDiff.linesShownMax)
            omitted = isLong ? "long" : nil
            hunks =
                isLong
                ? []
                : FileDiff.hunks(diff, oldLines, newLines, Language.of(file.path))
        case .binary: (added, removed, hunks, omitted) = (0, 0, [], "binary")
        case .tooLarge: (added, removed, hunks, omitted) = (0, 0, [], "too_large")
        case .notRead: (added, removed, hunks, omitted) = (0, 0, [], "not_read")
        }
    }

    private static func hunks(
        _ diff: LineDiff, _ old: TextLines, _ new: TextLines, _ language: Language?
    ) -> [Hunk] {
        let oldTokens = Lexer.tokens(of: old, language)
        let newTokens = Lexer.tokens(of: new, language)
        func tokens(_ list: [[Token]], _ index: Int) -> [Token] {
            list.indices.contains(index) ? list[index] : []
        }
        func text(_ line: ArraySlice<UInt8>) -> String {
            String(decoding: line.last == 0x0A ? line.dropLast() : line, as: UTF8.self)
        }
        let context = 3
        return diff.groups(context: context).map { group in
            let first = group[group.startIndex]
            let last = group[group.endIndex - 1]
            let lead = min(context, first.old.lowerBound)
            let trail = min(context, old.count - last.old.upperBound)
            var lines: [Line] = []
            func same(_ oldIndex: Int, _ newIndex: Int) {
                lines.append(
                    Line(
                        sign: .same, old: oldIndex + 1, new: newIndex + 1,
                        text: text(new[newIndex]),
                        html: CodeHTML.line(new[newIndex], tokens(newTokens, newIndex))))
            }
            var oldIndex = first.old.lowerBound - lead
            var newIndex = first.new.lowerBound - lead
            let oldStart = oldIndex
            let newStart = newIndex
            for hunk in group {
                while oldIndex < hunk.old.lowerBound {
                    same(oldIndex, newIndex)
                    oldIndex += 1
                    newIndex += 1
                }
                // Lines that replace as many are compared one by one.
                let pairs = hunk.old.count == hunk.new.count
                let marks = (0..<(pairs ? hunk.old.count : 0)).map {
                    CodeHTML.marks(old[hunk.old.lowerBound + $0], new[hunk.new.lowerBound + $0])
                }
                for (offset, index) in hunk.old.enumerated() {
                    lines.append(
                        Line(
                            sign: .removed, old: index + 1, new: nil, text: text(old[index]),
                            html: CodeHTML.line(
                                old[index], tokens(oldTokens, index),
                                mark: pairs ? marks[offset]?.old : nil, tag: "del")))
                }
                for (offset, index) in hunk.new.enumerated() {
                    lines.append(
                        Line(
                            sign: .added, old: nil, new: index + 1, text: text(new[index]),
                            html: CodeHTML.line(
                                new[index], tokens(newTokens, index),
                                mark: pairs ? marks[offset]?.new : nil, tag: "ins")))
                }
                oldIndex = hunk.old.upperBound
                newIndex = hunk.new.upperBound
            }
            for _ in 0..<trail {
                same(oldIndex, newIndex)
                oldIndex += 1
                newIndex += 1
            }
            return Hunk(
                oldStart: oldStart + 1, oldCount: oldIndex - oldStart, newStart: newStart + 1,
                newCount: newIndex - newStart, lines: lines)
        }
    }
}

/// All that differs, as a page shows it.
struct DiffView: Encodable, Sendable {
    let files: [FileDiff]
    /// How many paths differ; more than `files` when there are too many to show.
    let count: Int
    let added: Int
    let removed: Int

    init(_ changed: ChangedFiles, only: RepoPath? = nil) {
        files = changed.files.map {
            FileDiff($0, isAskedFor: only == $0.path || changed.count == 1)
        }
        count = changed.count
        added = files.reduce(0) { $0 + $1.added }
        removed = files.reduce(0) { $0 + $1.removed }
    }

    /// `5 files, +419 −16`.
    var summary: HTML {
        "\(count.grouped) file\(count == 1 ? "" : "s"), <span class=\"plus\">+\(added.grouped)</span> <span class=\"minus\">−\(removed.grouped)</span>"
    }

    /// What is not shown at all.
    var rest: HTML? {
        guard count > files.count else { return nil }
        return
            "<p class=\"soft\">\((count - files.count).grouped) more files differ; the first \(files.count) are shown.</p>"
    }
}
