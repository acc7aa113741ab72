import HifRepository
package import HifStore

/// Deletes the rollups of projects and builds them anew from the log, beside a running server or not.
/// Meanwhile questions to the history take longer and get the same answers.
package struct RollupsRebuild: Sendable {
    /// A project, and how many rollups it has now.
    package struct Part: Sendable {
        package let name: String
        package let rollupCount: Int
    }

    private let accounts: Accounts
    private let store: any ObjectStore

    /// - Parameter store: keeps the projects' content; the directory below `directory` when nil.
    /// - Throws: when there is no forge in `directory`.
    package init(directory: String, store: (any ObjectStore)? = nil) throws {
        let files = DataFiles(directory: directory)
        accounts = try Accounts(path: files.accounts)
        self.store = try store ?? DirectoryStore(path: files.store)
    }

    /// Hands over each project as it is done.
    ///
    /// - Parameter name: only the project of this name; nil for all.
    /// - Throws: `ForgeError.notFound` when there is none of that name.
    package func run(
        only name: String?, _ deliver: (Part) async throws -> Void
    ) async throws {
        let projects = try await accounts.allProjects().filter {
            name == nil || $0.path.description == name
        }
        if projects.isEmpty, let name {
            throw ForgeError(
                .notFound, "there is no project '\(name)'", hint: "micelio admin project list")
        }
        for project in projects {
            let prefix = ObjectKey("p/\(project.storeProjectID)")
            let repository = Repository(store: PrefixedStore(store, prefix: prefix), world: .system)
            try await RollupBuilder(index: repository.rollups)
                .rebuild(upTo: try await repository.newest().epoch)
            let count = try await repository.store.listAll(prefix: "ix/").count
            try await deliver(Part(name: project.path.description, rollupCount: count))
        }
    }
}
