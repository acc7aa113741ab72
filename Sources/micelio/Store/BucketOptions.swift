import ArgumentParser
import Foundation
import HifCore
import HifRepository
import HifS3
import HifStore
import MicelioForge

/// How buckets are reached that a command names.
///
/// A secret is not among the options: everybody on the machine can read the words of a running command.
struct BucketOptions: ParsableArguments {
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

    /// Refuses options for a bucket beside places that are none.
    func checkNeeded(_ places: [StorePlace]) throws {
        guard !s3Endpoint.isEmpty else { return }
        for case .bucket in places { return }
        throw ForgeError.invalid("--s3-endpoint goes with a store like s3://bucket/prefix")
    }

    /// The bucket without any wrapper around it, by each endpoint of it. No request is made.
    func stores(
        _ address: S3Address, _ particulars: StorePlace.Particulars
    ) throws -> [S3Store] {
        do {
            let credentials = try S3Credentials.find(
                file: particulars.credentials ?? s3Credentials,
                profile: particulars.profile ?? s3Profile,
                environment: ProcessInfo.processInfo.environment
            ) { path in
                guard FileManager.default.fileExists(atPath: path) else { return nil }
                return try String(contentsOfFile: path, encoding: .utf8)
            }
            return try endpoints(particulars).map { endpoint in
                try S3Store(
                    try settings(address.bucket, endpoint, particulars), credentials: credentials,
                    isContentNamed: BucketOptions.isPack)
            }
        } catch let error as StoreError {
            throw ForgeError.invalid(error.message)
        } catch let error as S3CredentialsError {
            throw ForgeError(
                .invalidArgument, "\(error)",
                hint: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a file with "
                    + "--s3-credentials")
        }
    }

    private func endpoints(_ particulars: StorePlace.Particulars) -> [String?] {
        if let endpoint = particulars.endpoint { return [endpoint] }
        if !s3Endpoint.isEmpty { return s3Endpoint }
        return [
            BucketOptions.variable("AWS_ENDPOINT_URL_S3")
                ?? BucketOptions.variable("AWS_ENDPOINT_URL")
        ]
    }

    private func settings(
        _ bucket: String, _ endpoint: String?, _ particulars: StorePlace.Particulars
    ) throws -> S3Settings {
        var dialect: S3Dialect?
        if let name = particulars.dialect ?? s3Dialect {
            dialect = S3Dialect(rawValue: name)
            guard dialect != nil else {
                let known = S3Dialect.allCases.map(\.rawValue).joined(separator: ", ")
                throw ForgeError.invalid("'\(name)' is no dialect: \(known)")
            }
        }
        guard (1...600).contains(s3Silence) else {
            throw ForgeError.invalid("--s3-silence is 1 to 600 seconds")
        }
        var settings = S3Settings(
            bucket: bucket, endpoint: endpoint,
            region: particulars.region ?? s3Region ?? BucketOptions.variable("AWS_REGION")
                ?? BucketOptions.variable("AWS_DEFAULT_REGION") ?? "us-east-1",
            dialect: dialect, isPathStyle: s3PathStyle,
            authorityPath: particulars.ca ?? s3Ca ?? BucketOptions.variable("AWS_CA_BUNDLE"))
        settings.silenceSeconds = s3Silence
        return settings
    }

    /// What is at a place, ready to use: what is repeated is only what a repetition cannot turn wrong. A
    /// directory is made if there is none, but not its parents. No request is made.
    ///
    /// - Parameter isOfCopy: a copy is read or written there, by one process: then a put can be
    ///   repeated, since all that anybody puts under a key is the same.
    func open(_ place: StorePlace, isOfCopy: Bool = false) throws -> any ObjectStore {
        switch place {
        case .directory(let path): return try DirectoryStore(path: path)
        case .bucket(let address, let particulars):
            let retrying = RetryingStore(
                try stores(address, particulars)[0], sleeper: SystemSleeper(),
                randomFraction: { Double.random(in: 0...1) },
                repeatsPut: { isOfCopy || BucketOptions.isPack($0) })
            guard let prefix = address.prefix else { return retrying }
            return PrefixedStore(retrying, prefix: prefix)
        }
    }

    /// As `open(_:isOfCopy:)`, of a store that is there. The place may also be a backup, or a data
    /// directory, with the store in it.
    ///
    /// - Throws: when there is neither.
    func openExisting(_ place: StorePlace) async throws -> any ObjectStore {
        let inside: any ObjectStore
        switch place {
        case .directory(let path):
            let files = FileManager.default
            let store = DataFiles(directory: path).store
            if files.fileExists(atPath: store + "/store") {
                return try DirectoryStore(path: store)
            }
            guard files.fileExists(atPath: path + "/store") else { throw noStore(place) }
            return try DirectoryStore(path: path)
        case .bucket:
            let outside = try open(place, isOfCopy: true)
            inside = PrefixedStore(outside, prefix: ForgePlace.storeKey)
            if try await StoreID.read(from: inside) != nil { return inside }
            guard try await StoreID.read(from: outside) != nil else { throw noStore(place) }
            return outside
        }
    }

    private func noStore(_ place: StorePlace) -> ForgeError {
        ForgeError(
            .notFound, "there is no store in \(place)",
            hint: "name a store, or a backup with one in it")
    }

    /// A backup that is, or will be, at a place.
    func backup(at place: StorePlace) throws -> ForgePlace {
        switch place {
        case .directory(let path): ForgePlace(directory: path)
        case .bucket:
            ForgePlace(
                objects: try open(place, isOfCopy: true), name: place.description)
        }
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
