import ArgumentParser
import HifS3
import HifStore
import MicelioForge

/// Where projects' content lies, for every command that opens it, and how buckets are reached.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "s3://bucket/prefix, or a directory. Without it DATA/store, or what MICELIO_STORE says.",
            valueName: "place"))
    var store: String?

    @OptionGroup var buckets: BucketOptions

    /// The place that is meant; nil for the directory below the data directory.
    private var text: String? { store ?? BucketOptions.variable("MICELIO_STORE") }

    /// Whether something else is meant than the directory below the data directory.
    var isElsewhere: Bool { text != nil }

    /// Whether that is a bucket.
    var isBucket: Bool { text.map { S3Address.isOne($0) } ?? false }

    /// The place that is meant; the directory below the data directory where nothing else is said.
    func place(_ data: DataOption) throws -> StorePlace {
        try text.map { try StorePlace($0) } ?? .directory(DataFiles(directory: data.data).store)
    }

    /// The store, ready to use. No request is made.
    func open(_ data: DataOption) throws -> any ObjectStore {
        let place = try place(data)
        try buckets.checkNeeded([place])
        return try buckets.open(place)
    }

    /// The store of a forge for commands that copy it: nil for the one in its data directory.
    func elsewhere(_ data: DataOption) throws -> (any ObjectStore)? {
        isElsewhere ? try buckets.open(try place(data), isOfCopy: true) : nil
    }

    /// Refuses a bucket that does not keep what the log relies on; a directory always does.
    ///
    /// - Throws: with what it fails, and how to see all of it.
    func checkFitness(_ data: DataOption) async throws {
        guard case .bucket(let address, let particulars) = try place(data) else { return }
        let stores = try buckets.stores(address, particulars)
        var failed: [StoreProbe.Finding] = []
        let probe = StoreProbe(stores, prefix: address.prefix, nonce: .random(in: 0 ... .max))
        _ = await probe.run(.quick) { if $0.verdict == .failed { failed.append($0) } }
        guard let first = failed.first else { return }
        throw ForgeError(
            .unavailable,
            "\(address) is no place for a forge: \(first.name): \(first.detail)",
            hint: "micelio store check says all of it")
    }
}
