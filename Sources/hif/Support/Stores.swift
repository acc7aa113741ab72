import Glibc
import HifCore
import HifRepository
import HifS3
import HifStore
import HifWorkspace

/// Where a project is looked for: a store on this machine or a forge.
enum ProjectPlace {
    case store(path: String)
    case forge(url: String?)

    /// What the words say: `--store`, else the forge of a web address, else `HIF_STORE`, else the
    /// forge one is logged in to.
    static func resolve(store: String?, url: String? = nil) throws -> ProjectPlace {
        if let store { return .store(path: try text(ArgumentBytes.bytes(store))) }
        if let url { return .forge(url: url) }
        if let store = Environment.bytes("HIF_STORE") { return .store(path: try text(store)) }
        guard Forge.registered != nil else {
            throw Failure.usage(
                "where is the project's store?", hint: "say --store DIR, or set HIF_STORE")
        }
        return .forge(url: nil)
    }

    private static func text(_ bytes: [UInt8]) throws -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure.usage("the path of a store must be UTF-8: '\(SafeText.escape(bytes))'")
        }
        return text
    }
}

/// Directory stores on this machine.
enum Stores {
    /// Opens the store at `path`; with `creating`, makes it.
    static func open(
        _ path: String, creating: Bool = false, world: World
    ) async throws -> (store: LocalStore, path: String) {
        if S3Address.isOne(path) {
            let address = try S3Address(path)
            let bucket = try await Buckets.open(address, creating: creating, world: world)
            let store = try await LocalStore(bucket, creating: creating, world: world)
            return (store, address.description)
        }
        if creating {
            try makeDirectories(path)
            try checkFree(path)
        } else {
            guard let directory = try? DirectoryHandle(path: Array(path.utf8)),
                (try? directory.stat(Array("store".utf8))) ?? nil != nil
            else {
                throw WorkspaceError(
                    .notFound, "there is no hif store at '\(SafeText.escape(path))'",
                    hint: "hif init --store DIR makes one")
            }
        }
        let directory = try DirectoryStore(path: path)
        let store = try await LocalStore(directory, creating: creating, world: world)
        return (store, try absolute(path))
    }

    /// Refuses to make a store among files that are none of its own.
    private static func checkFree(_ path: String) throws {
        let directory = try DirectoryHandle(path: Array(path.utf8))
        guard try directory.stat(Array("store".utf8)) == nil else { return }
        // A store whose making was cut short may have left a temporary file.
        let others = try directory.names().filter { $0.first != UInt8(ascii: ".") }
        guard others.isEmpty else {
            throw WorkspaceError(
                .inTheWay,
                "'\(SafeText.escape(path))' holds other files, and is no hif store",
                hint: "choose a directory of its own, such as --store ~/hif")
        }
    }

    /// The project of that name.
    static func project(_ name: String, in store: LocalStore) async throws -> LocalStore.Project {
        if let project = try await store.project(named: name) { return project }
        let names = try await store.projects().map(\.name)
        let near =
            Suggestion.nearest(to: name, in: names)
            ?? names.first { $0.hasSuffix("/" + name) }
        throw WorkspaceError(
            .notFound, "there is no project '\(SafeText.escape(name))'",
            hint: near.map { "did you mean '\(SafeText.escape($0))'?" } ?? "hif project list")
    }

    /// The way to the project a workspace is bound to.
    static func connect(_ config: WorkspaceConfig, world: World) async throws -> any Remote {
        switch config.place {
        case .forge: return try await Forge.connector().open(config)
        case .store(let path):
            let store: LocalStore
            do {
                store = try await open(path, world: world).store
            } catch let error as WorkspaceError where error.code == .notFound {
                throw WorkspaceError(
                    .notFound,
                    "the store of this workspace is gone: \(SafeText.escape(path))",
                    hint: "if it was moved, correct its path in .hif/config")
            }
            guard store.id.hex == config.storeID, let id = ProjectID(hex: config.projectID) else {
                throw WorkspaceError(
                    .historyReplaced,
                    "the store at \(SafeText.escape(path)) is not the one this workspace was made from. All files are untouched",
                    hint:
                        "check the project out again into another directory and copy your edits over"
                )
            }
            return LocalRemote(store.repository(id))
        }
    }

    /// Makes a directory and those above it.
    static func makeDirectories(_ path: String) throws {
        if mkdir(path, 0o777) == 0 || errno == EEXIST { return }
        let number = errno
        if number == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try makeDirectories(String(path[..<slash]))
            if mkdir(path, 0o777) == 0 || errno == EEXIST { return }
        }
        throw Failure(
            "io", .failed,
            "cannot make the directory '\(SafeText.escape(path))': \(String(cString: strerror(errno)))"
        )
    }

    static func absolute(_ path: String) throws -> String {
        if S3Address.isOne(path) { return try S3Address(path).description }
        guard let real = realpath(path, nil) else {
            throw Failure(
                "io", .failed,
                "cannot open '\(SafeText.escape(path))': \(String(cString: strerror(errno)))")
        }
        defer { free(real) }
        return String(cString: real)
    }
}
