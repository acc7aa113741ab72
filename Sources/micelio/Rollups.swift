import ArgumentParser
import HifCore
import MicelioForge

struct Rollups: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollups", abstract: "The index of which landings touched what.",
        subcommands: [Rebuild.self])

    struct Rebuild: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete the index of a project, or of all, and build it anew from the log.",
            discussion: """
                Nothing is lost by it, and the server may run meanwhile: searching the history takes \
                longer until it is done.
                """)

        @OptionGroup var data: DataOption
        @OptionGroup var store: StoreOptions

        @Argument(help: "The project, as account/name; without it all.")
        var project: String?

        func run() async throws {
            try await reportingErrors {
                // Refuses a mistyped directory before anything is opened in it.
                _ = try data.accounts()
                try await RollupsRebuild(directory: data.data, store: try store.open(data)).run(
                    only: project
                ) { part in
                    printLine("\(SafeText.escape(part.name)): \(part.rollupCount) rollups")
                }
            }
        }
    }
}
