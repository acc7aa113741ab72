import ArgumentParser
import Glibc
import HifCore
import HifRepository
import HifWorkspace

struct Checkout: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkout", abstract: "Make a workspace of a project.",
        discussion: """
            hif checkout ana/app                     into ./app, at the newest position
            hif checkout ana/app work --at @5
            hif checkout ana/app --store ~/hif
            hif checkout http://127.0.0.1:4000/ana/app

            Run it again after an interruption: it finishes what was begun.
            """)

    @OptionGroup var target: CheckoutTarget
    @OptionGroup var common: CommonOptions

    static let data = CheckoutTarget.data

    func run(_ context: Context) async throws -> Outcome { try await target.checkOut(context) }
}

struct Clone: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "clone", abstract: "The same as checkout, for fingers that know git.",
        discussion: """
            hif clone http://127.0.0.1:4000/ana/app [dir]
            hif clone ana/app --store ~/hif
            """)

    @OptionGroup var target: CheckoutTarget
    @OptionGroup var common: CommonOptions

    static let data = CheckoutTarget.data

    func run(_ context: Context) async throws -> Outcome { try await target.checkOut(context) }
}

/// What a workspace is made of and where.
struct CheckoutTarget: ParsableArguments {
    @Argument(help: "The project: account/project, or its address on a forge.")
    var project: String
    @Argument(
        help: ArgumentHelp(
            "Where to; by default a directory of the project's name.", valueName: "dir"))
    var directory: String?
    @Option(
        help: ArgumentHelp(
            "The position to begin with; by default the newest.", valueName: "position"))
    var at: String?
    @Option(help: ArgumentHelp("Directory of a store on this machine.", valueName: "dir"))
    var store: String?

    static let data: Shape = .object([
        "project": .string, "root": .string, "position": .int, "written": .int,
    ])

    func checkOut(_ context: Context) async throws -> Outcome {
        if project.hasPrefix("@") {
            throw Failure.usage(
                "'\(SafeText.escape(project))' is a position, and checkout makes a workspace of a project",
                hint: "hif goto \(Shell.quote(project))")
        }
        let (name, url) = Self.split(project)
        guard !name.isEmpty else {
            throw Failure.usage(
                "'\(SafeText.escape(project))' names no project",
                hint: "hif checkout http://host/account/project; hif project list")
        }
        if let url, store != nil {
            throw Failure.usage(
                "--store names a store on this machine, and \(SafeText.escape(url)) is a forge",
                hint: "hif checkout \(Shell.quote(project)), or: hif checkout "
                    + "\(Shell.quote(name)) --store DIR")
        }
        let config = try await config(name, url, context)
        let target = try directory.map(ArgumentBytes.bytes) ?? Array(Self.lastName(name).utf8)
        guard !target.isEmpty else { throw Failure.usage("the directory's name is empty") }
        let path = String(
            decoding: target.first == RepoPath.slash
                ? target : context.directory + [RepoPath.slash] + target, as: UTF8.self)
        let (isNew, isMade) = try prepare(path, config)
        let root = try Stores.absolute(path)
        do {
            return try await fill(root, shown: SafeText.escape(target), context)
        } catch let error as WorkspaceError
            where isNew && [.inTheWay, .usage, .notFound].contains(error.code)
        {
            // Refused before anything was written: leave no trace, so that it can be tried again.
            Self.removeNew(root, isMade: isMade)
            throw error
        } catch {
            // What to do about it is done in the workspace that this is now.
            var failure = Failure(error)
            if failure.hint == Failure.fsckHint, let word = Shell.word(target) {
                failure.hint = "hif -C \(word) fsck --deep"
            }
            throw failure
        }
    }

