import HifCore
package import HifRepository
package import HifStore

/// Checks everything in a data directory: the accounts database, every project that it names, and
/// that the store holds no project it does not name.
///
/// Works beside a running server: it reads what was there when it began. `repair` deletes and makes
/// anew only what is derived.
package struct ForgeCheck: Sendable {
    /// What was found of one project, or of the database.
    package struct Part: Sendable {
        /// A project's name, `accounts`, or the id of a project without a name.
        package let name: String
        /// Sentences, worst things first where there is an order; empty when all is well.
        package let problems: [String]
        /// What is worth knowing and harms nothing.
        package let notes: [String]
        /// Of a project that could be read.
        package let report: FsckReport?
        package let repairedKeys: [String]
    }

    private let accounts: Accounts
    private let store: any ObjectStore
    private let other: (any ObjectStore)?

    /// - Parameters:
    ///   - store: keeps the projects' content; the directory below `directory` when nil.
    ///   - other: a store with the same projects, from which damage is repaired.
    /// - Throws: when there is no forge in `directory`.
    package init(
        directory: String, store: (any ObjectStore)? = nil,
        repairingFrom other: (any ObjectStore)? = nil
    ) throws {
        let files = DataFiles(directory: directory)
        accounts = try Accounts(path: files.accounts)
        self.store = try store ?? DirectoryStore(path: files.store)
        self.other = other
    }

    /// Hands over each part as it is done.
    ///
    /// - Returns: whether nothing was wrong (or everything wrong was repaired).
    package func run(
        deep: Bool, repair: Bool, _ deliver: (Part) async throws -> Void
    ) async throws -> Bool {
        let database = try await databasePart()
        try await deliver(database)
        var isHealthy = database.problems.isEmpty
        let projects = try await accounts.allProjects()
        for project in projects {
            let part = await part(
                project.path.description, id: project.storeProjectID, deep: deep, repair: repair)
            try await deliver(part)
            isHealthy = isHealthy && part.problems.isEmpty
        }
        let known = Set(projects.map(\.storeProjectID))
        for id in try await storedProjects() where !known.contains(id) {
            try await deliver(
                Part(
                    name: id, problems: [],
                    notes: ["the store holds a project that no account has; nobody can reach it"],
                    report: nil, repairedKeys: []))
        }
        return isHealthy
    }

    private func databasePart() async throws -> Part {
        Part(
            name: "accounts", problems: try await accounts.damage(), notes: [], report: nil,
            repairedKeys: [])
    }

    private func part(_ name: String, id: String, deep: Bool, repair: Bool) async -> Part {
        let repository = Repository(
            store: PrefixedStore(store, prefix: ObjectKey("p/\(id)")), world: .system)
        let fsck = Fsck(repository)
        do {
            var report = try await fsck.run(deep: deep)
            var repaired: [String] = []
            if let other, report.findings.contains(where: { $0.severity == .damage }) {
                repaired = try await fsck.repair(
                    report, from: PrefixedStore(other, prefix: ObjectKey("p/\(id)"))
                ).keys
                // A slot that was repaired says which packs there have to be.
                report = try await fsck.run(deep: deep)
                repaired += try await fsck.repair(
                    report, from: PrefixedStore(other, prefix: ObjectKey("p/\(id)"))
                ).keys
                report = try await fsck.run(deep: deep)
            }
            if repair, report.findings.contains(where: { $0.severity == .derived }) {
                repaired += try await fsck.repairDerived(report)
                report = try await fsck.run(deep: deep)
            }
            let bad = report.findings.filter { $0.severity != .note }
                .sorted { $0.severity > $1.severity }
            var problems = bad.map { SafeText.escape($0.description) }
            if report.omittedCount > 0 { problems.append("and \(report.omittedCount) more") }
            return Part(
                name: name, problems: problems,
                notes: report.findings.filter { $0.severity == .note }
                    .map { SafeText.escape($0.description) },
                report: report, repairedKeys: repaired)
        } catch {
            return Part(
                name: name, problems: ["it cannot be checked: \(error)"], notes: [], report: nil,
                repairedKeys: [])
        }
    }

    /// The ids of the projects in the store, by looking for each one's first slot.
    private func storedProjects() async throws -> [String] {
        var ids: [String] = []
        var after: ObjectKey?
        while true {
            let page = try await store.list(prefix: "p/", after: after, limit: 1)
            guard let key = page.objects.first?.key, key.segments.count > 1 else { return ids }
            let id = String(key.segments[1])
            ids.append(id)
            // On to the next project: past everything that begins with this id.
            after = ObjectKey("p/\(id)0")
        }
    }
}
