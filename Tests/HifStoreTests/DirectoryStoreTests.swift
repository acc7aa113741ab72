import Glibc
import HifStore
import Support
import Testing

@Suite struct DirectoryStoreTests {
    private let directory = TemporaryDirectory()
    private var path: String { directory.path }

    private func open(fsync: Bool = false) throws -> DirectoryStore {
        try DirectoryStore(path: path, fsync: fsync)
    }

    @Test(arguments: StoreContract.checks)
    func `a store in a directory keeps the contract`(check: StoreContract.Check) async throws {
        try await check.run { [path] in try DirectoryStore(path: path, fsync: false) }
        #expect(children(path + "/.tmp") == [])
    }

    @Test(arguments: StoreContract.checks)
    func `one synced store shared by all keeps the contract`(
        check: StoreContract.Check
    ) async throws {
        let store = try open(fsync: true)
        try await check.run { store }
        #expect(children(path + "/.tmp") == [])
    }

    @Test func `an object is a plain file at its key`() async throws {
        let store = try open()
        _ = try await store.put(ObjectKey("p/log/1"), [104, 105], .ifAbsent)
        #expect(contents(path + "/p/log/1") == "hi")
    }

    @Test func `objects survive closing the store`() async throws {
        _ = try await open(fsync: true).put(ObjectKey("a/b/c"), [1], .ifAbsent)
        let store = try open()
        #expect(try await store.get(ObjectKey("a/b/c")).bytes == [1])
        try await store.makeDurable(ObjectKey("a/b/c"))
    }

    @Test func `making a missing directory durable says not found`() async throws {
        let store = try open(fsync: true)
        try await expect(.notFound) { try await store.makeDurable(ObjectKey("a/b/c")) }
    }

    @Test func `a cancelled task does nothing`() async throws {
        let store = try open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.cancelAll()
            group.addTask {
                try await expect(.cancelled) {
                    _ = try await store.put(ObjectKey("a"), [1], .none)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.listAll(prefix: "").isEmpty)
    }
}

@Suite struct DirectoryStoreLeftoverTests {
    private let directory = TemporaryDirectory()
    private var path: String { directory.path }

    @Test func `opening clears away what crashed writers left`() async throws {
        _ = try DirectoryStore(path: path, fsync: false)
        write("half an object", to: path + "/.tmp/4711-1")
        write("", to: path + "/.tmp/4711-2")
        let store = try DirectoryStore(path: path, fsync: false)
        #expect(children(path + "/.tmp") == [])
        #expect(try await store.listAll(prefix: "").isEmpty)
    }

    @Test func `a sweep looks at no more files than it was told`() throws {
        let store = try DirectoryStore(path: path, fsync: false)
        for index in 0..<5 { write("x", to: path + "/.tmp/4711-\(index)") }
        #expect(store.sweep(limit: 2) == 2)
        #expect(children(path + "/.tmp").count == 3)
        #expect(store.sweep(limit: 100) == 3)
    }

    @Test func `a sweep leaves a file alone whose writer lives`() throws {
        let store = try DirectoryStore(path: path, fsync: false)
        let file = Glibc.open(path + "/.tmp/4711-1", O_RDWR | O_CREAT, 0o600)
        var request = flock()
        request.l_type = Int16(F_WRLCK)
        #expect(fcntl(file, 37, &request) == 0)
        #expect(store.sweep(limit: 100) == 0)
        close(file)
        #expect(store.sweep(limit: 100) == 1)
    }

    @Test func `an object whose writer crashed after naming it stays whole`() async throws {
        let store = try DirectoryStore(path: path, fsync: false)
        _ = try await store.put(ObjectKey("log/1"), [1, 2, 3], .ifAbsent)
        #expect(link(path + "/log/1", path + "/.tmp/4711-1") == 0)
        #expect(store.sweep(limit: 100) == 1)
        #expect(try await store.get(ObjectKey("log/1")).bytes == [1, 2, 3])
    }

    @Test func `a name left by a process of the same number is passed over`() async throws {
        let store = try DirectoryStore(path: path, fsync: false)
        // The counter starts anew with each process, so these names may all come up.
        for index in 0..<50 { write("x", to: path + "/.tmp/\(getpid())-\(index)") }
        _ = try await store.put(ObjectKey("a"), [1], .ifAbsent)
        #expect(try await store.get(ObjectKey("a")).bytes == [1])
    }
}

@Suite struct DirectoryStoreObstacleTests {
    private let directory = TemporaryDirectory()
    private let outside = TemporaryDirectory()
    private var path: String { directory.path }

