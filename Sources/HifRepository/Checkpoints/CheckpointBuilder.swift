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

    /// When the checkpoint due after slot `epoch` is missing, builds the oldest missing one of the
    /// chain up to it and returns its slot; nil when it was there. Requests: the footers of the chain
    /// that were not read yet, and a write. Memory: the nodes that are new in one checkpoint.
    package func buildOldest(dueAt epoch: Epoch) async throws(ReadError) -> Epoch? {
        guard epoch > 0, try await !reader.loadFooter(epoch),
            let oldest = try await reader.missing(from: epoch).first
        else { return nil }
        try await build(oldest)
        return oldest
    }

    /// Builds every checkpoint due up to slot `epoch`, itself one, that is missing. Reads the
    /// footers of all others.
    package func buildMissing(upTo epoch: Epoch) async throws(ReadError) {
        for epoch in try await reader.missing(from: epoch) { try await build(epoch) }
    }

    /// - Precondition: those before it exist.
    private func build(_ epoch: Epoch) async throws(ReadError) {
        let sealed = try await packed(epoch)
        do throws(StoreError) {
            _ = try await log.store.put(StoreKey.checkpoint(epoch), sealed.bytes, .ifAbsent)
        } catch {
            guard error.code == .preconditionFailed else { throw .store(error) }
        }
        reader.remember(sealed.footer, epoch: epoch)
    }

    /// The checkpoint of slot `epoch` as it has to be, given those before it, whose footers are
    /// loaded.
    package func packed(_ epoch: Epoch) async throws(ReadError) -> SealedPack {
        let tree = try await trees.tree(afterSlot: epoch)
        var pack = PackWriter(nonce: PackNonce(high: 0, low: epoch))
        var level = [tree.root]
        while !level.isEmpty {
            let wanted = level.filter { !reader.holds($0, before: epoch) }
            let nodes = try await trees.nodes(wanted, of: epoch)
            level = []
            for node in nodes {
                _ = pack.add(.node, id: node.hash, node.bytes)
                level += node.children
            }
        }
        return pack.finish()
    }
}
