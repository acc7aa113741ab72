package import HifCore
package import HifRepository

/// A landing whose answer was lost, and what taking it in did to the files.
package struct SettledLanding: Sendable {
    package let landing: WorkspaceState.LastLanding
    /// The landing that it backs out; nil for one made of files.
    package let backsOut: Position?
    package let move: MoveReport
}

/// A working copy bound to a project: the files a person or agent edits, what was checked out, and
/// the way back to the project.
///
/// Reading commands take no lock. Whatever changes files or `.hif` goes through `changing(_:)`, which
/// holds the workspace's lock, first finishes what an earlier run began, and leaves a journal while
/// it works, so that a process that dies at any moment is made up for by the next.
package final class Workspace {
    /// Written into index and messages: which program made them.
    package static let program = "hif 1"
    static let directoryName = Array(".hif".utf8)

    package let root: [UInt8]
    package let config: WorkspaceConfig
    package let remote: any Remote
    package let author: Author
    package let world: World
    let top: DirectoryHandle
    let hifDirectory: DirectoryHandle
    let trees: TreeAccess
    /// Where the files come from: position and root of what was checked out.
    package private(set) var base: (position: Position, tree: ProllyTree)
    /// What was read of `.hif/index`; nil until somebody needs more of it than `base`. A question
    /// about history does not read a row for each file.
    private var loadedIndex: WorkspaceIndex?
    package internal(set) var state: WorkspaceState
    /// Landings whose answer was lost before, and which the present `changing(_:)` found out about.
    package internal(set) var settledNow: [SettledLanding] = []
    /// Told, while files are brought to another position, how many of how many changes are done.
    package var filesDone: (_ done: Int, _ of: Int) -> Void = { _, _ in }
    /// The journal tells of a move after a landing that `settleAttempts` has to begin again.
    var isLandCutShort = false

    /// Opens the workspace whose top directory is `root`.
    ///
    /// - Parameters:
    ///   - connect: makes the way to the project that the workspace is bound to. It need not reach
    ///     it: commands that need nothing from there work without.
    ///   - author: who works here.
    ///   - isRepairing: open also with an index that cannot be read; only `check` and `repairIndex`
    ///     may be called then.
    package init(
        root: [UInt8], author: Author, world: World, isRepairing: Bool = false,
        connect: (WorkspaceConfig) async throws -> any Remote
    ) async throws {
        self.root = root
        self.author = author
        self.world = world
        top = try DirectoryHandle(path: root)
        guard let directory = try top.directory(Workspace.directoryName) else {
            throw WorkspaceError(.notAWorkspace, "there is no .hif here")
        }
        hifDirectory = directory
        config = try WorkspaceConfig.load(from: directory)
        state = try WorkspaceState.load(from: directory)
        do {
            base = try Workspace.base(in: directory)
        } catch let error as WorkingCopyError where error.code == .indexCorrupt && isRepairing {
            base = (state.basePosition ?? 0, .empty)
        }
        remote = try await connect(config)
        if let local = remote as? LocalRemote, let hash = Hash(hex: state.baseSlotHash) {
            local.repository.remember(state.baseEpoch, hash: hash)
        }
        trees = TreeAccess(remote)
    }

    /// The top directory of the workspace that holds `directory`: the nearest one above with `.hif`.
    package static func findRoot(from directory: [UInt8]) -> [UInt8]? {
        var path = directory
        while true {
            if let handle = try? DirectoryHandle(path: path.isEmpty ? [RepoPath.slash] : path),
                (try? handle.directory(directoryName)) != nil,
                (try? handle.directory(directoryName)) ?? nil != nil
            {
                return path.isEmpty ? [RepoPath.slash] : path
            }
            guard let slash = path.lastIndex(of: RepoPath.slash) else { return nil }
            if path.isEmpty || path == [RepoPath.slash] { return nil }
            path = Array(path[..<slash])
        }
    }

    /// Makes `root`, which must be a directory, a workspace of the project, standing at `@0` with
    /// whatever files are there as additions. Nothing of them is touched.
    ///
    /// - Parameter isCheckout: files of the project follow; until they are there, `state` says so.
    package static func create(
        at root: [UInt8], config: WorkspaceConfig, isCheckout: Bool = false
    ) throws {
        let top = try DirectoryHandle(path: root)
        let effects = FileEffects()
        if try top.directory(directoryName) == nil {
            try effects.makeDirectory(directoryName, in: top)
        }
        guard let directory = try top.directory(directoryName) else {
            throw WorkspaceError(.inTheWay, "there is a file named .hif here")
        }
        guard try directory.contents(WorkspaceConfig.fileName) == nil else {
            throw WorkspaceError(
                .alreadyThere, "this directory is a workspace already",
                hint: "hif status")
        }
        try hideFromGit(directory)
        try WorkspaceIndex(baseRoot: ProllyTree.empty.root).save(to: directory, writer: program)
        if isCheckout {
            var state = WorkspaceState()
            state.checkoutBegun = true
            try state.save(to: directory)
        }
        try config.save(to: directory)
    }

    /// In a git checkout too `.hif` belongs to hif alone: `git add`, `stash` and `clean` pass it by.
    private static func hideFromGit(_ directory: DirectoryHandle) throws {
        let name = Array(".gitignore".utf8)
        guard try directory.stat(name) == nil else { return }
        try FileEffects().replace(name, with: Array("*\n".utf8), in: directory)
    }

    private static func base(
        in directory: DirectoryHandle
    ) throws -> (position: Position, tree: ProllyTree) {
        guard let base = try WorkspaceIndex.loadBase(from: directory) else {
            return (0, .empty)
        }
        return (base.position, ProllyTree(root: base.root))
    }

    /// What was checked out, path by path. The first call reads it.
    ///
    /// - Throws: `WorkingCopyError` with code `indexCorrupt` or `fromNewerVersion`.
    package var index: WorkspaceIndex {
        get throws {
            if let loadedIndex { return loadedIndex }
            let index =
                try WorkspaceIndex.load(from: hifDirectory)
                ?? WorkspaceIndex(baseRoot: ProllyTree.empty.root)
            keep(index)
            return index
        }
    }

    /// Makes `index` the one this value goes on with; `saveIndex` writes it.
    func keep(_ index: WorkspaceIndex) {
        base = (index.basePosition, ProllyTree(root: index.baseRoot))
        loadedIndex = index
    }

    /// Milliseconds since 1970.
    var now: Int64 { world.now() }

    // MARK: Changing

    /// Runs `body` with the lock held and nothing unfinished behind it.
    ///
    /// - Throws: `WorkingCopyError` with code `locked` when another process changes the workspace.
    package func changing<Result>(_ body: () async throws -> Result) async throws -> Result {
        let lock = try WorkspaceLock(hifDirectory: hifDirectory, nowSeconds: now / 1000)
        // Another process may have changed both since they were read.
        state = try WorkspaceState.load(from: hifDirectory)
        loadedIndex = nil
        base = try Workspace.base(in: hifDirectory)
        settledNow = []
        // Workspaces that an earlier hif made have none.
        try Workspace.hideFromGit(hifDirectory)
        try await finishApplying()
        try await finishMove()
        try await settleAttempts()
        let result = try await body()
        _ = consume lock
        return result
    }

    func saveState() throws {
        try state.save(to: hifDirectory)
    }

    func saveIndex() throws {
        try index.save(to: hifDirectory, writer: Workspace.program)
    }

    // MARK: Looking

    /// Compares files and index. Settles rows of the index in memory; `keepScan` writes them back.
    package func status() throws -> StatusReport {
        var index = try self.index
        // The scan changes it where it lies, if nobody else has it.
        loadedIndex = nil
        defer { keep(index) }
        return try StatusScan(root: top, hifDirectory: hifDirectory).run(&index)
    }

    /// Keeps what a scan learned, if nobody else is at work: a convenience that may fail silently.
    package func keepScan(_ report: StatusReport) {
        guard report.isIndexChanged,
            let lock = try? WorkspaceLock(hifDirectory: hifDirectory, nowSeconds: now / 1000)
        else { return }
        // Only if the index is still the one that was scanned against.
        if let current = try? Workspace.base(in: hifDirectory), current == base,
            (try? Journal(hifDirectory: hifDirectory).pending()) == .some(nil)
        {
            try? saveIndex()
        }
        _ = consume lock
    }

    /// The content of a file of the working copy as a blob holds it: a link's target for a link.
    ///
    /// - Returns: nil when there is neither file nor link.
    package func fileContent(_ path: RepoPath, bytesMax: Int) throws -> (
        leaf: Leaf, bytes: [UInt8]
    )? {
        try WorkingFile.read(path, below: top, bytesMax: bytesMax)
    }

    /// The contents of blobs in memory; for what is known to be small.
    package func contents(of hashes: [Hash], at position: Position) async throws -> [Hash: [UInt8]]
    {
        var contents: [Hash: [UInt8]] = [:]
        guard !hashes.isEmpty else { return [:] }
        try await remote.contents(hashes, at: position) { piece in
            if piece.isLast, contents[piece.id] == nil {
                contents[piece.id] = piece.bytes
            } else {
                contents[piece.id, default: []] += piece.bytes
            }
        }
        return contents
    }
}
