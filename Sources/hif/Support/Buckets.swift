import Glibc
import HifCore
import HifRepository
import HifS3
import HifStore
import HifWorkspace

/// Stores in a bucket: `--store s3://bucket/prefix`, reached as the usual environment variables say
/// (`AWS_ENDPOINT_URL_S3`, `AWS_REGION`, `AWS_ACCESS_KEY_ID` and their like, or `~/.aws/credentials`).
enum Buckets {
    /// The store at `address`. Makes no request, unless it is to be made: then a bucket in which there
    /// is none is probed first.
    static func open(
        _ address: S3Address, creating: Bool, world: World
    ) async throws -> any ObjectStore {
        let settings = S3Settings(
            bucket: address.bucket,
            endpoint: Environment["AWS_ENDPOINT_URL_S3"] ?? Environment["AWS_ENDPOINT_URL"],
            region: Environment["AWS_REGION"] ?? Environment["AWS_DEFAULT_REGION"] ?? "us-east-1",
            authorityPath: Environment["AWS_CA_BUNDLE"])
        var variables: [String: String] = [:]
        for name in [
            "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
            "AWS_SHARED_CREDENTIALS_FILE", "HOME",
        ] {
            variables[name] = Environment[name]
        }
        let credentials: S3Credentials
        do {
            credentials = try S3Credentials.find(
                file: nil, profile: nil, environment: variables, read: text)
        } catch let error as S3CredentialsError {
            throw Failure(
                "usage", .usage, "\(error)",
                hint: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE")
        }
        let bucket = try S3Store(
            settings, credentials: credentials, now: { world.now() / 1_000 })
        let retrying = RetryingStore(
            bucket, sleeper: WorldSleeper(world: world),
            randomFraction: { Double(world.random() >> 11) / Double(1 << 53) },
            repeatsPut: { _ in false })
        var store: any ObjectStore = retrying
        if let prefix = address.prefix { store = PrefixedStore(retrying, prefix: prefix) }
        if creating, try await store.getIfPresent(StoreKey.store) == nil {
            try await probe(bucket, address, world)
        }
        return store
    }

    /// Refuses a bucket that does not keep what landings rely on.
    private static func probe(
        _ bucket: S3Store, _ address: S3Address, _ world: World
    ) async throws {
        var failed: [StoreProbe.Finding] = []
        let probe = StoreProbe([bucket], prefix: address.prefix, nonce: world.random())
        _ = await probe.run(.quick) { if $0.verdict == .failed { failed.append($0) } }
        guard let first = failed.first else { return }
        throw Failure(
            "store-unfit", .failed,
            "\(address) is no place for a store: \(first.name): \(SafeText.escape(first.detail))",
            hint: "micelio store check --store \(address)")
    }

    /// The text of a file; nil when there is none.
    private static func text(_ path: String) throws -> String? {
        let file = fopen(path, "re")
        guard let file else {
            if errno == ENOENT { return nil }
            throw Failure(
                "io", .failed,
                "cannot read '\(SafeText.escape(path))': \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        // More than any file of keys.
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}

/// Pauses as the command's world does.
private struct WorldSleeper: Sleeper {
    let world: World

    func sleep(for duration: Duration) async throws(CancellationError) {
        await world.pause(UInt64(max(0, duration / .milliseconds(1))))
        if Task.isCancelled { throw CancellationError() }
    }
}
