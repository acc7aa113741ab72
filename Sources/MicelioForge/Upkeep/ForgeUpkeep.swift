import HifCore
package import HifRepository
package import HifStore

/// What an administrator lets do to the projects in a data directory, beside a running server or
/// without one: delete what nobody needs, build what is derived.
package struct ForgeUpkeep: Sendable {
    private let accounts: Accounts
    private let store: any ObjectStore
    private let searchDirectory: String

    /// - Parameter store: keeps the projects' content; the directory below `directory` when nil.
    /// - Throws: when there is no forge in `directory`.
    package init(directory: String, store: (any ObjectStore)? = nil) throws {
        let files = DataFiles(directory: directory)
        accounts = try Accounts(path: files.accounts)
        self.store = try store ?? DirectoryStore(path: files.store)
        searchDirectory = files.search
    }

    /// The names of all projects, or the one asked for.
    ///
    /// - Throws: `ForgeError` when there is none of that name.
    private func projects(named name: String?) async throws -> [(name: String, id: String)] {
        let all = try await accounts.allProjects().map { ($0.path.description, $0.storeProjectID) }
        guard let name else { return all }
        guard let found = all.first(where: { $0.0 == name }) else {
            throw Accounts.noProject(name)
        }
        return [found]
    }

    private func repository(
        _ id: String, report: @escaping @Sendable (String) -> Void = { _ in }
    ) -> Repository {
        Repository(
            store: PrefixedStore(store, prefix: ObjectKey("p/\(id)")), world: .system,
            report: report)
    }

    /// Deletes for good the projects whose time to be had back is over: first their content, then what is
    /// known of them, so that a run that was cut short is gone on with.
    package func purge(
        now: Int64, _ deliver: (_ project: String, _ objects: Int) async throws -> Void
    ) async throws {
        for project in try await accounts.projectsToPurge(now: now) {
            var count = 0
            do {
                for entry in try await store.listAll(prefix: "p/\(project.storeProjectID)/") {
                    try await store.delete(entry.key)
                    count += 1
                }
            } catch {
                throw ForgeError.translating(error)
            }
            SearchIndexes.forget(project.storeProjectID, in: searchDirectory)
            try await accounts.purgeProject(project, now: now)
            try await deliver("\(project.path)", count)
        }
    }

    /// Collects one project or all, and hands over what became of each.
    package func collect(
        project: String?, isDryRun: Bool,
        _ deliver: (_ project: String, CollectionReport) async throws -> Void
    ) async throws {
        for (name, id) in try await projects(named: project) {
            do {
                try await deliver(name, try await repository(id).collect(isDryRun: isDryRun))
            } catch {
                throw ForgeError.translating(error)
            }
        }
    }

    /// Compacts one project or all, in as many rounds as it takes, and hands over what each did.
    package func compact(
        project: String?, isWhole: Bool,
        progress: (_ project: String, _ done: UInt64, _ of: UInt64) -> Void = { _, _, _ in },
        _ deliver: (_ project: String, CompactionReport) async throws -> Void
    ) async throws {
        for (name, id) in try await projects(named: project) {
            do {
                var isPartial = true
                while isPartial {
                    let report = try await repository(id).compact(isWhole: isWhole) {
                        progress(name, $0, $1)
                    }
                    isPartial = report.isPartial && report.epoch != nil
                    try await deliver(name, report)
                }
            } catch {
                throw ForgeError.translating(error)
            }
        }
    }

    /// Builds what is derived and missing at the end of each log, or of one.
    ///
    /// - Parameter deliver: gets each project's name and whether all was built; what failed is said.
    package func keepUp(
        project: String?, report: @escaping @Sendable (String) -> Void,
        _ deliver: (_ project: String, _ isUpToDate: Bool) async throws -> Void
    ) async throws {
        for (name, id) in try await projects(named: project) {
            do {
                try await deliver(name, try await repository(id, report: report).keepUp())
            } catch {
                throw ForgeError.translating(error)
            }
        }
    }
}
