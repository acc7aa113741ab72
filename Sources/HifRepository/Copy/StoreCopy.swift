package import HifCore
package import HifStore

/// Copies a whole store into an empty place: for a backup, for its restoration, for a move.
///
/// The copy is a store of its own, with an id of its own, so that no cache of the first is taken for one
/// of the second. The id is written last: until then nobody serves from it, and the copy can be gone on
/// with. Whoever worked with the first store finds the same history, up to where the copy was made.
package struct StoreCopy: Sendable {
    /// Lies at the root of a copy that is not finished: the id of the store it is one of.
    package static let marker = ObjectKey("copying")

    private let source: any ObjectStore
    private let target: any ObjectStore
    private let world: World

    package init(from source: any ObjectStore, to target: any ObjectStore, world: World) {
        self.source = source
        self.target = target
        self.world = world
    }

    /// What hinders a copy.
    package enum Refusal: Error, Hashable, CustomStringConvertible {
        case noStore
        case isStore
        case isInUse
        case isOfAnother

        package var description: String {
            switch self {
            case .noStore: "there is no store to copy"
            case .isStore: "there is a store already where the copy should go"
            case .isInUse: "there is something else where the copy should go"
            case .isOfAnother: "there is an unfinished copy of another store where it should go"
            }
        }
    }

    /// - Parameters:
    ///   - prepared: called when the place is marked, before anything is copied.
    ///   - isSealing: as `ProjectCopy.run`, for every project.
    ///   - deliver: told of each project when its copy is done.
    /// - Returns: the id of the new store.
    /// - Throws: `Refusal`, or what reading or writing threw. Begin again after any error.
    @discardableResult
    package func run(
        isSealing: Bool = false, prepared: () async throws -> Void = {},
        progress: (ProjectID, ProjectCopyReport) -> Void = { _, _ in },
        _ deliver: (ProjectID, ProjectCopyReport) async throws -> Void = { _, _ in }
    ) async throws -> StoreID {
        guard let origin = try await StoreID.read(from: source) else { throw Refusal.noStore }
        if let finished = try await begin(origin) { return finished }
        try await prepared()
        for project in try await StoreCopy.projects(in: source) {
            let prefix = ObjectKey(StoreKey.projectPrefix(project))
            let report = try await ProjectCopy(
                from: PrefixedStore(source, prefix: prefix),
                to: PrefixedStore(target, prefix: prefix), world: world
            ).run(isSealing: isSealing) { progress(project, $0) }
            try await deliver(project, report)
        }
        // The names of a store without a forge, after the projects that they name.
        for entry in try await source.listAll(prefix: "names/") {
            guard let object = try await source.getIfPresent(entry.key) else { continue }
            _ = try await target.put(entry.key, object.bytes, .none)
        }
        var generator = world.generator
        let made = StoreID(from: &generator)
        _ = try await target.put(StoreKey.store, Array((made.hex + "\n").utf8), .ifAbsent)
        try await target.delete(StoreCopy.marker)
        return made
    }

    /// Marks the place.
    ///
    /// - Returns: the id of the copy that is there and was finished but for the mark.
    private func begin(_ origin: StoreID) async throws -> StoreID? {
        let text = Array((origin.hex + "\n").utf8)
        let there = try await target.getIfPresent(StoreCopy.marker)
        if let there, there.bytes != text { throw Refusal.isOfAnother }
        if let finished = try await StoreID.read(from: target) {
            guard there != nil else { throw Refusal.isStore }
            try await target.delete(StoreCopy.marker)
            return finished
        }
        guard there == nil else { return nil }
        guard try await target.list(prefix: "", after: nil, limit: 1).objects.isEmpty else {
            throw Refusal.isInUse
        }
        _ = try await target.put(StoreCopy.marker, text, .ifAbsent)
        return nil
    }

    /// The projects of a store, by looking for one after the other: two requests each.
    package static func projects(in store: any ObjectStore) async throws -> [ProjectID] {
        var projects: [ProjectID] = []
        var after: ObjectKey?
        while true {
            let page = try await store.list(prefix: "p/", after: after, limit: 1)
            if let key = page.objects.first?.key, key.segments.count > 1 {
                let hex = String(key.segments[1])
                if let id = ProjectID(hex: hex) { projects.append(id) }
                // On to the next: past everything that begins with this id.
                after = ObjectKey("p/\(hex)0")
            } else if let next = page.next {
                after = next
            } else {
                return projects
            }
        }
    }
}
