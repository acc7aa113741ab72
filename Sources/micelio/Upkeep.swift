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

    @Option(help: "Only this project: account/name.")
    var project: String?

    @Flag(help: "Say what would be deleted, and write nothing.")
    var dryRun = false

    func run() async throws {
        var isComplete = true
        try await reportingErrors {
            _ = try data.accounts()
            try await ForgeUpkeep(directory: data.data).collect(
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

    @Option(help: "Only this project: account/name.")
    var project: String?

    func run() async throws {
        var isComplete = true
        try await reportingErrors {
            _ = try data.accounts()
            try await ForgeUpkeep(directory: data.data).keepUp(
                project: project, report: { printNote("micelio: \($0)") }
            ) { name, isUpToDate in
                printLine("\(name): \(isUpToDate ? "up to date" : "not everything could be built")")
                isComplete = isComplete && isUpToDate
            }
        }
        guard isComplete else { throw ExitCode(1) }
    }
}
