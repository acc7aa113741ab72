/// What a batch of edits makes of a tree.
package struct TreeEditResult: Sendable {
    package let tree: ProllyTree
    /// Nodes of `tree` that were written, children before parents. All it has and the edited tree
    /// lacks are among them.
    package let newNodes: [TreeNode]
}

extension ProllyTree {
    /// The tree with files, links and explicit directories put at paths, or (nil) taken away.
    ///
    /// The result is that of building a tree from what is there in the end: the order of the edits
    /// does not matter, except that of two for one path the later counts. Directories above new
    /// entries appear, and those that end up with nothing below them go, unless they are explicit.
    /// Taking away what is not there changes nothing; nor does taking away a derived directory,
    /// for which one takes away what lies below it. `O(edits · height)` nodes.
    ///
    /// - Throws: `TreeError.missing`; `clash` with the path that would be a file and have
    ///   something below it; `derivedDirectory` for an edit with `Leaf.directory`.
    package func applying(
        _ edits: [(path: RepoPath, leaf: Leaf?)], in source: some NodeSource
    ) throws(TreeError) -> TreeEditResult {
        if self == .empty { return try ProllyTree.building(edits) }
        var loader = NodeLoader(source)
        var plan = EditPlan()
        for edit in edits {
            guard edit.leaf != .directory else { throw .derivedDirectory(edit.path) }
            plan.add(TreeKey(edit.path), edit.leaf)
        }
        try plan.lookUp(in: self, &loader)
        try loader.throwMissing()
        while try plan.settleDeepest(in: self, &loader) {}
        let result = try rewritten(with: plan.levelEdits, &loader)
        return TreeEditResult(tree: result.tree, newNodes: result.newNodes)
    }

    /// Edits of the empty tree: what a first import does, ten times quicker by a bulk build.
    private static func building(
        _ edits: [(path: RepoPath, leaf: Leaf?)]
    ) throws(TreeError) -> TreeEditResult {
        var last: [RepoPath: Int] = [:]
        last.reserveCapacity(edits.count)
        for (index, edit) in edits.enumerated() {
            guard edit.leaf != .directory else { throw .derivedDirectory(edit.path) }
            last[edit.path] = index
        }
        let entries = edits.enumerated().lazy.compactMap { index, edit in
            edit.leaf.flatMap { last[edit.path] == index ? (edit.path, $0) : nil }
        }
        let (tree, nodes) = try build(entries)
        return TreeEditResult(tree: tree, newNodes: nodes)
    }
}

/// Which entries of the leaves a batch of edits comes down to, directories included.
///
/// Settles paths from the deepest to the root: when everything below a directory is settled, so is
/// whether it has an entry. A directory is looked at only if it is edited itself or an entry right
/// in it came or went.
private struct EditPlan {
    /// What is known of one key.
    private struct Place {
        /// What the edits say, where they say something.
        var edit: Leaf??
        /// What the tree says; unknown until it is looked up.
        var before: Leaf??
        /// What there will be, once settled.
        var after: Leaf??
        /// Whether an entry right below it was added.
        var hasNewChild = false
    }

    private var places: [TreeKey: Place] = [:]
    /// The keys to settle, by the number of names above the last.
    private var pending: [[TreeKey]] = []
    /// Every key in `places`, so that nothing depends on the dictionary's order.
    private var keys: [TreeKey] = []

    private static func depth(_ key: TreeKey) -> Int {
        guard key.bytes[0] != TreeKey.mark else { return 0 }
        return 1 + key.bytes.count { $0 == TreeKey.joint }
    }

    private mutating func enter(_ key: TreeKey) {
        guard places[key] == nil else { return }
        places[key] = Place()
        keys.append(key)
        let depth = EditPlan.depth(key)
        while pending.count <= depth { pending.append([]) }
        pending[depth].append(key)
    }

    mutating func add(_ key: TreeKey, _ leaf: Leaf?) {
        enter(key)
        places[key]!.edit = .some(leaf)
    }

    /// Looks up all edited paths, and the directories of those that come: with what the tree lacks
    /// noted in one go, a second round settles most batches.
    mutating func lookUp<Source>(
        in tree: ProllyTree, _ loader: inout NodeLoader<Source>
    ) throws(TreeError) {
        try lookUp(keys, in: tree, &loader)
        var parents: [TreeKey] = []
        for key in keys {
            guard let place = places[key], place.before == .some(nil), place.edit != .some(nil),
                let parent = key.parent, parent != parents.last
            else { continue }
            parents.append(parent)
        }
        _ = try tree.get(parents.map(\.bytes), with: &loader)
    }

    private mutating func lookUp<Source>(
        _ keys: [TreeKey], in tree: ProllyTree, _ loader: inout NodeLoader<Source>
    ) throws(TreeError) {
        let unknown = keys.filter { places[$0]!.before == nil }
        let leaves = try tree.get(unknown.map(\.bytes), with: &loader)
        for (key, leaf) in zip(unknown, leaves) { places[key]!.before = .some(leaf) }
    }

    /// Settles the deepest paths that are pending; false when none are.
    mutating func settleDeepest<Source>(
        in tree: ProllyTree, _ loader: inout NodeLoader<Source>
    ) throws(TreeError) -> Bool {
        guard let level = pending.popLast() else { return false }
        try lookUp(level, in: tree, &loader)
        try loader.throwMissing()
        for key in level { try settle(key, in: tree, &loader) }
        try loader.throwMissing()
        return true
    }

    private mutating func settle<Source>(
        _ key: TreeKey, in tree: ProllyTree, _ loader: inout NodeLoader<Source>
    ) throws(TreeError) {
        let place = places[key]!
        let before = place.before ?? nil
        // What somebody put here, as opposed to what follows from below.
        let meant = place.edit ?? (before == .directory ? nil : before)
        var after = meant
        if meant != .explicitDirectory {
            var hasChild = place.hasNewChild
            if !hasChild, before?.kind == .directory {
                hasChild = try keepsChild(key, in: tree, &loader)
            }
            if hasChild {
                guard meant == nil else { throw .clash(key.path!) }
                after = .directory
            }
        }
        places[key]!.after = .some(after)
        guard (before == nil) != (after == nil), let parent = key.parent else {
            return
        }
        enter(parent)
        if after != nil { places[parent]!.hasNewChild = true }
    }

    /// Whether an entry of the tree right in this directory stays. Looks at one more than go.
    private func keepsChild<Source>(
        _ key: TreeKey, in tree: ProllyTree, _ loader: inout NodeLoader<Source>
    ) throws(TreeError) -> Bool {
        let range = KeyRange.children(ofKey: key.bytes[...])
        var cursor = TreeCursor(tree, range, readAhead: 1)
        do throws(TreeError) {
            while let (node, index) = try cursor.advance(in: loader.source) {
                let child = TreeKey(unchecked: Array(node.key(index)))
                guard let place = places[child], case .some(nil) = place.after else { return true }
            }
            return false
        } catch .missing(let hashes) {
            loader.note(hashes)
            return true
        }
    }

    /// What to change in the leaves, in key order.
    var levelEdits: [TreeLevelEdit] {
        var edits: [TreeLevelEdit] = []
        for key in keys {
            let place = places[key]!
            guard let after = place.after, after != (place.before ?? nil) else { continue }
            edits.append(TreeLevelEdit(key: key.bytes[...], value: after.map { .leaf($0) }))
        }
        return edits.sorted { KeyOrder.compare($0.key, $1.key) < 0 }
    }
}
