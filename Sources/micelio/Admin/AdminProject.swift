import ArgumentParser
import HifCore
import MicelioForge

struct AdminProject: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "project", abstract: "List projects.", subcommands: [List.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List all projects: name, visibility, id in the store, description.")

        @OptionGroup var data: DataOption

        func run() async throws {
            try await reportingErrors {
                for project in try await data.accounts().allProjects() {
                    let words = [
                        "\(project.path)", project.isPublic ? "public" : "private",
                        project.storeProjectID, SafeText.escape(project.description),
                    ]
                    printLine(words.joined(separator: "\t"))
                }
            }
        }
    }
}
