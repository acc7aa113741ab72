import Glibc
import HifCore
import HifRepository
import HifWorkspace

/// What a command has around it: the console, the directory, the clock, and the workspace there.
final class Context {
    let console: Console
    /// The present directory, absolute.
    let directory: [UInt8]
    let mayAsk: Bool
    /// What of the answer was asked for; nil: all of it.
    var fields: FieldChoice?
    let world = World(
        now: Moment.now,
        random: {
            var generator = SystemRandomNumberGenerator()
            return generator.next()
        },
        pause: { millis in try? await Task.sleep(nanoseconds: millis * 1_000_000) })

    init(console: Console, noInput: Bool) throws {
        self.console = console
        mayAsk =
            !noInput && !console.isJSON && isatty(STDIN_FILENO) == 1 && console.isErrorTerminal
            && Environment["CI"] == nil && Environment["HIF_NO_INPUT"] == nil
        guard let path = getcwd(nil, 0) else {
            throw Failure(
                "io", .failed, "the present directory is gone: \(String(cString: strerror(errno)))")
        }
        directory = UnsafeBufferPointer(start: path, count: strlen(path)).map(
            UInt8.init(bitPattern:))
        free(path)
    }

    /// What of these fields of the answer was asked for.
    func chosen(_ data: [String: JSON]) -> [String: JSON] { fields?.chosen(data) ?? data }

    // MARK: Workspace

    enum Use {
        case reading
        /// Writes history under somebody's name.
        case writing
    }

    /// The workspace around the present directory.
    ///
    /// - Parameter isRepairing: also with an index that cannot be read.
    func workspace(
        _ use: Use = .reading, isRepairing: Bool = false
    ) async throws -> Workspace {
        guard let root = Workspace.findRoot(from: directory) else {
            throw WorkspaceError(
                .notAWorkspace,
                "this is not a workspace: there is no .hif here or above",
                hint:
                    "hif init --store DIR makes one here; hif checkout NAME makes one of a project")
        }
        return try await open(root, use, isRepairing: isRepairing)
    }

    func open(
        _ root: [UInt8], _ use: Use, isRepairing: Bool = false
    ) async throws -> Workspace {
        try await Workspace(
            root: root, author: use == .writing ? Identity.author() : Identity.nobody, world: world,
            isRepairing: isRepairing,
            connect: { try await Stores.connect($0, world: self.world) })
    }

    /// How long a lock that somebody else holds is waited for. Most hold it for an instant.
    private static let lockMillisMax: Int64 = 5_000

    /// Runs `body` as `Workspace.changing` does, and waits a little for another process first.
    func changing<Result>(
        _ workspace: Workspace, _ body: () async throws -> Result
    ) async throws -> Result {
        let deadline = world.now() + Context.lockMillisMax
        let display = ProgressLine(console, now: world.now)
        workspace.filesDone = { done, count in
            display.show("Files: \(done) of \(count)")
            if done == count { display.end() }
        }
        defer { display.end() }
        while true {
            var hasBegun = false
            do {
                return try await workspace.changing {
                    hasBegun = true
                    for settled in workspace.settledNow {
                        let landing = settled.landing
                        console.note(
                            "A landing whose answer was lost is there: @\(landing.position), "
                                + SafeText.escape(landing.goal.firstLine))
                    }
                    return try await body()
                }
            } catch let error as WorkingCopyError
                where error.code == .locked && !hasBegun && world.now() < deadline
            {
                await world.pause(20)
            }
        }
    }

    // MARK: Paths

    /// The path that an argument names, from the present directory; nil for the top directory.
    func path(_ argument: String, in workspace: Workspace) throws -> RepoPath? {
        let given = ArgumentBytes.bytes(argument)
        guard !given.isEmpty else { throw Failure.usage("a path is empty") }
        let slash = RepoPath.slash
        let root = workspace.root == [slash] ? [] : workspace.root
        var whole = given.first == slash ? given : directory + [slash] + given
        if given.first == slash, !Context.isInside(Context.normal(whole), root) {
            // The workspace may be known under another name, through a link.
            whole = Context.realParent(whole)
        }
        var normal = Context.normal(whole)
        if let real = try throughLink(normal, root, in: workspace) { normal = real }
        guard Context.isInside(normal, root) else {
            throw Failure(
                "path_outside", .usage,
                "'\(SafeText.escape(given))' is outside the workspace \(SafeText.escape(workspace.root))",
                hint: "name a path in it: hif ls shows them"
            )
        }
        let rest = Array(normal.dropFirst(root.count).drop { $0 == slash })
        return rest.isEmpty ? nil : try RepoPath(rest)
    }

    /// Where a path through a linked directory leads, as for the shell; nil where no link is in the
    /// way, where it leads outside, and where the project knows the path as it is written.
    private func throughLink(
        _ path: [UInt8], _ root: [UInt8], in workspace: Workspace
    ) throws -> [UInt8]? {
        let real = Context.realParent(path)
        guard real != path, Context.isInside(path, root), Context.isInside(real, root),
            let written = try? RepoPath(Array(path.dropFirst(root.count + 1))),
            try workspace.index[written] == nil
        else { return nil }
        return real
    }

    /// The paths that arguments name; empty means all, as does the top directory among them.
    func paths(_ arguments: [String], in workspace: Workspace) throws -> [RepoPath] {
        var paths: [RepoPath] = []
        for argument in arguments {
            guard let path = try path(argument, in: workspace) else { return [] }
            paths.append(path)
        }
        return paths
    }

    /// As `path(_:in:)`, and the top directory will not do.
    func file(_ argument: String, in workspace: Workspace) throws -> RepoPath {
        guard let path = try path(argument, in: workspace) else {
            throw Failure.usage(
                "'\(SafeText.escape(ArgumentBytes.bytes(argument)))' is the top directory, not a file"
            )
        }
        return path
    }

    private static func isInside(_ path: [UInt8], _ root: [UInt8]) -> Bool {
        path.starts(with: root) && (path.count == root.count || path[root.count] == RepoPath.slash)
    }

    /// Without empty names, `.` and `..`; not looking at links.
    static func normal(_ path: [UInt8]) -> [UInt8] {
        var names: [ArraySlice<UInt8>] = []
        for name in path.split(separator: RepoPath.slash) {
            if name.elementsEqual(".".utf8) { continue }
            if name.elementsEqual("..".utf8) {
                _ = names.popLast()
            } else {
                names.append(name)
            }
        }
        return names.flatMap { [RepoPath.slash] + $0 }
    }

    /// The path with its directory's links resolved, if there is such a directory.
    private static func realParent(_ path: [UInt8]) -> [UInt8] {
        guard let cut = path.lastIndex(of: RepoPath.slash), cut > 0 else { return path }
        let parent = path[..<cut].map(CChar.init(bitPattern:)) + [0]
        guard let real = realpath(parent, nil) else { return path }
        defer { free(real) }
        let bytes = UnsafeBufferPointer(start: real, count: strlen(real)).map(
            UInt8.init(bitPattern:))
        return bytes + path[cut...]
    }
}
