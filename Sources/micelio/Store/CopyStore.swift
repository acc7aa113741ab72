import ArgumentParser
import HifRepository
import MicelioForge

/// `micelio store copy`.
struct CopyStore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy",
        abstract: "Copy a store into an empty one; people may land meanwhile.",
        discussion: """
            Projects only, without accounts. After a kill the same command goes on. With --move nobody \
            can land in the first store any more, and the copy has everything that landed in it.
            """)

    @Argument(help: "The store: a directory with `store` in it, such as DATA/store.")
    var from: String

    @Argument(help: "An empty place, or one in which a copy was broken off.")
    var to: String

    @Flag(help: "End every log of the first store: its projects go on in the copy.")
    var move = false

    func run() async throws {
        try await reportingErrors {
            let copy = StoreCopy(
                from: try StoreAddress(ofStoreOrBackup: from).open(),
                to: try StoreAddress(to).open(), world: .system)
            do {
                try await copy.run(isSealing: move, progress: { _, _ in }) {
                    printLine(copyLine($0, $1))
                }
            } catch {
                throw ForgeCopy.translating(error, to)
            }
        }
    }
}
