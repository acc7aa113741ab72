import ArgumentParser
import HifS3
import HifStore
import MicelioForge

struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "The place where projects' content lies.",
        subcommands: [Check.self, CopyStore.self])

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Find out whether a store keeps what landings rely on.",
            discussion: """
                Races writers against each other on keys of its own, which it removes afterwards, and
                prints a line for each part. Ends with 0 when the store is fit, and with 8 otherwise.
                Name --s3-endpoint once for each address of a store that has several.
                """)

        @OptionGroup var data: DataOption
        @OptionGroup var options: StoreOptions

        @Flag(help: "The short form, which every start of a server runs.")
        var quick = false

        @Flag(help: "Make the bucket first, if it is not there.")
        var makeBucket = false

        func run() async throws {
            var isFit = true
            try await reportingErrors {
                let stores: [any ObjectStore]
                let prefix: ObjectKey?
                if case .bucket(let address, let particulars) = try options.place(data) {
                    let buckets = try options.buckets.stores(address, particulars)
                    if makeBucket { try await buckets[0].makeBucket() }
                    (stores, prefix) = (buckets, address.prefix)
                } else {
                    (stores, prefix) = ([try options.open(data)], nil)
                }
                let probe = StoreProbe(stores, prefix: prefix, nonce: .random(in: 0 ... .max))
                isFit = await probe.run(quick ? .quick : .full) { finding in
                    let verdict = finding.verdict.rawValue
                    let blanks = String(repeating: " ", count: max(1, 8 - verdict.count))
                    printLine(
                        "\(finding.letter)  \(verdict)\(blanks)\(finding.name): \(finding.detail)")
                }
                printLine(isFit ? "fit for a forge" : "not fit for a forge")
            }
            guard isFit else { throw ExitCode(8) }
        }
    }
}
