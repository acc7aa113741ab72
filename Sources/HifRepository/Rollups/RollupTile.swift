import HifCore

/// A piece of the log as a query sees it: one slot's keys, or the head of a run.
enum RollupTile: Sendable {
    case slot(SlotKeys)
    case run(RollupHead)

    /// Hash of the slot before it.
    var previous: Hash {
        switch self {
        case .slot(let keys): keys.previous
        case .run(let head): head.previous
        }
    }

    /// Hash of its last slot.
    var endSlotHash: Hash {
        switch self {
        case .slot(let keys): keys.hash
        case .run(let head): head.endSlotHash
        }
    }

    var firstPosition: Position {
        switch self {
        case .slot(let keys): keys.firstPosition
        case .run(let head): head.firstPosition
        }
    }

    /// Position of the first landing behind it.
    var nextPosition: Position {
        switch self {
        case .slot(let keys): keys.nextPosition
        case .run(let head): head.nextPosition
        }
    }

    func mayHold(_ key: RollupKey) -> Bool {
        switch self {
        case .slot(let keys): keys.holds(key)
        case .run(let head): head.mayHold(key)
        }
    }

    /// About the memory it takes.
    var byteCount: Int {
        switch self {
        case .slot(let keys): 128 + keys.values.count * 8
        case .run(let head): 128 + head.bytes.count
        }
    }
}

/// Tiles that were read lately, up to a number of bytes; the one used longest ago goes first.
struct RollupCache: Sendable {
    private var tiles: [RollupSpan: (tile: RollupTile, used: UInt64)] = [:]
    private var byteCount = 0
    private var clock: UInt64 = 0
    private let bytesMax: Int

    init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    subscript(span: RollupSpan) -> RollupTile? {
        mutating get {
            guard let index = tiles.index(forKey: span) else { return nil }
            clock += 1
            tiles.values[index].used = clock
            return tiles.values[index].tile
        }
    }

    mutating func insert(_ tile: RollupTile, for span: RollupSpan) {
        clock += 1
        guard tile.byteCount <= bytesMax / 4 else { return }
        if let old = tiles.updateValue((tile, clock), forKey: span) {
            byteCount -= old.tile.byteCount
        }
        byteCount += tile.byteCount
        guard byteCount > bytesMax else { return }
        // Room for a while: a quarter goes at once. Each was used at a time of its own.
        for (span, entry) in tiles.sorted(by: { $0.value.used < $1.value.used })
        where byteCount > bytesMax / 4 * 3 {
            tiles[span] = nil
            byteCount -= entry.tile.byteCount
        }
    }

    mutating func remove(_ span: RollupSpan) {
        if let old = tiles.removeValue(forKey: span) { byteCount -= old.tile.byteCount }
    }
}
