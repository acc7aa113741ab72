import HifCore
import HifStore

/// One query under way: walks the tiling from the tip backwards.
struct RollupSearch {
    private let index: PathIndex
    private let query: RollupQuery
    private let tip: Epoch
    /// Slots before this one are asked for.
    private let end: Epoch
    private var matches = RollupMatches()
    /// Hash that the next older tile must end with.
    private var expected = Hash.zero
    /// First position of the tile searched last.
    private var oldest: Position
    private var slotsRead = 0
    private var isDone = false

    /// - Parameter position: the newest position at slot `tip`.
    init(index: PathIndex, query: RollupQuery, tip: Epoch, position: Position) {
        self.index = index
        self.query = query
        self.tip = tip
        end = min(query.before ?? tip + 1, tip + 1)
        oldest = position + 1
    }

    mutating func run() async throws(ReadError) -> RollupMatches {
        guard query.limit > 0, end > 0 else { return matches }
        let tiling = RollupSpan.tiling(before: tip + 1)
        // Most slots hold a landing, so this is about where the search will end.
        let distance = oldest - min(oldest, query.downTo)
        let near = tiling.prefix { $0.endEpoch > tip + 1 - min(tip + 1, distance) }
        // The newest slot says which history the others have to belong to.
        let newest = RollupSpan(level: 0, block: tip)
        let first = near.first?.level == 0 ? Array(near) : [newest] + near
        guard case .slot(let keys)?? = try await index.tiles(first, tip: tip).first else {
            return matches
        }
        expected = keys.hash
        try await walk(Array(near), wave: PathIndex.parallelMax)
        if !isDone { try await walk(Array(tiling.dropFirst(near.count)), wave: 4) }
        return matches
    }

    /// What looking into a tile gave.
    private enum Found: Sendable {
        /// Matching slots, newest first: as many as are wanted.
        case slots([Epoch])
        case damaged
    }

    /// Searches neighbouring spans, newest first.
    ///
    /// - Parameter wave: how many are read together at first; doubles.
    private mutating func walk(
        _ spans: [RollupSpan], wave: Int
    ) async throws(ReadError) {
        var wave = wave
        var start = 0
        while start < spans.count {
            let part = Array(spans[start..<min(spans.count, start + wave)])
            start += wave
            wave = min(2 * wave, PathIndex.parallelMax)
            if let cut = cutShort(part) {
                isDone = true
                matches.before = cut
                matches.unsearched = oldest - 1
                return
            }
            let tiles = try await index.tiles(part, tip: tip)
            var ahead: [Int: Found] = [:]
            for (offset, span) in part.enumerated() {
                if let tile = tiles[offset], tile.endSlotHash == expected {
                    if span.firstEpoch < end, mayMatch(tile) {
                        if ahead[offset] == nil {
                            ahead = try await lookUp(part, tiles, from: offset)
                        }
                        guard case .slots(let epochs)? = ahead[offset] else {
                            try await walkBelow(span, tile)
                            if isDone { return }
                            continue
                        }
                        take(epochs, of: span)
                        if isDone { return }
                    }
                    expected = tile.previous
                    oldest = tile.firstPosition
                } else {
                    try await walkBelow(span, tiles[offset])
                    if isDone { return }
                }
                if oldest <= query.downTo {
                    isDone = true
                    return
                }
            }
        }
    }

    /// Searches what a run that cannot be used would have covered.
    private mutating func walkBelow(
        _ span: RollupSpan, _ tile: RollupTile?
    ) async throws(ReadError) {
        guard span.level > 0 else {
            throw .log(
                .inconsistent(epoch: span.block, "is not what the slot after it is chained to"))
        }
        if tile != nil { index.forget(span) }
        try await walk(span.children.reversed(), wave: Int(RollupSpan.fanOut))
    }

    // MARK: Ending

    /// The slot before which nothing more is to be read; nil while there is room.
    private mutating func cutShort(_ spans: [RollupSpan]) -> Epoch? {
        guard let first = spans.first, first.level == 0 else { return nil }
        // The tail behind the last finished run is no sign of missing runs.
        if first.block + RollupSpan.fanOut <= tip { slotsRead += spans.count }
        return slotsRead > PathIndex.slotsReadMax ? first.endEpoch : nil
    }

