import ArgumentParser
import HifCore
import HifRepository
import HifWorkspace

struct Status: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show where the workspace stands and what changed in it.",
        discussion: """
            hif status
            hif status --remote              and what others landed since, of the same paths
            hif status --json

            A added, M modified, D deleted, T another type (link, executable bit), C in conflict. \
            Works without reaching the project, but for --remote.
            """)

    @Flag(help: "Ask the project which landings since touched the paths that are changed here.")
    var remote = false
    @OptionGroup var common: CommonOptions

    static let data: Shape = .object([
        "project": .string, "root": .string, "position": .int,
        "session": .maybe(.object(["session": .string, "goal": .string])),
        "changes": .list(.change), "unresolved": .paths, "interrupted": .maybe(.string),
        "remote": .maybe(
            .object([
                "position": .int, "landings": .list(.open(LandingFields.shape, [:])),
            ])),
    ])

    static let remoteLandingsMax = 20

    func run(_ context: Context) async throws -> Outcome {
        let workspace = try await context.workspace()
        let report = try workspace.status()
        workspace.keepScan(report)
        let console = context.console
        console.startPager()
        let config = workspace.config
        let session = workspace.state.session
        let unresolved = Set(workspace.unresolvedPaths)
        var outcome = Outcome()
        outcome.warnings = report.warnings.map(\.description)

        console.line(
            console.styled(SafeText.escape(config.project), .bold)
                + " at @\(workspace.base.position)"
                + (session.map { ", session \"\(SafeText.escape($0.goal.firstLine))\"" } ?? ""))
        if try workspace.hasPendingEdits() {
            outcome.warnings.append(
                "hif apply was interrupted; the next command that changes files finishes it")
            outcome.next.append("hif update")
        }
        let pending = try workspace.pendingOperation()
        if let pending {
            outcome.warnings.append(
                "\(pending.operation) to @\(pending.toPosition) was interrupted; the next command that changes files finishes it"
            )
            outcome.next.append("hif update")
        } else if workspace.state.checkoutBegun == true {
            outcome.warnings.append(
                "the checkout was interrupted before it wrote files; run it again, or: hif update")
            outcome.next.append("hif update")
        }
        for change in report.changes {
            if unresolved.contains(change.path) {
                console.line("\(console.styled("C", .red))  \(change.path)")
            } else {
                let word = Changes.word(before: change.before, after: change.after)
                console.line(Changes.line(change.path, word, console))
            }
        }
        for path in unresolved.subtracting(report.changes.map(\.path)).sorted() {
            console.line("\(console.styled("C", .red))  \(path)")
        }
        if report.changes.isEmpty, unresolved.isEmpty { console.note("Nothing changed.") }
        if !unresolved.isEmpty {
            outcome.next.append("edit the files marked C, then: hif session resolve")
        } else if !report.changes.isEmpty {
            outcome.next.append(
                session == nil ? "hif land \"what you did\"" : "hif session land")
        }
        var remoteData: JSON = .null
        if remote {
            let warning = try await workspace.remoteWarning(
                of: report.changes, limit: Status.remoteLandingsMax)
            Self.show(warning, base: workspace.base.position, console)
            if warning.uncheckedCount > 0 {
                outcome.warnings.append(
                    "\(warning.uncheckedCount) more changed paths were not asked about")
            }
            if !warning.landings.isEmpty { outcome.next.append("hif update") }
            remoteData = .object([
                "position": .int(warning.position),
                "landings": .array(warning.landings.map { .object(LandingFields.json($0)) }),
            ])
        }
        outcome.data = [
            "project": .string(config.project),
            "root": .string(String(decoding: workspace.root, as: UTF8.self)),
            "position": .int(workspace.base.position),
            "session": session.map {
                .object(["session": .string($0.id), "goal": .string($0.goal)])
            } ?? .null,
            "changes": .array(
                report.changes.map {
                    .object(Changes.json($0.path, before: $0.before, after: $0.after))
                }),
            "unresolved": .array(unresolved.sorted().map { .object(JSON.path($0.bytes)) }),
            "interrupted": .optional(
                pending?.operation ?? (workspace.state.checkoutBegun == true ? "checkout" : nil)),
            "remote": remoteData,
        ]
        return outcome
    }

    private static func show(_ warning: RemoteWarning, base: Position, _ console: Console) {
        guard !warning.landings.isEmpty else {
            let isNewer = warning.position > base
            console.note(
                isNewer
                    ? "Newest is @\(warning.position); nothing landed on what is changed here."
                    : "Nothing landed since.")
            return
        }
        console.line("Landed since, on what is changed here:")
        for entry in warning.landings { console.line(Log.line(entry, console)) }
        if warning.landings.count == remoteLandingsMax { console.note("There may be more.") }
    }
}

extension String {
    /// The first line that says something, for places with room for one.
    var firstLine: String {
        split(whereSeparator: \.isNewline).first { !$0.allSatisfy(\.isWhitespace) }.map(String.init)
            ?? ""
    }
}
