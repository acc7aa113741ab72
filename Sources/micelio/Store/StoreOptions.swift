import ArgumentParser
import Foundation
import HifRepository
import HifS3
import HifStore
import MicelioForge

/// Where projects' content lies, for every command that opens it.
///
/// A secret is not among the options: everybody on the machine can read the words of a running command.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "s3://bucket/prefix, or a directory. Without it DATA/store, or what MICELIO_STORE says.",
            valueName: "place"))
    var store: String?

    @Option(
        help: ArgumentHelp(
            "Where the bucket is reached, as https://s3.example.org. Without it AWS.",
            discussion: "AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL say the same.", valueName: "url"))
    var s3Endpoint: [String] = []

    @Option(help: "The bucket's region. Without it AWS_REGION, AWS_DEFAULT_REGION, or us-east-1.")
    var s3Region: String?

    @Option(help: "aws, gcs, ceph, or tree for a store that keeps directories, such as SeaweedFS.")
    var s3Dialect: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Name the bucket in the path rather than in the host: usual beside AWS.")
    var s3PathStyle: Bool?

    @Option(
        help: ArgumentHelp(
            "A file with keys, such as ~/.aws/credentials.",
            discussion: """
                Without it AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, with AWS_SESSION_TOKEN for \
                temporary keys; else AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials.
                """, valueName: "file"))
    var s3Credentials: String?

    @Option(help: "The profile in that file. Without it AWS_PROFILE, or default.")
    var s3Profile: String?

    @Option(
        help: ArgumentHelp(
            "Authorities to trust in place of the system's, PEM. AWS_CA_BUNDLE says the same.",
            valueName: "file"))
    var s3Ca: String?

    @Option(help: "Seconds of silence after which a request to the bucket counts as lost.")
    var s3Silence = 15

    /// The place that is meant; nil for the directory below the data directory.
    private var place: String? { store ?? StoreOptions.variable("MICELIO_STORE") }

    /// Whether something else is meant than the directory below the data directory.
    var isElsewhere: Bool { place != nil }

    /// The bucket that is meant, without any wrapper around it: each endpoint of it, and the prefix.
    /// Nil for a directory. No request is made.
    func bucket() throws -> (stores: [S3Store], address: S3Address)? {
        guard let place, S3Address.isOne(place) else {
            if s3Endpoint.isEmpty { return nil }
            throw ForgeError.invalid("--s3-endpoint goes with --store s3://bucket/prefix")
        }
        do {
            let address = try S3Address(place)
            let credentials = try S3Credentials.find(
                file: s3Credentials, profile: s3Profile,
                environment: ProcessInfo.processInfo.environment
            ) { path in
                guard FileManager.default.fileExists(atPath: path) else { return nil }
                return try String(contentsOfFile: path, encoding: .utf8)
            }
            let endpoints: [String?] =
                s3Endpoint.isEmpty
                ? [
                    StoreOptions.variable("AWS_ENDPOINT_URL_S3")
                        ?? StoreOptions.variable("AWS_ENDPOINT_URL")
                ] : s3Endpoint
            let stores = try endpoints.map { endpoint in
                try S3Store(
                    try settings(address.bucket, endpoint), credentials: credentials,
                    isContentNamed: StoreOptions.isPack)
            }
            return (stores, address)
        } catch let error as StoreError {
            throw ForgeError.invalid(error.message)
        } catch let error as S3CredentialsError {
            throw ForgeError(
                .invalidArgument, "\(error)",
                hint: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a file with "
                    + "--s3-credentials")
        }
    }

    private func settings(_ bucket: String, _ endpoint: String?) throws -> S3Settings {
        var dialect: S3Dialect?
        if let s3Dialect {
            dialect = S3Dialect(rawValue: s3Dialect)
            guard dialect != nil else {
                let known = S3Dialect.allCases.map(\.rawValue).joined(separator: ", ")
                throw ForgeError.invalid("'\(s3Dialect)' is no dialect: \(known)")
            }
        }
        guard (1...600).contains(s3Silence) else {
            throw ForgeError.invalid("--s3-silence is 1 to 600 seconds")
        }
        var settings = S3Settings(
            bucket: bucket, endpoint: endpoint,
            region: s3Region ?? StoreOptions.variable("AWS_REGION")
                ?? StoreOptions.variable("AWS_DEFAULT_REGION") ?? "us-east-1",
            dialect: dialect, isPathStyle: s3PathStyle,
            authorityPath: s3Ca ?? StoreOptions.variable("AWS_CA_BUNDLE"))
        settings.silenceSeconds = s3Silence
        return settings
    }

    /// The store, ready to use: what is repeated is only what a repetition cannot turn wrong. No request
    /// is made.
    func open(_ data: DataOption) throws -> any ObjectStore {
        guard let (stores, address) = try bucket() else {
            return try DirectoryStore(path: place ?? DataFiles(directory: data.data).store)
        }
        let retrying = RetryingStore(
            stores[0], sleeper: SystemSleeper(),
            randomFraction: { Double.random(in: 0...1) }, repeatsPut: StoreOptions.isPack)
        guard let prefix = address.prefix else { return retrying }
        return PrefixedStore(retrying, prefix: prefix)
    }

    /// Refuses a bucket that does not keep what the log relies on; a directory always does.
    ///
    /// - Throws: with what it fails, and how to see all of it.
    func checkFitness() async throws {
        guard let (stores, address) = try bucket() else { return }
        var failed: [StoreProbe.Finding] = []
        let probe = StoreProbe(stores, prefix: address.prefix, nonce: .random(in: 0 ... .max))
        _ = await probe.run(.quick) { if $0.verdict == .failed { failed.append($0) } }
        guard let first = failed.first else { return }
        throw ForgeError(
            .unavailable,
            "\(address) is no place for a forge: \(first.name): \(first.detail)",
            hint: "micelio store check says all of it")
    }

    /// Whether a key of the bucket is that of a pack, of whatever project: all who write it write the
    /// same bytes, for its name is their hash.
    private static func isPack(_ key: ObjectKey) -> Bool {
        let segments = key.segments
        guard segments.count >= 3 else { return false }
        let last = ObjectKey(validating: segments.suffix(3).joined(separator: "/"))
        return last.map { PackKey.pack(of: $0) != nil } ?? false
    }

    static func variable(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// Pauses by the machine's clock.
struct SystemSleeper: Sleeper {
    func sleep(for duration: Duration) async throws(CancellationError) {
        do {
            try await Task.sleep(for: duration)
        } catch {
            throw CancellationError()
        }
    }
}
