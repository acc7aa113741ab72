import ArgumentParser
import HifCore
import HifWorkspace

struct Auth: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "auth", abstract: "Log in to a forge.",
        discussion: "hif auth login http://127.0.0.1:4000",
        subcommands: [AuthLogin.self, AuthStatus.self, AuthLogout.self])
}

struct AuthLogin: HifCommand {
    static let words = "auth login"
    static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Log in: a code, and a page to approve it on.",
        discussion: """
            hif auth login http://127.0.0.1:4000
            hif auth login https://forge.example --token - < token.txt
            """)

    @Argument(help: "The forge's address.")
    var url: String
    @Option(help: "A personal token instead, or '-' to read it from standard input.")
    var token: String?
    @Option(
        name: .customLong("ca"),
        help: ArgumentHelp("Certificate that vouches for the forge's.", valueName: "file"))
    var certificateAuthority: String?
    @OptionGroup var common: CommonOptions

    static let data: Shape = .object(["url": .string, "handle": .string, "name": .string])

    func run(_ context: Context) async throws -> Outcome {
        let connector = try Forge.connector()
        var token = token ?? Environment["HIF_TOKEN"]
        if token == "-" {
            token = String(decoding: try Input.read("-", bytesMax: 4096), as: UTF8.self)
        }
        let trimmed = token.map { String($0.filter { !$0.isWhitespace }) }
        guard trimmed != "" else {
            throw Failure.usage(
                "the token is empty",
                hint: "hif auth login \(Shell.quote(url)) --token - < token.txt")
        }
        guard trimmed != nil || context.mayAsk else {
            throw Failure(
                "unauthenticated", .forbidden,
                "to log in without a token, a person has to approve a code, and nobody can be asked here",
                hint: "hif auth login \(Shell.quote(url)) --token - < token.txt")
        }
        let account = try await connector.login(
            url, token: trimmed, certificateAuthority: certificateAuthority
        ) { line in
            Console(isJSON: false, isQuiet: false).complain(line)
        }
        context.console.line(
            "Logged in to \(SafeText.escape(account.url)) as \(SafeText.escape(account.handle)).")
        return Outcome(
            data: [
                "url": .string(account.url), "handle": .string(account.handle),
                "name": .string(account.name),
            ], next: ["hif project list"])
    }
}

struct AuthStatus: HifCommand {
    static let words = "auth status"
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show who one is, and where.",
        discussion: "hif auth status")

    @Argument(help: "Only this forge.")
    var url: String?
    @OptionGroup var common: CommonOptions

    static let data: Shape = .object([
        "accounts": .list(.object(["url": .string, "handle": .string, "name": .string]))
    ])

    func run(_ context: Context) async throws -> Outcome {
        let accounts = try await Forge.connector().status(url)
        for account in accounts {
            context.console.line(
                "\(SafeText.escape(account.handle))  \(SafeText.escape(account.url))")
        }
        if accounts.isEmpty { context.console.note("Not logged in anywhere.") }
        return Outcome(
            data: [
                "accounts": .array(
                    accounts.map {
                        .object([
                            "url": .string($0.url), "handle": .string($0.handle),
                            "name": .string($0.name),
                        ])
                    })
            ], status: accounts.isEmpty ? .forbidden : .ok)
    }
}

struct AuthLogout: HifCommand {
    static let words = "auth logout"
    static let configuration = CommandConfiguration(
        commandName: "logout", abstract: "Forget a login.",
        discussion: """
            hif auth logout
            hif auth logout http://127.0.0.1:4000
            """)

    @Argument(help: "Only at this forge.")
    var url: String?
    @OptionGroup var common: CommonOptions

    static let data: Shape = .object(["urls": .list(.string)])

    func run(_ context: Context) async throws -> Outcome {
        let urls = try await Forge.connector().logout(url)
        for url in urls { context.console.line("Logged out of \(SafeText.escape(url)).") }
        return Outcome(data: ["urls": .array(urls.map { .string($0) })])
    }
}
