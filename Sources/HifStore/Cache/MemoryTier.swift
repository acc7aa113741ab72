/// The pieces in memory. A value: its owner has the lock.
struct MemoryTier: Sendable {
    private struct Known {
        let version: ObjectVersion
        var count = 0
    }

    /// What a piece takes beside its bytes.
    private static let overhead = 256

    private var queue: CacheQueue<CacheBlockID>
    private var blocks: [CacheBlockID: CacheBlock] = [:]
    private var objects: [CachedObjectID: Known] = [:]

    init(bytesMax: Int) {
        queue = CacheQueue(costMax: bytesMax)
    }

    /// Bytes, with what the pieces take beside them.
    var cost: Int { queue.cost }

    /// The version of an object of which there are pieces.
    func version(of object: CachedObjectID) -> ObjectVersion? { objects[object]?.version }

    mutating func block(_ id: CacheBlockID) -> CacheBlock? {
        guard queue.use(id) else { return nil }
        return blocks[id]
    }

    mutating func insert(_ id: CacheBlockID, _ block: CacheBlock) {
        if let known = objects[id.object], known.version != block.version { forget(id.object) }
        drop(id)
        blocks[id] = block
        objects[id.object, default: Known(version: block.version)].count += 1
        let leaving = queue.insert(id, cost: block.bytes.count + MemoryTier.overhead)
        for id in leaving { drop(id) }
    }

    /// O(pieces of all objects): for what hardly ever happens.
    mutating func forget(_ object: CachedObjectID) {
        guard objects[object] != nil else { return }
        for id in blocks.keys where id.object == object {
            queue.remove(id)
            drop(id)
        }
    }

    private mutating func drop(_ id: CacheBlockID) {
        guard blocks.removeValue(forKey: id) != nil else { return }
        objects[id.object]?.count -= 1
        if objects[id.object]?.count == 0 { objects[id.object] = nil }
    }
}
