import ArgumentParser
import HifCore
import HifRepository
import MicelioForge

struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy everything into an empty directory, beside a running server or not.",
        discussion: """
            The copy is a forge of its own: micelio restore makes one of it elsewhere, and micelio \
            serve --data DIR serves from it. People may land meanwhile; the copy is the beginning of \
            each project's history up to some moment since it began. After a kill the same command \
            goes on.
            """)

    @OptionGroup var data: DataOption

    @Argument(help: "An empty directory, or one in which a backup was broken off.")
    var directory: String

    func run() async throws {
        try await reportingErrors {
            _ = try data.accounts()
            try await ForgeCopy(from: data.data, to: directory).run { printLine(copyLine($0, $1)) }
        }
    }
}

struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a forge of a backup, in an empty data directory.",
        discussion: """
            Nothing is restored over what is there. The forge is another store for its clients: they are \
            told that the history was replaced, keep their files, and check the project out again. After \
            a kill the same command goes on.
            """)

    @OptionGroup var data: DataOption

    @Argument(help: "The backup.")
    var directory: String

    func run() async throws {
        try await reportingErrors {
            try await ForgeCopy(from: directory, to: data.data).run { printLine(copyLine($0, $1)) }
        }
    }
}

/// What is said of a project that was copied.
func copyLine(_ project: ProjectID, _ report: ProjectCopyReport) -> String {
    "\(project.hex): @\(report.position), \(report.objectCount) objects of \(report.byteCount) bytes "
        + "copied"
}
