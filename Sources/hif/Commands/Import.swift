import ArgumentParser
import HifCore
import HifRepository
import HifWorkspace

struct Import: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Bring the history of a git repository into a project.",
        discussion: """
            hif import ../app ana/app --store ~/hif
            hif import https://example.org/app.git ana/app
            hif import ../app ana/app --branch trunk

            Every commit of the branch's first-parent line becomes a landing; tags on the line name \
            positions. Run it again to go on where it stopped, or for new commits. In a store on \
            this machine the project is made if it is not there.
            """)

    @Argument(help: "The repository: a path, or a URL that git can clone.")
    var source: String
    @Argument(help: "Name of the project, as account/project.")
    var project: String
    @Option(help: "Another branch than the one checked out there.")
    var branch: String?
    @Option(help: ArgumentHelp("Directory of a store on this machine.", valueName: "dir"))
    var store: String?
    @OptionGroup var common: CommonOptions

    static let data: Shape = .object([
        "project": .string, "from": .int, "position": .int, "tags_set": .int,
        "tags_left_out": .list(.string), "left_out": .list(.string), "left_out_count": .int,
    ])

    /// Lines of what was left out that a person is shown; `--json` has them all, up to a bound.
    private static let shownMax = 10

    func run(_ context: Context) async throws -> Outcome {
        try LocalStore.check(project)
        let location = try GitLocation(ArgumentBytes.text(source))
        let cache = try ImportCache.directory()
        let place = try ProjectPlace.resolve(store: store)
        let repository = try GitSource.open(
            location, cache: cache + "/clones/" + ImportCache.name(of: source),
            branch: branch.map(ArgumentBytes.text))
        let (remote, id) = try await destination(place, context)
        let importer = try GitImporter(
            repository, into: remote, project: id, stateDirectory: cache + "/projects",
            world: context.world)
        let display = ProgressLine(context.console, now: context.world.now)
        let result: GitImportResult
        do {
            result = try await importer.run { display.show($0.text) }
        } catch {
            display.end()
            throw error
        }
        display.end()
        return report(result, context)
    }

    private func destination(
        _ place: ProjectPlace, _ context: Context
    ) async throws -> (any Remote, ProjectID) {
        switch place {
        case .store(let path):
            let (store, _) = try await Stores.open(path, creating: true, world: context.world)
            let known = try await store.project(named: project)
            let found: LocalStore.Project
            if let known {
                found = known
            } else {
                found = try await store.createProject(named: project)
            }
            return (LocalRemote(store.repository(found.id)), found.id)
        case .forge(let url):
            let config = try await Forge.connector().find(project, at: url)
            guard let id = ProjectID(hex: config.projectID) else {
                throw WorkspaceError(.damaged, "the forge named the project in an unknown way")
            }
            return (try await Forge.connector().open(config), id)
        }
    }

    private func report(_ result: GitImportResult, _ context: Context) -> Outcome {
        let console = context.console
        for entry in result.report.entries.prefix(Import.shownMax) { console.note("\(entry)") }
        if result.report.count > Import.shownMax {
            console.note(
                "and \(result.report.count - Import.shownMax) more that could not be kept.")
        }
        if !result.tagsLeftOut.isEmpty {
            console.note(
                "Tags that name no commit of the line: "
                    + result.tagsLeftOut.prefix(Import.shownMax).joined(separator: ", ")
                    + (result.tagsLeftOut.count > Import.shownMax ? ", ..." : "") + ".")
        }
        if result.isUpToDate {
            console.line(
                "\(project) is up to date: everything was imported before, to @\(result.to).")
        } else {
            let count = result.to - result.from
            console.line(
                "Imported \(count) commit\(count == 1 ? "" : "s") and \(result.tagsSet)"
                    + " tag\(result.tagsSet == 1 ? "" : "s"): \(project) is at @\(result.to).")
        }
        return Outcome(
            data: [
                "project": .string(project), "from": .int(result.from),
                "position": .int(result.to), "tags_set": .int(result.tagsSet),
                "tags_left_out": .array(result.tagsLeftOut.map { .string($0) }),
                "left_out": .array(result.report.entries.map { .string("\($0)") }),
                "left_out_count": .int(result.report.count),
            ], next: ["hif checkout \(project)"])
    }
}

extension GitImportProgress {
    fileprivate var text: String {
        switch self {
        case .reading(let done, let total, let bytes):
            "Reading contents: \(done) of \(total), \(bytes >> 20) MB"
        case .landing(let done, let total): "Landing: \(done) of \(total)"
        }
    }
}

/// Where imports keep clones of URLs and what they know of contents. May be deleted at any time.
private enum ImportCache {
    static func directory() throws -> String {
        let base: String
        if let cache = Environment["XDG_CACHE_HOME"], cache.hasPrefix("/") {
            base = cache
        } else if let home = Environment["HOME"], home.hasPrefix("/") {
            base = home + "/.cache"
        } else {
            throw Failure.usage("where may an import keep its notes?", hint: "set XDG_CACHE_HOME")
        }
        let path = base + "/hif/import"
        try Stores.makeDirectories(path + "/clones")
        return path
    }

    static func name(of source: String) -> String {
        String(Blake3.hash(Array(source.utf8)).hex.prefix(32))
    }
}
