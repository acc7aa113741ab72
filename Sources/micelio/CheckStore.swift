import ArgumentParser
import HifRepository
import HifStore
import MicelioForge

struct CheckStore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fsck",
        abstract: "Check the accounts database and every project, beside a running server or not.",
        discussion: """
            Prints a line for each project, and one for each thing that is wrong with what it means
            and what to do. Ends with 0 when nothing is wrong, and with 8 otherwise.
            """)

    @OptionGroup var data: DataOption
    @OptionGroup var store: StoreOptions

    @Flag(help: "Read every byte and replay every operation.")
    var deep = false

    @Flag(help: "Make anew what is derived from the log and wrong. Touches nothing else.")
    var repair = false

    @Option(
        help:
            """
            A backup or a copy, in a directory or s3://bucket/prefix: damaged and missing objects are \
            written from it.
            """)
    var from: String?

    func run() async throws {
        var isHealthy = true
        try await reportingErrors {
            // Refuses a mistyped directory before anything is opened in it.
            _ = try data.accounts()
            let place = try from.map { try StorePlace($0) }
            try store.buckets.checkNeeded([try store.place(data)] + (place.map { [$0] } ?? []))
            var other: (any ObjectStore)?
            if let place { other = try await store.buckets.openExisting(place) }
            isHealthy = try await ForgeCheck(
                directory: data.data, store: try store.buckets.open(try store.place(data)),
                repairingFrom: other
            ).run(deep: deep, repair: repair || other != nil) {
                part in
                printLine(summary(part))
                for problem in part.problems { printLine("  \(problem)") }
                for note in part.notes { printLine("  note: \(note)") }
                for key in part.repairedKeys { printLine("  made good: \(key)") }
            }
        }
        guard isHealthy else { throw ExitCode(8) }
    }

    private func summary(_ part: ForgeCheck.Part) -> String {
        let verdict = part.problems.isEmpty ? "ok" : "\(part.problems.count) wrong"
        guard let report = part.report else { return "\(part.name): \(verdict)" }
        return
            "\(part.name): \(verdict), \(report.landingCount) landings in \(report.slotCount) slots, "
            + "\(report.packCount) packs"
    }
}
