import ArgumentParser
import HifCore
import HifRepository
import MicelioForge

struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy everything into an empty place, beside a running server or not.",
        discussion: """
            The copy is a forge of its own: micelio restore makes one of it elsewhere, and from a \
            directory micelio serve --data DIR serves at once. People may land meanwhile; the copy is \
            the beginning of each project's history up to some moment since it began. After a kill the \
            same command goes on. What is particular to a bucket stands behind its name: \
            s3://bucket/prefix?endpoint=URL&profile=NAME, and also region, dialect, credentials, ca.
            """)

    @OptionGroup var data: DataOption
    @OptionGroup var store: StoreOptions

    @Argument(
        help: "An empty directory, an empty s3://bucket/prefix, or one with an unfinished backup.")
    var place: String

    func run() async throws {
        try await reportingErrors {
            _ = try data.accounts()
            let place = try StorePlace(place)
            try store.buckets.checkNeeded([place, try store.place(data)])
            try await ForgeCopy(
                from: ForgePlace(directory: data.data, store: try store.elsewhere(data)),
                to: try store.buckets.backup(at: place)
            ).run { printLine(copyLine($0, $1)) }
        }
    }
}

struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a forge of a backup, in an empty data directory.",
        discussion: """
            Nothing is restored over what is there. With --store the projects' content goes into an \
            empty bucket, and accounts and key into the data directory. The forge is another store for \
            its clients: they are told that the history was replaced, keep their files, and check the \
            project out again. After a kill the same command goes on.
            """)

    @OptionGroup var data: DataOption
    @OptionGroup var store: StoreOptions

    @Argument(help: "The backup: a directory, or s3://bucket/prefix.")
    var place: String

    func run() async throws {
        try await reportingErrors {
            let place = try StorePlace(place)
            try store.buckets.checkNeeded([place, try store.place(data)])
            try await store.checkFitness(data)
            try await ForgeCopy(
                from: try store.buckets.backup(at: place),
                to: ForgePlace(directory: data.data, store: try store.elsewhere(data))
            ).run { printLine(copyLine($0, $1)) }
        }
    }
}

/// What is said of a project that was copied.
func copyLine(_ project: ProjectID, _ report: ProjectCopyReport) -> String {
    "\(project.hex): @\(report.position), \(report.objectCount) objects of \(report.byteCount) bytes "
        + "copied"
}
