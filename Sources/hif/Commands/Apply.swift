import ArgumentParser
import HifCore
import HifRepository
import HifWorkspace

struct Apply: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Change files by a patch or a list of edits, all of them or none.",
        discussion: """
            hif apply fix.patch
            git diff | hif apply -          as git, diff -u and hif diff write it
            hif apply edits.json --expect-base @12 --dry-run

            A list of edits is JSON; "expect" is the BLAKE3 of what is there now,
            as hif ls --json tells it of what landed, or "absent":

            {"expect_base": 12, "edits": [
              {"op": "write", "path": "a.txt", "content": "hi\\n", "expect": "..."},
              {"op": "write", "path": "run", "content_b64": "aGkK",
               "kind": "executable", "expect": "absent"},
              {"op": "delete", "path": "old.txt"}]}

            What is replaced and was an edit already is kept in .hif/backup.
            """)

    @Argument(help: "The patch or the list of edits; '-' is standard input.")
    var source: String
    @Option(
        help: ArgumentHelp(
            "Change nothing unless the workspace stands there.", valueName: "position"))
    var expectBase: String?
    @Flag(help: "Say what would change, and change nothing.")
    var dryRun = false
    @OptionGroup var common: CommonOptions

    static let bytesMax = 256 << 20
    static let data: Shape = .object([
        "paths": .paths, "backup": .maybe(.string), "dry_run": .bool,
    ])

    func run(_ context: Context) async throws -> Outcome {
        let workspace = try await context.workspace()
        let bytes = try Input.read(source, bytesMax: Apply.bytesMax)
        var base: Position?
        if let expectBase {
            base = try await workspace.position(ArgumentBytes.text(expectBase))
        }
        let edits: [FileEdit]
        if EditList.isOne(bytes) {
            let list = try EditList(bytes)
            edits = list.edits
            base = base ?? list.expectedBase
        } else {
            do throws(PatchError) {
                edits = FileEdit.edits(of: try HifCore.Patch(bytes))
            } catch {
                throw Failure(
                    "bad_patch", .failed, "\(error)",
                    hint: "git diff and diff -u write patches; hif apply --help has the JSON")
            }
        }
        let (paths, label) = try await context.changing(workspace) {
            try await workspace.apply(edits, expectingBase: base, isRehearsal: dryRun)
        }
        for path in paths { context.console.line("\(path)") }
        let count = Changes.count(paths.count, "file")
        context.console.note(
            dryRun
                ? "Would change \(count)."
                : "Changed \(count)" + (label.map { "; copies are in .hif/backup/\($0)." } ?? "."))
        return Outcome(
            data: [
                "paths": .array(paths.map { .object(JSON.path($0.bytes)) }),
                "backup": .optional(label.map { ".hif/backup/" + $0 }), "dry_run": .bool(dryRun),
            ], next: dryRun ? [] : ["hif diff"])
    }
}
