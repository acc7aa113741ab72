package import HifCore
package import HifRepository
package import HifStore

/// A store without a forge: a directory with its own id, and projects under their names.
///
/// The same objects as a forge keeps, with one more kind: `names/<BLAKE3 of the name>` says which
/// project has a name, since here no accounts database does.
package struct LocalStore: Sendable {
    package let store: any ObjectStore
    package let id: StoreID
    private let world: World

    /// Opens the store; with `creating`, makes an empty directory (or bucket) one.
    ///
    /// - Throws: `WorkspaceError.notFound` when it is none and is not to be made.
    package init(_ store: any ObjectStore, creating: Bool, world: World) async throws {
        self.store = store
        self.world = world
        if let object = try await store.getIfPresent(StoreKey.store) {
            id = try LocalStore.decodeID(object.bytes)
            return
        }
        guard creating else {
            throw WorkspaceError(
                .notFound, "there is no hif store here", hint: "hif init --store DIR NAME")
        }
        do throws(ReadError) {
            try await StoreID.refuseUnfinished(store)
        } catch {
            throw WorkspaceError(
                .damaged, "\(error)", hint: "run the copy again that began it, or use another place"
            )
        }
        var generator = world.generator
        let made = StoreID(from: &generator)
        do throws(StoreError) {
            _ = try await store.put(StoreKey.store, Array((made.hex + "\n").utf8), .ifAbsent)
            id = made
        } catch {
            guard error.code == .preconditionFailed else { throw error }
            id = try LocalStore.decodeID(try await store.get(StoreKey.store).bytes)
        }
    }

    private static func decodeID(_ bytes: [UInt8]) throws -> StoreID {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasSuffix("\n"), let id = StoreID(hex: String(text.dropLast())) else {
            throw WorkspaceError(.damaged, "the store's id cannot be read [store]")
        }
        return id
    }

    package struct Project: Hashable, Sendable {
        package let name: String
        package let id: ProjectID

        package init(name: String, id: ProjectID) {
            self.name = name
            self.id = id
        }
    }

    /// The project of that name; nil when there is none.
    package func project(named name: String) async throws -> Project? {
        guard let object = try await store.getIfPresent(LocalStore.key(of: name)) else {
            return nil
        }
        return try LocalStore.decode(object.bytes)
    }

    /// Every project, by name.
    package func projects() async throws -> [Project] {
        var projects: [Project] = []
        for entry in try await store.listAll(prefix: "names/") {
            if let object = try await store.getIfPresent(entry.key) {
                projects.append(try LocalStore.decode(object.bytes))
            }
        }
        return projects.sorted { $0.name < $1.name }
    }

    /// Makes a project of that name.
    ///
    /// - Throws: `WorkspaceError.alreadyThere` when the name is taken.
    package func createProject(named name: String) async throws -> Project {
        try LocalStore.check(name)
        guard try await project(named: name) == nil else {
            throw WorkspaceError(.alreadyThere, "there is a project '\(name)' already")
        }
        var generator = world.generator
        let project = Project(name: name, id: ProjectID(from: &generator))
        try await Repository.create(
            in: prefixed(project.id), id: project.id, name: name, storeID: id, world: world)
        do throws(StoreError) {
            _ = try await store.put(
                LocalStore.key(of: name), Array("\(project.id.hex) \(name)\n".utf8), .ifAbsent)
        } catch {
            guard error.code == .preconditionFailed else { throw error }
            throw WorkspaceError(.alreadyThere, "there is a project '\(name)' already")
        }
        return project
    }

    package func repository(
        _ project: ProjectID, report: @escaping @Sendable (String) -> Void = { _ in }
    ) -> Repository {
        Repository(store: prefixed(project), world: world, report: report)
    }

    private func prefixed(_ project: ProjectID) -> PrefixedStore {
        PrefixedStore(store, prefix: ObjectKey(StoreKey.projectPrefix(project)))
    }

    private static func key(of name: String) -> ObjectKey {
        ObjectKey("names/\(Blake3.hash(Array(name.utf8)).hex)")
    }

    private static func decode(_ bytes: [UInt8]) throws -> Project {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasSuffix("\n"), let space = text.firstIndex(of: " "),
            let id = ProjectID(hex: String(text[..<space]))
        else { throw WorkspaceError(.damaged, "a project's name record cannot be read [names]") }
        return Project(name: String(text[text.index(after: space)...].dropLast()), id: id)
    }

    /// `account/project`, each of letters, digits, `-`, `_` and `.`, beginning with a letter or digit.
    package static func check(_ name: String) throws {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let isGood =
            parts.count == 2
            && parts.allSatisfy { part in
                part.count <= 64 && (part.first?.isLetter == true || part.first?.isNumber == true)
                    && part.utf8.allSatisfy { byte in
                        byte < 0x80
                            && (Character(Unicode.Scalar(byte)).isLetter
                                || Character(Unicode.Scalar(byte)).isNumber
                                || "-_.".utf8.contains(byte))
                    }
            }
        guard isGood else {
            throw WorkspaceError(
                .usage, "'\(SafeText.escape(name))' is not a project's name",
                hint: "names are account/project, of letters, digits, '-', '_' and '.': ana/app")
        }
    }
}
