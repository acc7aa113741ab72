import ArgumentParser
import HifCore
import HifWorkspace

struct Project: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "project", abstract: "Make and list projects.",
        subcommands: [ProjectCreate.self, ProjectList.self])
}

struct ProjectCreate: HifCommand {
    static let words = "project create"
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make an empty project.",
        discussion: """
            hif project create ana/app --description "Our app"
            hif project create ana/app --store ~/hif
            """)

    @Argument(help: "Name of the project, as account/project.")
    var name: String
    @Option(help: ArgumentHelp("Directory of a store on this machine.", valueName: "dir"))
    var store: String?
    @Option(help: "What it is about, in a sentence (on a forge).")
    var description: String = ""
    @Flag(name: .customLong("private"), help: "Only for its members (on a forge).")
    var isPrivate = false
    @OptionGroup var common: CommonOptions

    static let data: Shape = .object(["name": .string, "id": .string])

    func run(_ context: Context) async throws -> Outcome {
        try LocalStore.check(name)
        let id: String
        var next = "hif checkout \(name)"
        var readers = ""
        switch try ProjectPlace.resolve(store: store) {
        case .store(let path):
            let (store, _) = try await Stores.open(path, creating: true, world: context.world)
            id = try await store.createProject(named: name).id.hex
            if self.store != nil { next += " --store \(SafeText.escape(path))" }
        case .forge(let url):
            id = try await Forge.connector().createProject(
                name, description: ArgumentBytes.text(description, for: "the description"),
                isPrivate: isPrivate, at: url
            ).id
            readers = isPrivate ? ", for its members only" : ", which everybody may read"
        }
        context.console.line("Made the project \(name)\(readers).")
        return Outcome(data: ["name": .string(name), "id": .string(id)], next: [next])
    }
}

struct ProjectList: HifCommand {
    static let words = "project list"
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the projects of a store, or of a forge.",
        discussion: """
            hif project list
            hif project list --store ~/hif
            """)

    @Option(help: ArgumentHelp("Directory of a store on this machine.", valueName: "dir"))
    var store: String?
    @OptionGroup var common: CommonOptions

    static let data: Shape = .object([
        "projects": .list(.open(["name": .string, "id": .string], ["description": .string]))
    ])

    func run(_ context: Context) async throws -> Outcome {
        var projects: [JSON] = []
        func add(_ name: String, _ id: String, _ description: String?) {
            var fields: [String: JSON] = ["name": .string(name), "id": .string(id)]
            if let description { fields["description"] = .string(description) }
            projects.append(.object(fields))
            let about = (description ?? "").isEmpty ? "" : "  \(SafeText.escape(description ?? ""))"
            context.console.line(SafeText.escape(name) + about)
        }
        switch try place(context) {
        case .store(let path):
            let (store, _) = try await Stores.open(path, world: context.world)
            for project in try await store.projects() { add(project.name, project.id.hex, nil) }
        case .forge(let url):
            for project in try await Forge.connector().projects(at: url) {
                add(project.name, project.id, project.description)
            }
        }
        if projects.isEmpty { context.console.note("There is no project yet.") }
        return Outcome(data: ["projects": .array(projects)])
    }

    /// Inside a workspace, where that one's project is, unless the words say otherwise.
    private func place(_ context: Context) throws -> ProjectPlace {
        if store == nil, let root = Workspace.findRoot(from: context.directory),
            let config = try? WorkspaceConfig.load(root: root)
        {
            switch config.place {
            case .store(let path): return .store(path: path)
            case .forge(let url): return .forge(url: url)
            }
        }
        return try ProjectPlace.resolve(store: store)
    }
}