    private mutating func take(_ epochs: [Epoch], of span: RollupSpan) {
        if span.level > 0 {
            matches.runsAsked += 1
            if epochs.isEmpty { matches.runsAskedInVain += 1 }
        }
        for epoch in epochs where epoch < end {
            matches.epochs.append(epoch)
            if matches.epochs.count == query.limit {
                matches.before = epoch
                isDone = true
                return
            }
        }
    }

    // MARK: Looking into tiles

    private func mayMatch(_ tile: RollupTile) -> Bool {
        query.all.allSatisfy { group in group.contains { tile.mayHold($0) } }
    }

    /// Looks into the first tiles from `start` on that may match, as many as slots are still wanted,
    /// all at once.
    private func lookUp(
        _ spans: [RollupSpan], _ tiles: [RollupTile?], from start: Int
    ) async throws(ReadError) -> [Int: Found] {
        let wanted = query.limit - matches.epochs.count
        var asked: [(offset: Int, tile: RollupTile)] = []
        for offset in start..<spans.count where asked.count < wanted {
            if let tile = tiles[offset], spans[offset].firstEpoch < end,
                tile.nextPosition > query.downTo, mayMatch(tile)
            {
                asked.append((offset, tile))
            }
        }
        let (reader, groups, end) = (index.reader, query.all, end)
        let results = try await parallel(asked.map { (spans[$0.offset], $0.tile) }) {
            (pair: (span: RollupSpan, tile: RollupTile)) throws(ReadError) -> Found in
            guard case .run(let head) = pair.tile else { return .slots([pair.span.block]) }
            guard let offsets = try await RollupSearch.offsets(in: head, matching: groups, reader)
            else { return .damaged }
            let first = pair.span.firstEpoch
            let upper = offsets.partitioningIndex { first + Epoch($0) >= end }
            return .slots(offsets[..<upper].suffix(wanted).reversed().map { first + Epoch($0) })
        }
        return Dictionary(uniqueKeysWithValues: zip(asked.map(\.offset), results))
    }

    /// The numbers in a run of the slots that match, ascending; nil where it is damaged. The blocks of
    /// all keys are read together, so that looking into runs is one round of requests.
    private static func offsets(
        in head: RollupHead, matching groups: [[RollupKey]], _ reader: RollupReader
    ) async throws(ReadError) -> [UInt32]? {
        var places: [[(key: RollupKey, block: Int)]] = []
        for group in groups {
            places.append(
                group.compactMap { key in
                    head.mayHold(key) ? head.block(of: key).map { (key, $0) } : nil
                })
        }
        let blocks = Set(places.joined().map(\.block)).sorted()
        let cursors = try await parallel(blocks) { (block: Int) throws(ReadError) in
            try await reader.cursor(ofBlock: block, of: head)
        }
        let read = Dictionary(uniqueKeysWithValues: zip(blocks, cursors))
        var result: [UInt32]?
        for group in places {
            var ofGroup: [UInt32] = []
            for (key, block) in group {
                guard var cursor = read[block] ?? nil, let offsets = try? cursor.offsets(of: key)
                else { return nil }
                ofGroup = ofGroup.isEmpty ? offsets : union(ofGroup, offsets)
            }
            result = result.map { intersection($0, ofGroup) } ?? ofGroup
        }
        return result ?? []
    }

    /// Both ascend, as does the result.
    private static func union(_ left: [UInt32], _ right: [UInt32]) -> [UInt32] {
        guard !right.isEmpty else { return left }
        var result: [UInt32] = []
        result.reserveCapacity(left.count + right.count)
        var (first, second) = (0, 0)
        while first < left.count || second < right.count {
            let one = first < left.count ? left[first] : .max
            let other = second < right.count ? right[second] : .max
            result.append(min(one, other))
            if one <= other { first += 1 }
            if other <= one { second += 1 }
        }
        return result
    }

    private static func intersection(_ left: [UInt32], _ right: [UInt32]) -> [UInt32] {
        let right = Set(right)
        return left.filter(right.contains)
    }
}

extension Array {
    /// The index of the first element for which `belongs` holds, after which it holds for all.
    fileprivate func partitioningIndex(_ belongs: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if belongs(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
