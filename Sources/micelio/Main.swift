import ArgumentParser

@main
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
