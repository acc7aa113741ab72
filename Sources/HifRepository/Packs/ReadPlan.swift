package import HifCore

/// One content wanted, and where the index says that its record lies.
package struct ContentRequest: Hashable, Sendable {
    package let id: Hash
    package let location: PackLocation

    package init(id: Hash, location: PackLocation) {
        self.id = id
        self.location = location
    }
}

/// A part of a pack that is read with one request, and what is wanted of it.
package struct PackRange: Hashable, Sendable {
    package let pack: Hash
    /// Bytes of the pack.
    package private(set) var range: Range<Int>
    /// Which of the requests lie in it, in the order of their offsets.
    package private(set) var requests: [Int]
}

extension PackRange {
    /// Unwanted bytes that are read because a second request would cost more: at 50 MB/s, 64 KiB
    /// take about a millisecond, and a request ten or more.
    package static let gapBytesMax = 64 << 10
    /// What one request reads at most, unless a single record is longer; it bounds memory.
    package static let rangeBytesMax = 8 << 20

    /// The ranges that cover `locations` in any order: by pack, then offset. No byte is in two,
    /// unless locations overlap, which those of records do not.
    package static func covering(_ locations: [PackLocation]) -> [PackRange] {
        let order = locations.indices.sorted { left, right in
            let (a, b) = (locations[left], locations[right])
            if a.pack != b.pack { return a.pack < b.pack }
            if a.offset != b.offset { return a.offset < b.offset }
            if a.memberNumber != b.memberNumber { return a.memberNumber < b.memberNumber }
            return left < right
        }
        return coalesced(locations, order: order)
    }

    /// The ranges that cover `locations` when they must be read in the order they have, as the
    /// chunks of a file must: only what follows in a pack, or lies in the range already because a
    /// chunk occurs twice, is joined.
    package static func following(_ locations: [PackLocation]) -> [PackRange] {
        coalesced(locations, order: Array(locations.indices))
    }

    private static func coalesced(_ locations: [PackLocation], order: [Int]) -> [PackRange] {
        var ranges: [PackRange] = []
        for index in order {
            let location = locations[index]
            if !ranges.isEmpty, ranges[ranges.count - 1].canTake(location) {
                ranges[ranges.count - 1].take(index, location)
            } else {
                ranges.append(
                    PackRange(pack: location.pack, range: location.range, requests: [index]))
            }
        }
        return ranges
    }

    private mutating func take(_ index: Int, _ location: PackLocation) {
        range = range.lowerBound..<max(range.upperBound, location.range.upperBound)
        requests.append(index)
    }

    private func canTake(_ location: PackLocation) -> Bool {
        let next = location.range
        guard location.pack == pack, next.lowerBound >= range.lowerBound else { return false }
        if next.upperBound <= range.upperBound { return true }
        return next.lowerBound - range.upperBound <= PackRange.gapBytesMax
            && next.upperBound - range.lowerBound <= PackRange.rangeBytesMax
    }
}
