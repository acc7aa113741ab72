internal import Synchronization

/// Another store with what it said kept in memory and on a disk: of objects that never change, and
/// never that there is none. So it cannot be asked in vain what is new, and whatever it holds is true
/// for ever.
///
/// Who asks for a piece that somebody is fetching waits for that: a thousand readers of one cold
/// object make one request. That there is no object is believed only of a request that began later
/// than one's own: it may have been written since. Pieces that lie side by side are fetched together,
/// so a range costs at most the request that it costs without a cache.
///
/// docs/design/0012-tiered-cache.md says why it is this way.
package final class CachingStore: ObjectStore {
    private struct State {
        var memory: MemoryTier
        var flights: [CacheBlockID: CacheFlight] = [:]
        var flightCount: UInt64 = 0
        var generation: UInt64 = 0
        var totals = CacheTotals()
    }

    /// How often a reading begins anew because the object was another in the middle of it, or because
    /// whoever fetched for it was cancelled. Then it asks the store itself.
    private static let triesMax = 4

    /// One byte is not read for its sake, but to find out whether there is such an object: how far a log
    /// goes, say. That is for the store itself to answer, also when it is known here.
    private static let question = ByteRange.range(offset: 0, count: 1)

    private let base: any ObjectStore
    private let disk: DiskTier?
    private let isCached: @Sendable (ObjectKey) -> Bool
    private let state: Mutex<State>

    /// - Parameters:
    ///   - memoryBytesMax: 0 for no tier in memory.
    ///   - disk: nil for no tier on a disk.
    ///   - isCached: whether an object with this key, once it is there, never becomes another.
    package init(
        _ base: any ObjectStore, memoryBytesMax: Int, disk: DiskTier? = nil,
        isCached: @escaping @Sendable (ObjectKey) -> Bool
    ) {
        self.base = base
        self.disk = disk
        self.isCached = isCached
        state = Mutex(State(memory: MemoryTier(bytesMax: memoryBytesMax)))
    }

    /// Since it was made.
    package var totals: CacheTotals {
        var totals = state.withLock { state in
            var totals = state.totals
            totals.memoryBytes = state.memory.cost
            return totals
        }
        if let disk {
            totals.diskBytes = disk.cost
            totals.damaged = disk.damaged
            totals.unwritten = disk.unwritten
        }
        return totals
    }

    package func get(
        _ key: ObjectKey, _ range: ByteRange
    ) async throws(StoreError) -> StoredObject {
        guard isCached(key), range != CachingStore.question else {
            state.withLock { $0.totals.passed += 1 }
            return try await base.get(key, range)
        }
        let begun = state.withLock { $0.flightCount }
        for _ in 0..<CachingStore.triesMax {
            if let object = try await Reading(self, key, range, begun: begun).run() {
                return object
            }
        }
        return try await counted { () throws(StoreError) in try await base.get(key, range) }
    }

    package func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag {
        guard isCached(key) else { return try await base.put(key, bytes, condition) }
        // After a write "if there is none" nothing should be known of the key; what is, is of an object
        // that was deleted.
        defer { if condition != .ifAbsent || isKnown(key) { forget(key) } }
        return try await base.put(key, bytes, condition)
    }

    private func isKnown(_ key: ObjectKey) -> Bool {
        let object = CachedObjectID(key)
        return state.withLock { $0.memory.version(of: object) != nil }
            || disk?.size(of: object) != nil
    }

    package func delete(_ key: ObjectKey) async throws(StoreError) {
        defer { if isCached(key) { forget(key) } }
        try await base.delete(key)
    }

    package func list(
        prefix: String, after: ObjectKey?, limit: Int
    ) async throws(StoreError) -> ListPage {
        try await base.list(prefix: prefix, after: after, limit: limit)
    }

    package func makeDurable(_ key: ObjectKey) async throws(StoreError) {
        try await base.makeDurable(key)
    }

    package func distrust(_ key: ObjectKey) -> Bool {
        guard isCached(key) else { return base.distrust(key) }
        let wasHere = forget(key)
        return base.distrust(key) || wasHere
    }

    /// Drops what is kept of an object, and what is being fetched of it: whoever asks from now on gets
    /// what the store says from now on.
    @discardableResult
    private func forget(_ key: ObjectKey) -> Bool {
        let object = CachedObjectID(key)
        let wasInMemory = state.withLock { state in
            state.generation += 1
            for id in state.flights.keys where id.object == object { state.flights[id] = nil }
            let isKnown = state.memory.version(of: object) != nil
            state.memory.forget(object)
            return isKnown
        }
        let wasOnDisk = disk?.forget(object) ?? false
        return wasInMemory || wasOnDisk
    }

    /// A request to the store, with what it brings counted.
    private func counted(
        _ request: () async throws(StoreError) -> StoredObject
    ) async throws(StoreError) -> StoredObject {
        state.withLock { $0.totals.storeRequests += 1 }
        let object = try await request()
        state.withLock { $0.totals.storeBytes += object.bytes.count }
        return object
    }
}