    @Test func `what is no object is not listed and not found`() async throws {
        let store = try DirectoryStore(path: path, fsync: false)
        _ = try await store.put(ObjectKey("d/a"), [1], .ifAbsent)
        write("x", to: path + "/README")
        write("x", to: path + "/d/.hidden")
        write("x", to: path + "/d/two words")
        mkdir(path + "/d/empty", 0o700)
        mkdir(path + "/d/.git", 0o700)
        write("x", to: path + "/d/.git/config")
        mkfifo(path + "/d/pipe", 0o600)
        symlink(path + "/d/a", path + "/d/link")
        #expect(try await store.listAll(prefix: "").map(\.key) == [ObjectKey("d/a")])
        for key in ["d", "d/empty", "d/pipe", "d/a/b"] {
            try await expect(.notFound) { _ = try await store.get(ObjectKey(key)) }
        }
    }

    @Test func `a symbolic link to a file outside is not followed`() async throws {
        let store = try DirectoryStore(path: path, fsync: false)
        write("secret", to: outside.path + "/file")
        symlink(outside.path + "/file", path + "/link")
        symlink(outside.path + "/new", path + "/dangling")
        for key in [ObjectKey("link"), ObjectKey("dangling")] {
            try await expect(.refused) { _ = try await store.get(key) }
            try await expect(.refused) { _ = try await store.put(key, [1], .ifAbsent) }
            try await expect(.refused) { _ = try await store.put(key, [1], .none) }
            try await expect(.refused) {
                _ = try await store.put(key, [1], .ifMatch(ETag("x")))
            }
        }
        #expect(try await store.listAll(prefix: "").isEmpty)
        try await store.delete(ObjectKey("link"))
        #expect(contents(outside.path + "/file") == "secret")
        #expect(children(outside.path) == ["file"])
    }

    @Test func `a symbolic link to a directory outside is not followed`() async throws {
        let store = try DirectoryStore(path: path, fsync: false)
        write("secret", to: outside.path + "/file")
        symlink(outside.path, path + "/link")
        let key = ObjectKey("link/file")
        try await expect(.notFound) { _ = try await store.get(key) }
        try await expect(.refused) { _ = try await store.put(key, [1], .none) }
        try await expect(.refused) { _ = try await store.put(ObjectKey("link/a/b"), [1], .none) }
        try await store.delete(key)
        #expect(try await store.listAll(prefix: "").isEmpty)
        #expect(try await store.listAll(prefix: "link/").isEmpty)
        #expect(contents(outside.path + "/file") == "secret")
        #expect(children(outside.path) == ["file"])
    }

    @Test func `a file where a directory should be refuses the write`() async throws {
        let store = try DirectoryStore(path: path, fsync: false)
        _ = try await store.put(ObjectKey("a/b"), [1], .ifAbsent)
        for condition in [WriteCondition.ifAbsent, .none] {
            try await expect(.refused) {
                _ = try await store.put(ObjectKey("a/b/c"), [1], condition)
            }
            try await expect(.refused) { _ = try await store.put(ObjectKey("a"), [1], condition) }
        }
        try await store.delete(ObjectKey("a/b/c"))
        #expect(try await store.get(ObjectKey("a/b")).bytes == [1])
        #expect(children(path + "/.tmp") == [])
    }

