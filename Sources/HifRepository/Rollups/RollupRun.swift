package import HifCore

/// A whole rollup run: which slots of an aligned range hold which keys. A pure function of the log;
/// derived, rebuilt when it is missing.
///
/// Queries read runs in parts (`RollupHead`); this is for building and comparing.
package struct RollupRun: Hashable, Sendable {
    /// A longer run is not built, and queries use those below it: bounds the memory of building.
    package static let bytesMax = 256 << 20

    package let bytes: [UInt8]

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The run of level 1 that these 32 slots make.
    ///
    /// - Precondition: `slots` are those of `span`, in order.
    package init(span: RollupSpan, slots: [SlotKeys]) {
        precondition(
            span.level == 1 && slots.map(\.epoch).elementsEqual(span.firstEpoch..<span.endEpoch),
            "every slot of the range")
        var pairs: [(key: UInt64, offset: UInt32)] = []
        pairs.reserveCapacity(slots.reduce(0) { $0 + $1.values.count })
        for (offset, slot) in slots.enumerated() {
            for value in slot.values { pairs.append((value, UInt32(offset))) }
        }
        pairs.sort { ($0.key, $0.offset) < ($1.key, $1.offset) }
        let first = slots[0]
        var writer = RollupWriter(
            RollupHead.Header(
                span: span, firstPosition: first.firstPosition,
                landingCount: slots[slots.count - 1].nextPosition - first.firstPosition,
                previous: first.previous, endSlotHash: slots[slots.count - 1].hash),
            capacity: pairs.count * 8)
        var offsets: [UInt32] = []
        for (index, pair) in pairs.enumerated() {
            offsets.append(pair.offset)
            if index + 1 == pairs.count || pairs[index + 1].key != pair.key {
                writer.add(pair.key, offsets)
                offsets.removeAll(keepingCapacity: true)
            }
        }
        bytes = writer.finish()
    }

    /// Checks everything: both checksums, each block's, and that a writer would have written it so.
    package init(decoding bytes: [UInt8]) throws(FormatError) {
        let format = RollupPostings.format
        let payload = bytes.count - Hash.byteCount
        guard payload >= 0 else { throw FormatError(format, at: 0, "truncated") }
        var trailer = ByteReader(bytes, range: payload..<bytes.count, format: format)
        guard try trailer.hash() == Blake3.hash(bytes, range: 0..<payload) else {
            throw FormatError(format, at: payload, "checksum does not match")
        }
        let head = try RollupHead(decoding: bytes, objectBytes: bytes.count)
        var writer = RollupWriter(
            RollupHead.Header(
                span: head.span, firstPosition: head.firstPosition,
                landingCount: head.landingCount, previous: head.previous,
                endSlotHash: head.endSlotHash),
            capacity: head.totalBytes - head.headBytes)
        var last: UInt64?
        var offsets: [UInt32] = []
        for block in 0..<head.blockCount {
            var cursor = try head.cursor(
                ofBlock: block, in: bytes, at: head.range(ofBlocks: block...block))
            while let key = try cursor.next(into: &offsets) {
                if let last, key <= last { throw FormatError(format, at: 0, "keys out of order") }
                writer.add(key, offsets)
                offsets.removeAll(keepingCapacity: true)
                last = key
            }
        }
        guard writer.finish() == bytes else {
            throw FormatError(format, at: 0, "not as it would be written")
        }
        self.bytes = bytes
    }

    /// What stands in front. - Precondition: the bytes were made or checked here.
    package func head() throws(FormatError) -> RollupHead {
        try RollupHead(decoding: bytes, objectBytes: bytes.count)
    }

    /// Everything in it: for each key the numbers of its slots, counted from the run's first.
    package func entries() throws(FormatError) -> [UInt64: [UInt64]] {
        let head = try head()
        var entries: [UInt64: [UInt64]] = [:]
        for block in 0..<head.blockCount {
            var cursor = try head.cursor(
                ofBlock: block, in: bytes, at: head.range(ofBlocks: block...block))
            var offsets: [UInt32] = []
            while let key = try cursor.next(into: &offsets) {
                entries[key] = offsets.map { UInt64($0) }
                offsets = []
            }
        }
        return entries
    }
}
