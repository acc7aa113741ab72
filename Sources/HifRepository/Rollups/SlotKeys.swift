package import HifCore

/// What a slot contributes to rollups, and what binds it to its neighbours.
package struct SlotKeys: Hashable, Sendable {
    package let epoch: Epoch
    package let hash: Hash
    /// Hash of the slot before.
    package let previous: Hash
    package let firstPosition: Position
    /// Position of the first landing behind this slot.
    package let nextPosition: Position
    /// Its keys, ascending, each once.
    package let values: [UInt64]

    /// - Precondition: `values` ascend strictly, all below 2^48.
    package init(
        epoch: Epoch, hash: Hash, previous: Hash, firstPosition: Position, nextPosition: Position,
        values: [UInt64]
    ) {
        self.epoch = epoch
        self.hash = hash
        self.previous = previous
        self.firstPosition = firstPosition
        self.nextPosition = nextPosition
        self.values = values
    }

    package init(_ slot: ResolvedSlot) {
        epoch = slot.slot.epoch
        hash = slot.hash
        previous = slot.slot.previous
        firstPosition = slot.slot.firstPosition
        nextPosition = slot.slot.lastPosition + 1
        values = RollupKey.values(of: slot)
    }

    /// Whether the slot holds the key: up to what two things share, exact. O(log n).
    package func holds(_ key: RollupKey) -> Bool {
        var low = 0
        var high = values.count
        while low < high {
            let middle = (low + high) / 2
            if values[middle] < key.value { low = middle + 1 } else { high = middle }
        }
        return low < values.count && values[low] == key.value
    }
}