    @Test func `a root that cannot be a directory is refused`() {
        write("x", to: path + "/file")
        for root in ["/file", "/file/store", "/missing/store"] {
            let error = #expect(throws: StoreError.self) {
                try DirectoryStore(path: path + root)
            }
            #expect(error?.code == .refused)
            #expect(error?.message.contains(path + root) == true)
        }
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "mounting a small tmpfs needs root"))
    func `a full disk refuses and leaves nothing behind`() async throws {
        let disk = try SmallDisk(at: path, kibibytes: 256)
        defer { disk.unmount() }
        let store = try DirectoryStore(path: path)
        for condition in [WriteCondition.ifAbsent, .none] {
            let error = try await expect(.refused) {
                _ = try await store.put(
                    ObjectKey("big"), [UInt8](repeating: 1, count: 1 << 20), condition)
            }
            #expect(error?.message.contains("full") == true)
            #expect(error?.mayHaveBeenApplied == false)
        }
        #expect(children(path + "/.tmp") == [])
        #expect(try await store.listAll(prefix: "").isEmpty)
        // What fits is written, until the disk is full of it; then the rest is intact.
        var written = 0
        while written < 100 {
            do {
                _ = try await store.put(
                    ObjectKey("fill/\(written)"), [UInt8](repeating: 2, count: 9_000), .ifAbsent)
                written += 1
            } catch {
                #expect(error.code == .refused)
                break
            }
        }
        #expect((1..<100).contains(written))
        #expect(try await store.listAll(prefix: "").count == written)
        #expect(try await store.listAll(prefix: "").allSatisfy { $0.size == 9_000 })
        // Deleting works on a full disk, and makes room.
        try await store.delete(ObjectKey("fill/0"))
        _ = try await store.put(ObjectKey("small"), [1], .ifAbsent)
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "mounting a small tmpfs needs root"))
    func `a read-only file system can be read and refuses writes`() async throws {
        let disk = try SmallDisk(at: path, kibibytes: 256)
        defer { disk.unmount() }
        let key = ObjectKey("a/b")
        let etag = try await DirectoryStore(path: path).put(key, [1], .ifAbsent)
        disk.makeReadOnly()
        let store = try DirectoryStore(path: path)
        #expect(try await store.get(key).bytes == [1])
        #expect(try await store.listAll(prefix: "").count == 1)
        for condition in [WriteCondition.ifAbsent, .none, .ifMatch(etag)] {
            for key in [ObjectKey("a/c"), ObjectKey("new/c")] {
                let error = try await expect(.refused, .notFound) {
                    _ = try await store.put(key, [2], condition)
                }
                #expect(error?.mayHaveBeenApplied == false)
            }
        }
        try await expect(.refused) { try await store.delete(key) }
        try await expect(.preconditionFailed) { _ = try await store.put(key, [2], .ifAbsent) }
    }

    @Test(.enabled(if: geteuid() != 0, "root may write everywhere"))
    func `a directory without permission refuses`() async throws {
        let store = try DirectoryStore(path: path)
        _ = try await store.put(ObjectKey("d/a"), [1], .ifAbsent)
        chmod(path + "/d", 0o500)
        defer { chmod(path + "/d", 0o700) }
        let error = try await expect(.refused) {
            _ = try await store.put(ObjectKey("d/b"), [1], .ifAbsent)
        }
        #expect(error?.message.contains("user") == true)
        #expect(children(path + "/.tmp") == [])
    }
}

// MARK: - Helpers

/// Runs `operation`, expecting a `StoreError` with one of `codes`; returns it.
@discardableResult
private func expect(
    _ codes: StoreError.Code..., operation: () async throws -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws -> StoreError? {
    let error = await #expect(throws: StoreError.self, sourceLocation: sourceLocation) {
        try await operation()
    }
    if let error {
        #expect(codes.contains(error.code), "\(error)", sourceLocation: sourceLocation)
    }
    return error
}

private func write(_ text: String, to path: String) {
    guard let file = fopen(path, "w") else { fatalError("cannot write \(path)") }
    fputs(text, file)
    fclose(file)
}

/// Up to 1,000 bytes of a text file, nil if there is none.
private func contents(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 1_000)
    let count = fread(&buffer, 1, buffer.count, file)
    return String(decoding: buffer.prefix(count), as: UTF8.self)
}

/// Sorted names in a directory.
func children(_ path: String) -> [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
}

/// A tmpfs of a given size mounted over a directory.
private struct SmallDisk {
    let path: String

    static let isAvailable: Bool = {
        let directory = TemporaryDirectory()
        guard let disk = try? SmallDisk(at: directory.path, kibibytes: 64) else { return false }
        disk.unmount()
        return true
    }()

    struct MountError: Error {
        let number: Int32
    }

    init(at path: String, kibibytes: Int) throws {
        self.path = path
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(kibibytes)k") == 0 else {
            throw MountError(number: errno)
        }
    }

    func makeReadOnly() {
        let remountReadOnly: UInt = 32 | 1
        #expect(mount("tmpfs", path, "tmpfs", remountReadOnly, nil) == 0)
    }

    func unmount() {
        umount2(path, 2)
    }
}