// MARK: - One reading

extension CachingStore {
    /// What one call of `get` finds out, piece by piece.
    private struct Reading {
        let store: CachingStore
        let key: ObjectKey
        let range: ByteRange
        let object: CachedObjectID
        /// The newest flight when `get` was called.
        let begun: UInt64
        let diskGeneration: UInt64

        init(_ store: CachingStore, _ key: ObjectKey, _ range: ByteRange, begun: UInt64) {
            self.store = store
            self.key = key
            self.range = range
            self.begun = begun
            object = CachedObjectID(key)
            diskGeneration = store.disk?.generation ?? 0
        }

        /// - Returns: nil to begin anew.
        func run() async throws(StoreError) -> StoredObject? {
            var blocks: [UInt32: CacheBlock] = [:]
            var size =
                store.state.withLock { $0.memory.version(of: object)?.size }
                ?? store.disk?.size(of: object)
            if size == nil {
                guard let first = firstAsked else { return try await around() }
                do throws(StoreError) {
                    guard try await collect(Array(first), &blocks) else { return nil }
                } catch {
                    // An empty object has no first piece, and is whole nevertheless.
                    guard range == .all, error.code == .rangeNotSatisfiable else { throw error }
                    return try await around()
                }
                guard let found = blocks[first.lowerBound] else { return nil }
                size = found.version.size
                if first.lowerBound == CacheBlockID.end {
                    // Which piece it is is known only now.
                    blocks = [CachingStore.lastIndex(found.version.size): found]
                }
            }
            guard let size else { return nil }
            guard let wanted = range.resolved(size: size) else {
                throw StoreError(
                    .rangeNotSatisfiable, key: key, "the object ends after \(size) bytes")
            }
            guard let indices = CachingStore.indices(of: wanted) else { return try await around() }
            guard try await collect(indices.filter { blocks[$0] == nil }, &blocks) else {
                return nil
            }
            return joined(blocks, indices, wanted, size)
        }

        /// The pieces to begin with while the object's size is not known: they tell the size, and some
        /// may lie behind its end. Nil for what is not cached.
        private var firstAsked: ClosedRange<UInt32>? {
            switch range {
            case .all: return 0...0
            case .range(let offset, let count):
                let (end, isOver) = offset.addingReportingOverflow(count)
                return isOver ? nil : CachingStore.indices(of: offset..<end)
            case .suffix(let count):
                return count <= CacheBlock.bytesMax ? CacheBlockID.end...CacheBlockID.end : nil
            }
        }

        /// Past the cache.
        private func around() async throws(StoreError) -> StoredObject {
            try await store.counted { () throws(StoreError) in
                try await store.base.get(key, range)
            }
        }

        /// Puts the pieces together; nil when they are of different versions, or too few.
        private func joined(
            _ blocks: [UInt32: CacheBlock], _ indices: ClosedRange<UInt32>, _ wanted: Range<Int>,
            _ size: Int
        ) -> StoredObject? {
            guard let version = blocks[indices.lowerBound]?.version, version.size == size else {
                store.forget(key)
                return nil
            }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(wanted.count)
            for index in indices {
                guard let block = blocks[index], block.version == version else {
                    store.forget(key)
                    return nil
                }
                let held = CacheBlock.range(index, size: size)
                let part = wanted.clamped(to: held)
                if part == held {
                    bytes += block.bytes
                } else {
                    let start = part.lowerBound - held.lowerBound
                    bytes += block.bytes[start..<start + part.count]
                }
            }
            return StoredObject(bytes: bytes, etag: version.etag, size: size)
        }

        // MARK: Collecting

        /// Fills `blocks` with the pieces `wanted`, ascending: from memory, from whoever is fetching
        /// them, from the disk, from the store.
        ///
        /// - Returns: false to begin anew.
        private func collect(
            _ wanted: [UInt32], _ blocks: inout [UInt32: CacheBlock]
        ) async throws(StoreError) -> Bool {
            guard !wanted.isEmpty else { return true }
            var own: [(index: UInt32, flight: CacheFlight)] = []
            var others: [(index: UInt32, flight: CacheFlight)] = []
            store.state.withLock { state in
                for index in wanted {
                    let id = CacheBlockID(object: object, index: index)
                    if let block = state.memory.block(id) {
                        state.totals.memoryHits += 1
                        blocks[index] = block
                    } else if let flight = state.flights[id] {
                        state.totals.joined += 1
                        others.append((index, flight))
                    } else {
                        state.flightCount += 1
                        let flight = CacheFlight(
                            number: state.flightCount, generation: state.generation)
                        state.flights[id] = flight
                        own.append((index, flight))
                    }
                }
            }
            // One's own first: so two readers never wait for each other.
            try await fly(own, &blocks)
            for (index, flight) in others {
                switch await flight.outcome() {
                case .success(let block): blocks[index] = block
                case .failure(let error):
                    switch error.code {
                    // Whoever fetched was told to stop, and that is nothing to us.
                    case .cancelled where !Task.isCancelled: return false
                    // It may have been written after that was asked and before we did.
                    case .notFound where flight.number <= begun: return false
                    default: throw error
                    }
                }
            }
            return true
        }

