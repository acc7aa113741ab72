import Foundation
package import HifStore

/// Where a forge lies, or a copy of one: its store, and beside it the accounts and the TLS key, as files
/// of a directory or as objects of the same names.
package struct ForgePlace: Sendable {
    /// Below it lies the store of a forge whose accounts are objects, too.
    package static let storeKey = ObjectKey("store")
    static let accountsKey = ObjectKey("accounts.sqlite")
    static let tlsPrefix = "tls/"
    /// A certificate and its key are two, and small.
    static let tlsFilesMax = 16

    enum Rest: Sendable {
        case files(DataFiles)
        case objects(any ObjectStore)
    }

    let rest: Rest
    /// For messages.
    let name: String
    private let elsewhere: (any ObjectStore)?

    /// A data directory, or a backup in a directory.
    ///
    /// - Parameter store: keeps the projects' content; the directory below `directory` when nil.
    package init(directory: String, store: (any ObjectStore)? = nil) {
        rest = .files(DataFiles(directory: directory))
        name = directory
        elsewhere = store
    }

    /// A backup whose parts are all objects, such as those of a bucket.
    package init(objects: any ObjectStore, name: String) {
        rest = .objects(objects)
        self.name = name
        elsewhere = PrefixedStore(objects, prefix: ForgePlace.storeKey)
    }

    /// The store. A directory is made if there is none, but not its parents.
    func openStore() throws -> any ObjectStore {
        if let elsewhere { return elsewhere }
        guard case .files(let files) = rest else { preconditionFailure("objects have a store") }
        return try DirectoryStore(path: files.store)
    }

    /// Whether there is anything of a store. Makes nothing.
    func hasStore() async throws -> Bool {
        if let elsewhere {
            return try await !elsewhere.list(prefix: "", after: nil, limit: 1).objects.isEmpty
        }
        guard case .files(let files) = rest else { return false }
        return FileManager.default.fileExists(atPath: files.store)
    }

    func hasAccounts() async throws -> Bool {
        switch rest {
        case .files(let files): FileManager.default.fileExists(atPath: files.accounts)
        case .objects(let objects):
            try await objects.list(
                prefix: ForgePlace.accountsKey.string, after: nil, limit: 1
            ).objects.contains { $0.key == ForgePlace.accountsKey }
        }
    }
}

// MARK: Accounts and key

extension ForgePlace {
    /// Makes the directory, if it is one; only its owner may look into it.
    func prepare() throws {
        guard case .files(let files) = rest else { return }
        try FileManager.default.createDirectory(
            atPath: files.directory, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
    }

    /// Copies the accounts as they are at one moment, over what an earlier copy left. Where one of the two
    /// is an object, the database is in memory once.
    func copyAccounts(to target: ForgePlace) async throws {
        switch (rest, target.rest) {
        case (.files(let source), .files(let target)):
            try Accounts.copy(from: source.accounts, to: target.accounts)
        case (.files(let source), .objects(let objects)):
            let bytes = try await ForgePlace.withScratch { directory in
                let path = directory + "/accounts.sqlite"
                try Accounts.copy(from: source.accounts, to: path)
                return try Data(contentsOf: URL(fileURLWithPath: path))
            }
            _ = try await objects.put(ForgePlace.accountsKey, Array(bytes), .none)
        case (.objects(let source), .files(let target)):
            let bytes = try await source.get(ForgePlace.accountsKey).bytes
            try await ForgePlace.withScratch { directory in
                let path = directory + "/accounts.sqlite"
                try ForgePlace.write(bytes, to: path)
                // Nothing says what the object has to be; SQLite says whether it is whole.
                if let problem = try await Accounts(path: path).damage().first {
                    throw ForgeError(
                        .unavailable, "the accounts in \(name) are damaged: \(problem)",
                        hint: "take another backup")
                }
                try Accounts.copy(from: path, to: target.accounts)
            }
        case (.objects(let source), .objects(let target)):
            _ = try await target.put(
                ForgePlace.accountsKey, try await source.get(ForgePlace.accountsKey).bytes, .none)
        }
    }

    /// Copies the forge's certificate and key, by which clients know it.
    func copyKeys(to target: ForgePlace) async throws {
        for (name, bytes) in try await keys() {
            switch target.rest {
            case .objects(let objects):
                guard let key = ObjectKey(validating: ForgePlace.tlsPrefix + name) else { continue }
                _ = try await objects.put(key, bytes, .none)
            case .files(let files):
                try FileManager.default.createDirectory(
                    atPath: files.tls, withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700])
                let path = "\(files.tls)/\(name)"
                try ForgePlace.write(bytes, to: path + ".part")
                try? FileManager.default.removeItem(atPath: path)
                try FileManager.default.moveItem(atPath: path + ".part", toPath: path)
            }
        }
    }

    private func keys() async throws -> [(name: String, bytes: [UInt8])] {
        switch rest {
        case .files(let files):
            let names = (try? FileManager.default.contentsOfDirectory(atPath: files.tls)) ?? []
            return try names.filter { !$0.hasSuffix(".part") }.sorted()
                .prefix(ForgePlace.tlsFilesMax).map {
                    ($0, Array(try Data(contentsOf: URL(fileURLWithPath: "\(files.tls)/\($0)"))))
                }
        case .objects(let objects):
            var keys: [(name: String, bytes: [UInt8])] = []
            let listed = try await objects.list(
                prefix: ForgePlace.tlsPrefix, after: nil, limit: ForgePlace.tlsFilesMax)
            for key in listed.objects.map(\.key) where key.segments.count == 2 {
                keys.append((String(key.segments[1]), try await objects.get(key).bytes))
            }
            return keys
        }
    }

    /// A file that only its owner can read.
    private static func write(_ bytes: [UInt8], to path: String) throws {
        try? FileManager.default.removeItem(atPath: path)
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data(bytes), attributes: [.posixPermissions: 0o600])
        else { throw ForgeError(.unavailable, "\(path) cannot be written") }
    }

    /// A directory for what is on its way, which only its owner can read and which goes afterwards.
    private static func withScratch<Result>(
        _ work: (String) async throws -> Result
    ) async throws -> Result {
        let files = FileManager.default
        let path = files.temporaryDirectory.path + "/micelio-" + UUID().uuidString
        try files.createDirectory(
            atPath: path, withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700])
        defer { try? files.removeItem(atPath: path) }
        return try await work(path)
    }
}
