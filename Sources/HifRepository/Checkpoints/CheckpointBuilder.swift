package import HifCore
import HifStore

/// Writes the checkpoint of a slot: a pack of the tree's nodes that no earlier checkpoint has.
///
/// The result is a pure function of the log, so two nodes that build it write the same bytes; it
/// is put if absent, and losing that race is success.
package struct CheckpointBuilder: Sendable {
    private let log: LogReader
    private let reader: CheckpointReader
    private let trees: TreeReader

    package init(log: LogReader, reader: CheckpointReader, trees: TreeReader) {
        self.log = log
        self.reader = reader
        self.trees = trees
    }

    /// Builds the checkpoint due after slot `epoch`, and first the ones before it that are missing.
    /// Requests: the footers of the chain that were not read yet, one write for each built.
    /// Memory: the nodes that are new in one checkpoint.
    package func build(dueAt epoch: Epoch) async throws(ReadError) {
        var missing: [Epoch] = []
        var due = epoch
        while due > 0, try await !reader.loadFooter(due) {
            missing.append(due)
            due = try await reader.previousDue(due)
        }
        guard !missing.isEmpty else { return }
        try await reader.loadChain(from: due)
        for epoch in missing.reversed() {
            try await buildOne(epoch)
        }
    }

    private func buildOne(_ epoch: Epoch) async throws(ReadError) {
        let tree = try await trees.tree(afterSlot: epoch)
        var pack = PackWriter(nonce: PackNonce(high: 0, low: epoch))
        var level = [tree.root]
        while !level.isEmpty {
            let wanted = level.filter { !reader.holds($0) }
            let nodes = try await trees.nodes(wanted, of: epoch)
            level = []
            for node in nodes {
                _ = pack.add(.node, id: node.hash, node.bytes)
                level += node.children
            }
        }
        let sealed = pack.finish()
        do throws(StoreError) {
            _ = try await log.store.put(StoreKey.checkpoint(epoch), sealed.bytes, .ifAbsent)
        } catch {
            guard error.code == .preconditionFailed else { throw .store(error) }
        }
        reader.remember(sealed.footer, epoch: epoch)
    }
}
