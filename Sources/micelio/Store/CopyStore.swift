import ArgumentParser
import HifRepository
import MicelioForge

/// `micelio store copy`.
struct CopyStore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy",
        abstract: "Copy a store into an empty one; people may land meanwhile.",
        discussion: """
            Projects only, without accounts. Both are directories or buckets; what is particular to one \
            bucket stands behind its name: s3://bucket/prefix?endpoint=URL&profile=NAME, and also \
            region, dialect, credentials, ca. After a kill the same command goes on. With --move nobody \
            can land in the first store any more, and the copy has everything that landed in it.
            """)

    @OptionGroup var buckets: BucketOptions

    @Argument(
        help: "The store, such as DATA/store or s3://bucket/prefix, or a backup with one in it.")
    var from: String

    @Argument(help: "An empty place, or one in which a copy was broken off.")
    var to: String

    @Flag(help: "End every log of the first store: its projects go on in the copy.")
    var move = false

    func run() async throws {
        try await reportingErrors {
            let (source, target) = (try StorePlace(from), try StorePlace(to))
            try buckets.checkNeeded([source, target])
            let copy = StoreCopy(
                from: try await buckets.openExisting(source),
                to: try buckets.open(target, isOfCopy: true), world: .system)
            do {
                try await copy.run(isSealing: move, progress: { _, _ in }) {
                    printLine(copyLine($0, $1))
                }
            } catch {
                throw ForgeCopy.translating(error, target.description)
            }
        }
    }
}
