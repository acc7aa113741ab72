import ArgumentParser
import HifCore
import HifRepository
import HifS3
import HifWorkspace

struct Init: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a project in a store on this machine, and a workspace of it here.",
        discussion: """
            hif init --store ~/hif              the project is named after you and this directory
            hif init --store ~/hif ana/app      or as you say

            The store and the project are made if they are not there. Files that are here stay as \
            they are, and are the first changes to land.
            """)

    @Option(help: ArgumentHelp("Directory of the store, or s3://bucket/prefix.", valueName: "dir"))
    var store: String?
    @Argument(help: "Name of the project, as account/project.")
    var name: String?
    @OptionGroup var common: CommonOptions

    static let data: Shape = .object([
        "project": .string, "store": .string, "root": .string, "created": .bool,
    ])

    func run(_ context: Context) async throws -> Outcome {
        guard case .store(let path) = try ProjectPlace.resolve(store: store) else {
            throw Failure.usage(
                "where shall the project's store be?",
                hint: "hif init --store ~/hif" + (name.map { " " + Shell.quote($0) } ?? ""))
        }
        if let root = Workspace.findRoot(from: context.directory) {
            if root == context.directory { return try await again(root, path, context) }
            throw WorkspaceError(
                .alreadyThere,
                "this directory is inside the workspace \(SafeText.escape(root))",
                hint: "hif status")
        }
        let name = try name ?? defaultName(context)
        try LocalStore.check(name)
        let root = String(decoding: context.directory, as: UTF8.self)
        guard !isSeen(path, below: root) else {
            throw WorkspaceError(
                .refused,
                "the store would lie inside the working copy, among the files to land",
                hint: "choose a directory outside, such as --store ~/hif")
        }
        let (store, absolute) = try await Stores.open(path, creating: true, world: context.world)
        let known = try await store.project(named: name)
        if let known {
            let newest = try await LocalRemote(store.repository(known.id)).newest()
            guard newest.position == 0 else {
                throw WorkspaceError(
                    .alreadyThere,
                    "'\(name)' has history already, up to @\(newest.position)",
                    hint: "hif checkout \(name) --store \(SafeText.escape(path))")
            }
        }
        let project: LocalStore.Project
        if let known {
            project = known
        } else {
            project = try await store.createProject(named: name)
        }
        try Workspace.create(
            at: context.directory,
            config: WorkspaceConfig(
                place: .store(path: absolute), project: project.name, projectID: project.id,
                storeID: store.id))
        context.console.line("\(project.name) is ready: this directory is a workspace of it.")
        return Outcome(
            data: [
                "project": .string(project.name), "store": .string(absolute),
                "root": .string(root), "created": .bool(known == nil),
            ], next: ["hif status", "hif land \"First files\""])
    }

    /// A second `init` in the same place is no mistake, if it means the same.
    private func again(
        _ root: [UInt8], _ path: String, _ context: Context
    ) async throws -> Outcome {
        let workspace = try await context.open(root, .reading)
        let isSame = name.map { $0 == workspace.config.project } ?? true
        guard isSame, case .store(let bound) = workspace.config.place,
            (try? Stores.absolute(path)) == bound
        else {
            throw WorkspaceError(
                .alreadyThere,
                "this directory is a workspace of '\(SafeText.escape(workspace.config.project))' already",
                hint: "hif status")
        }
        context.console.line(
            "This directory is a workspace of \(workspace.config.project) already.")
        return Outcome(data: [
            "project": .string(workspace.config.project), "store": .string(bound),
            "root": .string(String(decoding: root, as: UTF8.self)), "created": .bool(false),
        ])
    }

    /// Whether a scan of the working copy would come upon the store.
    private func isSeen(_ store: String, below root: String) -> Bool {
        if S3Address.isOne(store) { return false }
        let absolute = String(
            decoding: Context.normal(
                Array((store.hasPrefix("/") ? store : root + "/" + store).utf8)),
            as: UTF8.self)
        let inside = root == "/" ? "/" : root + "/"
        return absolute == root
            || absolute.hasPrefix(inside) && !absolute.hasPrefix(inside + ".hif/")
    }

    /// `<user>/<directory>`, with what a name cannot hold replaced.
    private func defaultName(_ context: Context) throws -> String {
        func clean(_ text: String) -> String {
            let kept = text.map { character in
                character.isASCII
                    && (character.isLetter || character.isNumber || "-_.".contains(character))
                    ? character : "-"
            }
            return String(kept.drop { !$0.isLetter && !$0.isNumber }.prefix(64))
        }
        let user = clean(Environment["USER"] ?? Environment["LOGNAME"] ?? "me")
        let last = context.directory.split(separator: RepoPath.slash).last.map(Array.init) ?? []
        let directory = clean(String(decoding: last, as: UTF8.self))
        guard !user.isEmpty, !directory.isEmpty else {
            throw Failure.usage(
                "how shall the project be called?", hint: "hif init --store DIR account/project")
        }
        return "\(user)/\(directory)"
    }
}
