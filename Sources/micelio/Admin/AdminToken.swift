import ArgumentParser
import MicelioForge

struct AdminToken: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make, list and revoke tokens.",
        subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token for an account and print it as the last word.")

        @Argument(help: "Whose token it is.")
        var handle: String

        @Option(help: "What it is for.")
        var label = ""

        @Option(help: "Scopes, separated by blanks, as in 'read:* write:ana/app'.")
        var scopes = ScopeSet.everything.words.joined(separator: " ")

        @Option(help: "Days until it expires; never when left out.")
        var days: Int?

        @OptionGroup var data: DataOption

        func run() async throws {
            try await reportingErrors {
                let now = ForgeServer.systemClock()
                guard days.map({ (1...36_500).contains($0) }) ?? true else {
                    throw ForgeError.invalid("--days is from 1 to 36500")
                }
                let token = try await data.accounts().createPersonalToken(
                    for: Handle(handle), label: label, scopes: ScopeSet(parsing: scopes),
                    expires: days.map { now + Int64($0) * 86_400_000 }, now: now)
                printLine("Token: \(token.text)")
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List tokens, newest first: number, account, end of the token, state.")

        @Argument(help: "Only this account's.")
        var handle: String?

        @OptionGroup var data: DataOption

        func run() async throws {
            try await reportingErrors {
                let now = ForgeServer.systemClock()
                for token in try await data.accounts().tokens(of: handle.map { try Handle($0) }) {
                    let state =
                        if token.revokedMillis != nil {
                            "revoked"
                        } else if token.expiresMillis.map({ $0 <= now }) ?? false {
                            "expired"
                        } else {
                            "good"
                        }
                    let words = [
                        "\(token.id)", token.handle,
                        "mic_\(token.kind.rawValue)_…\(token.lastFour)",
                        state, token.scopes.words.joined(separator: " "), token.label,
                    ]
                    printLine(words.joined(separator: "\t"))
                }
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token worthless at once; one of a login ends the whole login.")

        @Argument(help: "Its number, as listed.")
        var number: Int64

        @OptionGroup var data: DataOption

        func run() async throws {
            try await reportingErrors {
                let isKnown = try await data.accounts().revoke(
                    tokenID: number, now: ForgeServer.systemClock())
                guard isKnown else {
                    throw ForgeError(
                        .notFound, "there is no token with the number \(number)",
                        hint: "micelio admin token list")
                }
                printLine("Revoked \(number).")
            }
        }
    }
}
