import ArgumentParser
import HifCore
import HifRepository
import HifWorkspace

struct Diff: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show what changed, as a patch that git apply takes.",
        discussion: """
            hif diff                       local edits
            hif diff src/a.txt docs        of these only
            hif diff @3                    between @3 and the newest position
            hif diff @3 @5 src             between two positions
            hif diff --stat
            hif diff | git apply           elsewhere

            A path that begins with @ is written ./@name.
            """)

    @Argument(help: ArgumentHelp("Paths, and up to two positions.", valueName: "path|@N"))
    var words: [String] = []
    @Flag(help: "Exit with 1 when there are differences.")
    var exitCode = false
    @Flag(help: "Only count lines.")
    var stat = false
    @OptionGroup var common: CommonOptions

    static let data: Shape = .open(
        [
            "from": .int, "to": .maybe(.int),
            "changes": .list(
                .withPath([
                    "change": .string, "added": .maybe(.int), "removed": .maybe(.int),
                ])),
        ], ["patch": .string, "patch_b64": .string, "truncated": .bool])

    /// Bytes of patch that an answer in JSON holds.
    static let patchBytesMax = 1 << 20

    func run(_ context: Context) async throws -> Outcome {
        let workspace = try await context.workspace()
        let console = context.console
        let isPosition = { (word: String) in word.hasPrefix("@") }
        var positions: [Position] = []
        for word in words where isPosition(word) {
            positions.append(try await workspace.position(ArgumentBytes.text(word)))
        }
        guard positions.count <= 2 else {
            throw Failure.usage("a diff is between two positions", hint: "hif diff @3 @5")
        }
        let paths = try context.paths(words.filter { !isPosition($0) }, in: workspace)
        let format = UnifiedDiff()
        var changes: [JSON] = []
        var patch: [UInt8] = []
        var isTruncated = false
        var total = DiffStat()
        var warnings: [String] = []
        console.startPager()
        func visit(_ difference: FileDifference) {
            let word = Changes.word(before: difference.before, after: difference.after)
            // Counting is a diff of its own, and a patch alone shows no counts.
            let counts =
                difference.isTooLarge || !stat && !console.isJSON
                ? nil : DiffStat(old: difference.old, new: difference.new)
            if let counts { total = total + counts }
            if console.isJSON {
                changes.append(
                    .object(
                        JSON.path(difference.path.bytes) + [
                            "change": .string(word),
                            "added": counts.map { .int($0.addedLineCount) } ?? .null,
                            "removed": counts.map { .int($0.removedLineCount) } ?? .null,
                        ]))
                if !stat, !isTruncated {
                    let piece = difference.patch(format)
                    if patch.count + piece.count > Diff.patchBytesMax {
                        isTruncated = true
                    } else {
                        patch += piece
                    }
                }
                return
            }
            changes.append(.null)
            if stat {
                let lines = counts.map {
                    console.styled("+\($0.addedLineCount)", .green) + " "
                        + console.styled("-\($0.removedLineCount)", .red)
                }
                console.line(
                    "\(Changes.line(difference.path, word, console))  \(lines ?? "binary")")
            } else {
                if difference.isTooLarge {
                    warnings.append("'\(difference.path)' differs and is too large to show")
                }
                Patch.show(difference.patch(format), console)
            }
        }
        var data: [String: JSON] = [:]
        if positions.isEmpty {
            try await workspace.differences(below: paths, visit)
            data = ["from": .int(workspace.base.position), "to": .null]
        } else {
            let to: Position
            if positions.count == 2 {
                to = positions[1]
            } else {
                to = try await workspace.remote.newest().position
            }
            try await workspace.differences(from: positions[0], to: to, below: paths, visit)
            data = ["from": .int(positions[0]), "to": .int(to)]
        }
        if changes.isEmpty, !paths.isEmpty {
            try await PathHints.check(paths, workspace, at: positions.last)
        }
        if stat, !changes.isEmpty {
            console.line(
                "\(Changes.count(changes.count, "path")), "
                    + "+\(total.addedLineCount) -\(total.removedLineCount)")
        }
        data["changes"] = .array(changes)
        if !stat { data.merge(JSON.bytes(patch, key: "patch")) { $1 } }
        if isTruncated {
            data["truncated"] = .bool(true)
            warnings.append(
                "the patch is cut after \(Diff.patchBytesMax) bytes: name paths, or take all of it without --json"
            )
        }
        return Outcome(
            data: data, warnings: warnings,
            status: exitCode && !changes.isEmpty ? .failed : .ok)
    }
}

/// A patch on the console, coloured where a person looks.
enum Patch {
    static func show(_ patch: [UInt8], _ console: Console) {
        guard console.hasColor else { return console.content(patch) }
        for line in patch.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast() {
            let text = SafeText.escape(Array(line), keepingLines: true)
            switch line.first {
            case _
            where line.starts(with: "diff ".utf8) || line.starts(with: "+++ ".utf8)
                || line.starts(with: "--- ".utf8):
                console.line(console.styled(text, .bold))
            case UInt8(ascii: "+"): console.line(console.styled(text, .green))
            case UInt8(ascii: "-"): console.line(console.styled(text, .red))
            case UInt8(ascii: "@"): console.line(console.styled(text, .cyan))
            default: console.line(text)
            }
        }
    }
}
