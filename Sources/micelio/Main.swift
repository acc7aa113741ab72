import ArgumentParser

/// The command `micelio` itself, for the parser: a name and the commands below.
struct Micelio: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "micelio",
        abstract: "A forge for hif projects.",
        discussion: """
            micelio serve                            serve from ./data on this machine
            micelio admin user create ana --token    make an account and a token for it
            micelio fsck                             check everything that is kept
            micelio store check --store s3://bucket  whether a bucket will do
            """,
        version: "0.1.0",
        subcommands: [
            Serve.self, Admin.self, CheckStore.self, Rollups.self, CollectGarbage.self,
            KeepUp.self, Compact.self, Backup.self, Restore.self, StoreCommand.self,
        ])
}

/// Where the process begins. Wrong words end with 2, as they do in `hif`, and not with the parser's 64.
@main
enum Main {
    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        var command: any ParsableCommand
        do {
            command = try Micelio.parseAsRoot(arguments)
        } catch {
            WrongWords.exit(with: error, arguments)
        }
        do {
            if var waiting = command as? any AsyncParsableCommand {
                try await waiting.run()
            } else {
                try command.run()
            }
        } catch {
            Micelio.exit(withError: error)
        }
    }
}
