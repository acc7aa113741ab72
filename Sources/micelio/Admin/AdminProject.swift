import ArgumentParser
import HifCore
import MicelioForge

struct AdminProject: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "project", abstract: "List projects, and say who may do what in one.",
        subcommands: [List.self, Members.self, Grant.self, Revoke.self, Purge.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "List all projects: name, visibility or 'deleted', id in the store, description.")

        @OptionGroup var data: DataOption

        func run() async throws {
            try await reportingErrors {
                for project in try await data.accounts().allProjects() {
                    let isDeleted = project.deletedMillis != nil
                    let words = [
                        "\(project.path)",
                        isDeleted ? "deleted" : project.isPublic ? "public" : "private",
                        project.storeProjectID, SafeText.escape(project.description),
                    ]
                    printLine(words.joined(separator: "\t"))
                }
            }
        }
    }

    struct Members: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List who has a role in a project: account, role. The owner comes first.")

        @Argument(help: "The project, as account/name.")
        var project: String

        @OptionGroup var data: DataOption

        func run() async throws {
            try await reportingErrors {
                let accounts = try data.accounts()
                let found = try await accounts.project(ProjectPath(project))
                printLine("\(found.path.owner)\towner")
                for member in try await accounts.members(of: found) {
                    printLine("\(member.handle)\t\(member.role.rawValue)")
                }
            }
        }
    }

    struct Grant: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give an account a role in a project, in place of the one it has there.",
            discussion: """
                micelio admin project grant ana/app ben write

                read: see it, where it is private. write: land in it. owner: also change its \
                settings. It holds at once, also for tokens that exist.
                """)

        @Argument(help: "The project, as account/name.")
        var project: String

        @Argument(help: "Who gets the role.")
        var handle: String

        @Argument(help: "read, write or owner.")
        var role: String

        @OptionGroup var data: DataOption

        func run() async throws {
            try await reportingErrors {
                guard let role = Role(rawValue: role) else {
                    throw ForgeError(
                        .invalidArgument, "'\(SafeText.escape(role))' is no role",
                        hint: "the roles are read, write and owner")
                }
                let accounts = try data.accounts()
                let found = try await accounts.project(ProjectPath(project))
                let handle = try Handle(handle)
                guard handle != found.path.owner else {
                    throw ForgeError(
                        .alreadyExists, "\(found.path) belongs to \(handle)",
                        hint: "micelio admin project members \(found.path)")
                }
                try await accounts.setMember(
                    handle, of: found, role: role, now: ForgeServer.systemClock())
                printLine("\(handle) has the role \(role.rawValue) in \(found.path).")
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take an account's role in a project away.")

        @Argument(help: "The project, as account/name.")
        var project: String

        @Argument(help: "Who has the role.")
        var handle: String

        @OptionGroup var data: DataOption

        func run() async throws {
            try await reportingErrors {
                let accounts = try data.accounts()
                let found = try await accounts.project(ProjectPath(project))
                let handle = try Handle(handle)
                guard
                    try await accounts.setMember(
                        handle, of: found, role: nil, now: ForgeServer.systemClock())
                else {
                    throw ForgeError(
                        .notFound, "\(handle) has no role in \(found.path)",
                        hint: "micelio admin project members \(found.path)")
                }
                printLine("\(handle) has no role in \(found.path) any more.")
            }
        }
    }

    struct Purge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete for good what owners deleted more than 14 days ago.",
            discussion: """
                Beside a running server, as from cron. Nothing that can still be had back is touched. \
                Ending it at any moment is harmless; the next time goes on.
                """)

        @OptionGroup var data: DataOption
        @OptionGroup var store: StoreOptions

        func run() async throws {
            try await reportingErrors {
                _ = try data.accounts()
                let upkeep = try ForgeUpkeep(directory: data.data, store: try store.open(data))
                try await upkeep.purge(now: ForgeServer.systemClock()) { name, count in
                    printLine("\(name): \(count) objects deleted")
                }
            }
        }
    }
}
