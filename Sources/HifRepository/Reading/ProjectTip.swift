package import HifCore

/// The newest landing of a project and what a client remembers of it.
package struct ProjectTip: Hashable, Sendable {
    package let position: Position
    package let epoch: Epoch
    package let slotHash: Hash
    package let root: Hash

    package init(position: Position, epoch: Epoch, slotHash: Hash, root: Hash) {
        self.position = position
        self.epoch = epoch
        self.slotHash = slotHash
        self.root = root
    }
}

extension Repository {
    /// The newest landing, asked of the store now.
    package func tip() async throws(ReadError) -> ProjectTip {
        let slot = try await newest()
        guard let hash = try await slotHash(slot.epoch) else {
            throw .log(.inconsistent(epoch: slot.epoch, "was there a moment ago and is gone"))
        }
        return ProjectTip(
            position: slot.lastPosition, epoch: slot.epoch, slotHash: hash, root: slot.root)
    }
}
