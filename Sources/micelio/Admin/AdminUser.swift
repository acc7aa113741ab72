import ArgumentParser
import MicelioForge

struct AdminUser: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Make, list and disable accounts.",
        subcommands: [
            Create.self, List.self, ResetLink.self, RemoveSecondFactor.self, Disable.self,
            Enable.self,
        ])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an account and print a link to set its password.")

        @Argument(help: "The handle: lower-case letters, digits and single dashes.")
        var handle: String

        @Option(help: "A mail address, for the record. The forge sends no mail.")
        var email: String?

        @Option(help: "The name to show beside the handle.")
        var name = ""

        @Flag(help: "Let the account administer the forge.")
        var admin = false

        @Flag(help: "Also make a token, printed as the last word.")
        var token = false

        @OptionGroup var data: DataOption

        func run() async throws {
            try await reportingErrors {
                let accounts = try data.accounts()
                let now = ForgeServer.systemClock()
                let user = try await accounts.createUser(
                    Handle(handle), displayName: name, email: email, isAdmin: admin, now: now)
                let link = try await accounts.makePasswordLink(for: user.handle, now: now)
                printLine("Made the account \(user.handle).")
                printLine("Set its password: \(data.publicURL)/password/\(link.text)")
                guard token else { return }
                let secret = try await accounts.createPersonalToken(
                    for: user.handle, label: "made with the account", scopes: .everything,
                    expires: nil, now: now)
                printLine("Token: \(secret.text)")
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all accounts.")

        @OptionGroup var data: DataOption

        func run() async throws {
            try await reportingErrors {
                for user in try await data.accounts().users() {
                    var words = [user.handle.text, user.email ?? "-"]
                    if user.isAdmin { words.append("admin") }
                    if user.disabledMillis != nil { words.append("disabled") }
                    if !user.hasPassword { words.append("no-password") }
                    printLine(words.joined(separator: "\t"))
                }
            }
        }
    }

    struct ResetLink: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reset-link",
            abstract: "Print a link with which an account's owner sets a new password.",
            discussion: """
                It works once, for 15 minutes. Setting the password signs everything out that signed \
                in with the old one; two-factor sign-in stays as it is.
                """)

        @Argument var handle: String
        @OptionGroup var data: DataOption

        func run() async throws {
            try await reportingErrors {
                let link = try await data.accounts().makePasswordLink(
                    for: Handle(handle), lasting: Limits.passwordResetMillis,
                    now: ForgeServer.systemClock())
                printLine("\(data.publicURL)/password/\(link.text)")
            }
        }
    }

    struct RemoveSecondFactor: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove-second-factor",
            abstract:
                "Let an account sign in with its password alone, whose app and codes are lost.")

        @Argument var handle: String
        @OptionGroup var data: DataOption

        func run() async throws {
            try await reportingErrors {
                try await data.accounts().removeSecondFactor(
                    of: Handle(handle), now: ForgeServer.systemClock())
                printLine("\(handle) signs in with the password alone.")
            }
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shut an account out and revoke all its tokens.")

        @Argument var handle: String
        @OptionGroup var data: DataOption

        func run() async throws {
            try await reportingErrors {
                try await data.accounts().setDisabled(
                    Handle(handle), true, now: ForgeServer.systemClock())
                printLine("Disabled \(handle).")
            }
        }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a disabled account in again. Its old tokens stay revoked.")

        @Argument var handle: String
        @OptionGroup var data: DataOption

        func run() async throws {
            try await reportingErrors {
                try await data.accounts().setDisabled(
                    Handle(handle), false, now: ForgeServer.systemClock())
                printLine("Enabled \(handle).")
            }
        }
    }
}
