import ArgumentParser
import HifRepository
import MicelioForge

struct CollectGarbage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Delete content that nobody needs, beside a running server or not.",
        discussion: """
            Goes through each project: packs of sessions that are closed and that no landing names
            are condemned in the project's log and then deleted. Every position stays readable.
            Ending it at any moment is harmless; the next time goes on.
            """)

    @OptionGroup var data: DataOption
    @OptionGroup var store: StoreOptions

    @Option(help: "Only this project: account/name.")
    var project: String?

    @Flag(help: "Say what would be deleted, and write nothing.")
    var dryRun = false

    func run() async throws {
        var isComplete = true
        try await reportingErrors {
            _ = try data.accounts()
            try await ForgeUpkeep(directory: data.data, store: try store.open(data)).collect(
                project: project, isDryRun: dryRun
            ) { name, report in
                printLine(line(name, report))
                if let reason = report.stopped {
                    printNote("micelio: \(name): stopped early: \(reason)")
                    isComplete = false
                }
            }
        }
        guard isComplete else { throw ExitCode(1) }
    }

    private func line(_ name: String, _ report: CollectionReport) -> String {
        let kept = "\(report.packCount) packs"
        if dryRun {
            return "\(name): \(report.unneeded.count) of \(kept) would go, "
                + "\(report.byteCount) bytes"
        }
        return "\(name): \(report.deletedCount) of \(kept) deleted, \(report.byteCount) bytes"
    }
}

struct Compact: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write content anew so that it takes less room, beside a running server or not.",
        discussion: """
            Copies the content of each project's packs into new ones, in which the versions of a file \
            lie together, and says so in the project's log. The old packs go with the next micelio gc. \
            Every position stays readable throughout. Ending it at any moment is harmless.
            """)

    @OptionGroup var data: DataOption
    @OptionGroup var store: StoreOptions

    @Argument(help: "The project, as account/name; without it all.")
    var project: String?

    @Flag(help: "Also what was compacted before.")
    var all = false

    func run() async throws {
        var isComplete = true
        try await reportingErrors {
            _ = try data.accounts()
            try await ForgeUpkeep(directory: data.data, store: try store.open(data)).compact(
                project: project, isWhole: all
            ) { name, report in
                printLine(line(name, report))
                if let reason = report.stopped {
                    printNote("micelio: \(name): stopped early: \(reason)")
                    isComplete = false
                }
            }
        }
        guard isComplete else { throw ExitCode(1) }
    }

    private func line(_ name: String, _ report: CompactionReport) -> String {
        guard report.epoch != nil else { return "\(name): nothing to compact" }
        return "\(name): \(report.replacedCount) packs of \(report.replacedBytes) bytes are "
            + "\(report.packCount) of \(report.packBytes) now"
    }
}

struct KeepUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upkeep",
        abstract: "Build what is derived from the logs and missing at their ends.",
        discussion: """
            The server does this behind the landings, and whoever lands next makes up for what a
            crash left out; so it is needed only to have it done now, as before a backup. What is
            missing before the end, or wrong, is an affair of micelio fsck --repair.
            """)

    @OptionGroup var data: DataOption
    @OptionGroup var store: StoreOptions

    @Option(help: "Only this project: account/name.")
    var project: String?

    func run() async throws {
        var isComplete = true
        try await reportingErrors {
            _ = try data.accounts()
            try await ForgeUpkeep(directory: data.data, store: try store.open(data)).keepUp(
                project: project, report: { printNote("micelio: \($0)") }
            ) { name, isUpToDate in
                printLine("\(name): \(isUpToDate ? "up to date" : "not everything could be built")")
                isComplete = isComplete && isUpToDate
            }
        }
        guard isComplete else { throw ExitCode(1) }
    }
}
