package import HifCore

extension Repository {
    /// What the landings `first...last` did, in order, without no-ops; nil when it is more than
    /// `operationsMax`. Documents are not read.
    ///
    /// Requests: a few to find the first slot, one for each slot, and one for each operation list in
    /// a pack.
    ///
    /// - Throws: `LogError.noSuchPosition` for a position that is not there yet.
    package func operations(
        from first: Position, through last: Position, operationsMax: Int
    ) async throws(ReadError) -> [Operation]? {
        guard first <= last else { return [] }
        let newest = try await newest()
        guard first > 0, last <= newest.lastPosition else {
            throw .log(.noSuchPosition(last, tip: newest.lastPosition))
        }
        var slot = try await log.slot(holding: first, newest: newest)
        var operations: [Operation] = []
        while true {
            for (position, landing) in slot.landings where position >= first && position <= last {
                if case .stored(_, let count, _) = landing.operations, count > operationsMax {
                    return nil
                }
                for landed in try await log.operations(of: landing) where !landed.isNoOp {
                    operations.append(landed.operation)
                }
                guard operations.count <= operationsMax else { return nil }
            }
            guard slot.lastPosition < last else { return operations }
            guard let (next, _, _) = try await log.slot(slot.epoch + 1) else {
                throw .log(
                    .inconsistent(epoch: slot.epoch + 1, "is missing although later slots exist"))
            }
            slot = next
        }
    }
}

extension TreeChange {
    /// What operations, in the order in which they landed, did together: per path the leaf before
    /// the first and the leaf after the last, where these differ. In key order, as the difference
    /// of the trees before and after them, which it equals.
    package static func composing(_ operations: [Operation]) -> [TreeChange] {
        var places: [RepoPath: Int] = [:]
        places.reserveCapacity(operations.count)
        var changes: [(key: TreeKey, change: TreeChange)] = []
        for operation in operations {
            if let place = places[operation.path] {
                changes[place].change = TreeChange(
                    path: operation.path, before: changes[place].change.before,
                    after: operation.after)
            } else {
                places[operation.path] = changes.count
                changes.append(
                    (
                        TreeKey(operation.path),
                        TreeChange(
                            path: operation.path, before: operation.before,
                            after: operation.after)
                    ))
            }
        }
        return changes.filter { $0.change.before != $0.change.after }
            .sorted { $0.key < $1.key }.map(\.change)
    }

    /// The way back.
    package var inverse: TreeChange { TreeChange(path: path, before: after, after: before) }
}
