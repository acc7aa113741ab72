import HifCore

/// The tree that a batch of intents is judged against: the tip's tree and the edits of the intents
/// accepted so far, which are applied together once the batch is closed.
///
/// Judging costs a look-up for each path an intent names, however far the tip has moved since the
/// intent's base. Only where a file wants to stand where a directory is (or was) are the edits
/// applied early, because then it matters whether the directory has become empty.
struct WorkTree: Sendable {
    private(set) var tree: ProllyTree
    /// Accepted, not yet in `tree`. The leaf is nil where the path was deleted.
    private var edits: [RepoPath: Leaf?] = [:]
    /// Directories that came to exist through `edits`.
    private var directoriesMade: Set<RepoPath> = []
    private let weakness: LandingMachine.Weakness

    enum Verdict {
        /// The same operations, each marked when its result was there already.
        case accepted([LandedOperation])
        case conflicts([PathConflict])
    }

    /// - Parameter weakness: for tests only.
    init(_ tree: ProllyTree, _ weakness: LandingMachine.Weakness = []) {
        self.tree = tree
        self.weakness = weakness
    }

    /// Accepted edits that are not in `tree` yet.
    var editCount: Int { edits.count }

    /// Judges `operations` and, when they are accepted, takes them in.
    ///
    /// - Parameter nodes: nodes made by applying edits early are added to it.
    /// - Throws: `TreeError.missing` when nodes must be fetched; nothing has changed then.
    mutating func judge(
        _ operations: [LandedOperation], nodes: inout NodeCache
    ) throws(TreeError) -> Verdict {
        let found = try leaves(operations.map(\.operation.path), nodes)
        var own: [RepoPath: Leaf?] = [:]
        for operation in operations {
            own[operation.operation.path] = .some(operation.operation.after)
        }

        var judged: [LandedOperation] = []
        var conflicts: [PathConflict] = []
        var needsTrial = false
        for (landed, current) in zip(operations, found) {
            let operation = landed.operation
            switch match(operation, current) {
            case .apply:
                judged.append(landed)
            case .done:
                judged.append(LandedOperation(operation, location: landed.location, isNoOp: true))
            case .directoryInTheWay:
                needsTrial = true
                judged.append(landed)
            case .conflict:
                conflicts.append(
                    PathConflict(operation: operation, found: current, reason: .changed))
            }
        }
        if conflicts.isEmpty, !weakness.contains(.clashesAreAccepted) {
            conflicts = try fileAncestors(of: judged, found, own: own, nodes)
        }
        guard conflicts.isEmpty else { return .conflicts(conflicts) }
        if needsTrial, !weakness.contains(.clashesAreAccepted) {
            return try trial(judged, nodes: &nodes)
        }
        for landed in judged where !landed.isNoOp {
            take(landed.operation)
        }
        return .accepted(judged)
    }

    /// Applies what is pending; the tree is then exact. New nodes are added to `nodes`.
    mutating func materialize(nodes: inout NodeCache) throws(TreeError) {
        guard !edits.isEmpty else { return }
        let sorted = edits.sorted { $0.key < $1.key }
        let result = try tree.applying(sorted.map { ($0.key, $0.value) }, in: nodes)
        for node in result.newNodes { nodes.insert(node) }
        tree = result.tree
        edits = [:]
        directoriesMade = []
    }

    private enum Match {
        case apply
        case done
        case directoryInTheWay
        case conflict
    }

    private func match(_ operation: Operation, _ current: Leaf?) -> Match {
        if current == .directory || (current == nil && directoriesMade.contains(operation.path)) {
            // A derived directory is nothing to an operation: it may be made explicit, and whether
            // a file may take its place depends on what lies below.
            guard operation.before == nil else {
                return operation.after == nil ? .done : .conflict
            }
            return operation.after == .explicitDirectory ? .apply : .directoryInTheWay
        }
        if current == operation.before {
            let replacesDirectory =
                current == .explicitDirectory
                && operation.after.map { $0.kind != .directory } ?? false
            return replacesDirectory ? .directoryInTheWay : .apply
        }
        if current == operation.after, !weakness.contains(.noOpsAreChanges) { return .done }
        let isChange = weakness.contains(.overwrites) || current == operation.after
        return isChange ? .apply : .conflict
    }

    /// Conflicts of operations that put something below a path where a file stands.
    ///
    /// - Parameter found: what stands at each operation's own path. Above a file there are directories,
    ///   so for what replaces one nothing is looked up.
    private func fileAncestors(
        of operations: [LandedOperation], _ found: [Leaf?], own: [RepoPath: Leaf?],
        _ nodes: NodeCache
    ) throws(TreeError) -> [PathConflict] {
        var adds: [Operation] = []
        var wanted: Set<RepoPath> = []
        for (landed, current) in zip(operations, found)
        where !landed.isNoOp && landed.operation.after != nil {
            adds.append(landed.operation)
            if let current, current.kind != .directory { continue }
            for ancestor in landed.operation.path.ancestors where own[ancestor] == nil {
                if !wanted.insert(ancestor).inserted { break }
            }
        }
        let ancestors = wanted.sorted()
        var standing: [RepoPath: Leaf] = [:]
        for (path, leaf) in zip(ancestors, try leaves(ancestors, nodes)) {
            if let leaf, leaf.kind != .directory { standing[path] = leaf }
        }
        if own.count > 1 {
            for case (let path, .some(let leaf)) in own where leaf.kind != .directory {
                standing[path] = leaf
            }
        }
        guard !standing.isEmpty else { return [] }
        return adds.compactMap { operation in
            guard let file = operation.path.ancestors.first(where: { standing[$0] != nil }) else {
                return nil
            }
            return PathConflict(
                operation: operation, found: standing[file], reason: .fileAndDirectory)
        }
    }

    /// Decides by applying: exact, and slower than a look-up.
    private mutating func trial(
        _ operations: [LandedOperation], nodes: inout NodeCache
    ) throws(TreeError) -> Verdict {
        var exact = self
        try exact.materialize(nodes: &nodes)
        let effective = operations.filter { !$0.isNoOp }.map(\.operation)
        do {
            let result = try exact.tree.applying(
                effective.map { ($0.path, $0.after) }, in: nodes)
            for node in result.newNodes { nodes.insert(node) }
            exact.tree = result.tree
        } catch {
            guard case .clash(let path) = error else { throw error }
            let operation =
                effective.first { $0.path == path } ?? effective.first { path.isBelow($0.path) }
                ?? effective[0]
            return .conflicts([
                PathConflict(operation: operation, found: .directory, reason: .fileAndDirectory)
            ])
        }
        self = exact
        return .accepted(operations)
    }

    private mutating func take(_ operation: Operation) {
        edits[operation.path] = .some(operation.after)
        if operation.after != nil {
            for ancestor in operation.path.ancestors {
                if !directoriesMade.insert(ancestor).inserted { break }
            }
        }
    }

    private func leaves(
        _ paths: [RepoPath], _ nodes: NodeCache
    ) throws(TreeError) -> [Leaf?] {
        var found = try tree.get(paths, in: nodes)
        guard !edits.isEmpty else { return found }
        for (index, path) in paths.enumerated() {
            if let edited = edits[path] {
                // A deleted file is gone; a deleted explicit directory may live on as a derived one.
                let mayLiveOn = edited == nil && found[index]?.kind == .directory
                found[index] = mayLiveOn ? .directory : edited
            }
        }
        return found
    }
}
