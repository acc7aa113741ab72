import ArgumentParser
import MicelioForge

struct AdminInvite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite", abstract: "Print a link with which somebody makes an account, once.",
        discussion: """
            The link ends after 14 days. It opens nothing while the server runs with \
            --sign-up closed.
            """)

    @Option(help: "For whom it is.")
    var note = ""

    @OptionGroup var data: DataOption

    func run() async throws {
        try await reportingErrors {
            let (_, link) = try await data.accounts().createInvitation(
                by: nil, note: note, now: ForgeServer.systemClock())
            printLine("\(data.publicURL)/join/\(link.text)")
        }
    }
}