        /// Brings pieces from the disk, and the rest from the store in as few requests as there are gaps.
        private func fly(
            _ flights: [(index: UInt32, flight: CacheFlight)],
            _ blocks: inout [UInt32: CacheBlock]
        ) async throws(StoreError) {
            var missing: [(index: UInt32, flight: CacheFlight)] = []
            for (index, flight) in flights {
                let id = CacheBlockID(object: object, index: index)
                guard index != CacheBlockID.end, let block = store.disk?.block(id, of: key) else {
                    missing.append((index, flight))
                    continue
                }
                blocks[index] = block
                land(index, flight, block, isFromDisk: true)
            }
            var done = 0
            do throws(StoreError) {
                while done < missing.count {
                    var end = done + 1
                    while end < missing.count, missing[end].index == missing[end - 1].index + 1 {
                        end += 1
                    }
                    let fetched = try await fetch(missing[done].index...missing[end - 1].index)
                    for ((index, flight), block) in zip(missing[done..<end], fetched) {
                        blocks[index] = block
                        land(index, flight, block, isFromDisk: false)
                    }
                    done = end
                }
            } catch {
                for (index, flight) in missing[done...] {
                    let id = CacheBlockID(object: object, index: index)
                    store.state.withLock { state in
                        if state.flights[id] === flight { state.flights[id] = nil }
                    }
                    flight.finish(.failure(error))
                }
                throw error
            }
        }

        /// One request for pieces side by side.
        private func fetch(_ indices: ClosedRange<UInt32>) async throws(StoreError) -> [CacheBlock]
        {
            let start = Int(indices.lowerBound) * CacheBlock.bytesMax
            let range: ByteRange =
                indices.lowerBound == CacheBlockID.end
                ? .suffix(CacheBlock.bytesMax)
                : .range(offset: start, count: indices.count * CacheBlock.bytesMax)
            let found = try await store.counted { () throws(StoreError) in
                try await store.base.get(key, range)
            }
            let version = ObjectVersion(size: found.size, etag: found.etag)
            guard let expected = range.resolved(size: found.size),
                expected.count == found.bytes.count
            else {
                throw StoreError(
                    .corrupt, key: key,
                    "\(found.bytes.count) bytes came of an object of \(found.size)")
            }
            if indices.lowerBound == CacheBlockID.end {
                let last = CacheBlock.range(
                    CachingStore.lastIndex(found.size), size: found.size)
                return [
                    CacheBlock(
                        bytes: Array(found.bytes[(last.lowerBound - expected.lowerBound)...]),
                        version: version)
                ]
            }
            return indices.map { index in
                let held = CacheBlock.range(index, size: found.size)
                // Behind the end there is nothing: the reader finds out from the size.
                let first = max(0, held.lowerBound - start)
                return CacheBlock(
                    bytes: Array(found.bytes[first..<first + held.count]), version: version)
            }
        }

        /// Keeps a piece that has come, and tells who waits for it.
        private func land(
            _ index: UInt32, _ flight: CacheFlight, _ block: CacheBlock, isFromDisk: Bool
        ) {
            let asked = CacheBlockID(object: object, index: index)
            let place =
                index == CacheBlockID.end
                ? CachingStore.lastIndex(block.version.size) : index
            let id = CacheBlockID(object: object, index: place)
            // Pieces behind the end, of a reader who did not know of it, are no pieces.
            let isPiece = !block.bytes.isEmpty
            if isPiece, !isFromDisk {
                store.disk?.write(id, block, of: key, generation: diskGeneration)
            }
            store.state.withLock { state in
                if isFromDisk { state.totals.diskHits += 1 } else { state.totals.misses += 1 }
                if isPiece, flight.generation == state.generation {
                    state.memory.insert(id, block)
                }
                if state.flights[asked] === flight { state.flights[asked] = nil }
            }
            flight.finish(.success(block))
        }
    }

    private static func lastIndex(_ size: Int) -> UInt32 {
        UInt32(clamping: max(0, size - 1) / CacheBlock.bytesMax)
    }

    /// The pieces that hold these bytes, the first one for none; nil behind what is cached.
    private static func indices(of bytes: Range<Int>) -> ClosedRange<UInt32>? {
        let first = bytes.lowerBound / CacheBlock.bytesMax
        let last = max(first, (bytes.upperBound - 1) / CacheBlock.bytesMax)
        guard last < Int(CacheBlockID.end) else { return nil }
        return UInt32(first)...UInt32(last)
    }
}
