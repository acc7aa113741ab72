package import HifCore

/// How a change that has not landed stands to the newest landing.
package struct DraftVerdict: Sendable {
    package enum Outcome: Hashable, Sendable {
        /// The project has there what the change expects.
        case clean
        /// What the change wants is there already.
        case already
        /// Somebody changed the same file, and the changes merge.
        case merges
        /// Both changed the same: line ranges, from 0, in base, ours and theirs, for texts.
        case conflicts([LandOutcome.Hunk])
    }

    package let operation: Operation
    /// What the project has there now.
    package let found: Leaf?
    package let outcome: Outcome
    /// The landing that put it there, unless nobody did since.
    package let landing: LandingPage.Entry?
}

/// Drafts: changes of open sessions, whose content lies in packs that no landing names yet.
extension Repository {
    /// The content of a blob that lies in one of `packs`, or that the project has.
    package func draftContent(
        _ id: Hash, packs: [Hash], newest: Slot, bytesMax: Int
    ) async throws -> [UInt8] {
        for pack in packs.reversed() {
            guard let entry = try await content.footer(of: pack).fileEntry(of: id) else { continue }
            let location = PackLocation(
                pack: pack, offset: entry.offset, storedBytes: entry.storedBytes)
            return try await content.blob(id, at: location, bytesMax: bytesMax)
        }
        return try await blob(id, newest: newest, bytesMax: bytesMax)
    }

    /// What would become of `operations` if they landed now; in their order. Nothing is written, and
    /// nothing promised: the next landing may change it.
    ///
    /// Requests: the tree's nodes; for each path that somebody changed since, the page of its newest
    /// landing, and up to three contents.
    package func judge(
        _ operations: [Operation], packs: [Hash], newest: Slot
    ) async throws -> [DraftVerdict] {
        let tree = try await tree(at: newest.lastPosition, newest: newest)
        let paths = operations.map(\.path)
        let found = try await trees.reading(newest: newest) { nodes throws(TreeError) in
            try tree.get(paths, in: nodes)
        }
        var verdicts: [DraftVerdict] = []
        for (operation, leaf) in zip(operations, found) {
            let meant = leaf == .directory ? nil : leaf
            if leaf == operation.before || meant == operation.before {
                verdicts.append(
                    DraftVerdict(operation: operation, found: leaf, outcome: .clean, landing: nil))
                continue
            }
            let landing = try await self.found(
                LandingQuery(path: operation.path, limit: 1), newest: newest
            ).entries.first
            let outcome: DraftVerdict.Outcome =
                meant == operation.after
                ? .already
                : try await merge(operation, meant, packs: packs, newest: newest)
            verdicts.append(
                DraftVerdict(
                    operation: operation, found: leaf, outcome: outcome, landing: landing))
        }
        return verdicts
    }

    private func merge(
        _ operation: Operation, _ theirs: Leaf?, packs: [Hash], newest: Slot
    ) async throws -> DraftVerdict.Outcome {
        var outcome = LeafMerge.withoutContent(
            base: operation.before, ours: operation.after, theirs: theirs)
        if outcome == nil, let ours = operation.after, let theirs {
            func bytes(_ leaf: Leaf) async throws -> (kind: Leaf.Kind, bytes: [UInt8]) {
                let bytes = try await draftContent(
                    leaf.hash, packs: packs, newest: newest, bytesMax: LeafMerge.bytesMax)
                return (leaf.kind, bytes)
            }
            var base: (kind: Leaf.Kind, bytes: [UInt8])?
            if let before = operation.before, before.isFile { base = try await bytes(before) }
            outcome = LeafMerge.contents(
                base: base, ours: try await bytes(ours), theirs: try await bytes(theirs),
                labels: ThreeWayMerge.Labels(ours: "yours", theirs: "landed"))
        }
        switch outcome {
        case .leaf, .content: return .merges
        case .conflict(let hunks, _, _): return .conflicts(hunks)
        case nil: return .conflicts([])
        }
    }
}