    private func fill(_ root: String, shown: String, _ context: Context) async throws -> Outcome {
        let workspace = try await context.open(Array(root.utf8), .reading)
        // What another run began and did not end is finished before anything else.
        let isResumed = try workspace.pendingOperation() != nil
        let move = try await context.changing(workspace) { () -> MoveReport? in
            // Whatever was begun before is finished here.
            var wanted: Position?
            if let at { wanted = try await workspace.position(ArgumentBytes.text(at)) }
            if workspace.base.position > 0 {
                guard let wanted, wanted != workspace.base.position else { return nil }
                throw WorkspaceError(
                    .alreadyThere,
                    "'\(shown)' is a workspace of \(workspace.config.project) already, at @\(workspace.base.position)",
                    hint: "to move it: cd \(shown) && hif goto @\(wanted)")
            }
            if wanted == nil { wanted = try await workspace.remote.newest().position }
            return try await workspace.move(
                to: wanted ?? 0, operation: "checkout", policy: .refuse)
        }
        let position = workspace.base.position
        if let move {
            context.console.line(
                "\(workspace.config.project) at @\(position) in '\(shown)', "
                    + "\(Changes.count(move.writtenCount, "file")) written.")
        } else if isResumed {
            context.console.line(
                "Finished what was cut short: \(workspace.config.project) at @\(position) in '\(shown)'."
            )
        } else {
            context.console.line(
                "'\(shown)' is a workspace of \(workspace.config.project) already, at @\(position)."
            )
        }
        return Outcome(
            data: [
                "project": .string(workspace.config.project), "root": .string(root),
                "position": .int(position), "written": .int(move?.writtenCount ?? 0),
            ], next: ["cd \(shown)"])
    }

    private func config(
        _ name: String, _ url: String?, _ context: Context
    ) async throws -> WorkspaceConfig {
        switch try ProjectPlace.resolve(store: store, url: url) {
        case .store(let path):
            let (store, absolute) = try await Stores.open(path, world: context.world)
            let project = try await Stores.project(name, in: store)
            return WorkspaceConfig(
                place: .store(path: absolute), project: project.name, projectID: project.id,
                storeID: store.id)
        case .forge(let url):
            return try await Forge.connector().find(name, at: url)
        }
    }

    /// Makes `path` a workspace of the project, or finds that it is one. Returns whether it became
    /// one now, and whether the directory was made for it.
    private func prepare(
        _ path: String, _ config: WorkspaceConfig
    ) throws -> (isNew: Bool, isMade: Bool) {
        let isMade = access(path, F_OK) != 0
        try Stores.makeDirectories(path)
        let root = Array(path.utf8)
        if let known = try WorkspaceConfig.load(root: root) {
            guard known.projectID == config.projectID, known.storeID == config.storeID else {
                throw WorkspaceError(
                    .alreadyThere,
                    "'\(SafeText.escape(path))' is a workspace of '\(SafeText.escape(known.project))'",
                    hint: "choose another directory")
            }
            return (false, false)
        }
        let names = try DirectoryHandle(path: root).names()
        // A git checkout may become a workspace too: equal files are taken as they are, others stop
        // it. A `.hif` without a config is a checkout that was cut short before it began.
        let isGit = names.contains(Array(".git".utf8))
        guard isGit || names.allSatisfy({ $0 == Array(".hif".utf8) }) else {
            throw WorkspaceError(
                .inTheWay, "'\(SafeText.escape(path))' is not empty",
                hint: "choose another directory")
        }
        try Workspace.create(at: root, config: config, isCheckout: true)
        return (true, isMade)
    }

    private static func removeNew(_ root: String, isMade: Bool) {
        for name in [".gitignore", "config", "index", "state", "lock", "clock", "journal"] {
            unlink(root + "/.hif/" + name)
        }
        for name in ["tmp", "backup"] { rmdir(root + "/.hif/" + name) }
        rmdir(root + "/.hif")
        if isMade { rmdir(root) }
    }

    /// `http://host/ana/app` is the project `ana/app` of `http://host`.
    static func split(_ text: String) -> (name: String, url: String?) {
        let text = ArgumentBytes.text(text)
        guard text.hasPrefix("http://") || text.hasPrefix("https://") else { return (text, nil) }
        var parts = text.split(separator: "/", omittingEmptySubsequences: false)
        while parts.last == "" { parts.removeLast() }
        guard parts.count >= 5 else { return ("", text) }
        return (
            parts.suffix(2).joined(separator: "/"), parts.dropLast(2).joined(separator: "/")
        )
    }

    private static func lastName(_ name: String) throws -> String {
        guard let last = name.split(separator: "/").last, last != ".", last != ".." else {
            throw Failure.usage("which project?", hint: "hif checkout account/project")
        }
        return String(last)
    }
}
