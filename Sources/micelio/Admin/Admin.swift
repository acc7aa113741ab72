import ArgumentParser
import Foundation
import MicelioForge

/// Where the forge keeps its things.
struct DataOption: ParsableArguments {
    @Option(help: "The data directory.")
    var data = ProcessInfo.processInfo.environment["MICELIO_DATA"] ?? "./data"

    /// The database, which a running server may have open too.
    ///
    /// - Throws: when there is none, rather than making an empty one in a mistyped place: only a
    ///   server makes a forge.
    func accounts() throws -> Accounts {
        let files = DataFiles(directory: data)
        guard FileManager.default.fileExists(atPath: files.accounts) else {
            throw ForgeError(
                .notFound, "there is no forge in \(data)",
                hint: "name it with --data DIR; micelio serve makes one")
        }
        return try Accounts(path: files.accounts)
    }

    /// The address for links: that of the running server, or the default.
    var publicURL: String {
        RunFile.read(DataFiles(directory: data).run)?.publicURL ?? "http://127.0.0.1:4000"
    }
}

struct Admin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Manage accounts, tokens and projects, beside a running server or without one.",
        subcommands: [AdminUser.self, AdminInvite.self, AdminToken.self, AdminProject.self])
}
