package import HifCore

/// The index at the end of a pack: which records it holds and where.
///
/// ```
/// entries: n × 45 (see PackEntry), ascending by id
/// fan-out: 256 × u32, entry b = how many ids have a first byte ≤ b
/// BLAKE3 of entries and fan-out
/// length u32 of everything above · version u8 (1) · "HIFE"
/// ```
/// Kept as the bytes it was read as; a look-up is a binary search among the ids that share a first
/// byte, without allocation.
package struct PackFooter: Hashable, Sendable {
    /// Entries and fan-out, as stored.
    private let bytes: [UInt8]
    /// Records in the pack.
    package let count: Int
    /// Where the records end, from the start of the pack.
    package let recordsEnd: Int

    /// How much of a pack's end to ask for first: the whole footer of a pack of 1,400 records.
    package static let suffixBytes = 1 << 16
    static let magic = Array("HIFE".utf8)
    static let version: UInt8 = 1
    static let fanOutBytes = 256 * 4
    /// After the fan-out: hash, length, version, magic.
    static let trailerBytes = 32 + 4 + 1 + 4

    /// What a suffix of a pack was good for.
    package enum Parsed: Sendable {
        case footer(PackFooter)
        /// The footer is longer than the suffix: ask again for this many bytes.
        case needs(suffixBytes: Int)
    }

    /// Reads the footer from the last bytes of a pack.
    ///
    /// - Parameter packBytes: the size of the whole pack, which every answer of a store tells.
    package static func parse(
        suffix: [UInt8], packBytes: Int
    ) throws(FormatError) -> Parsed {
        let start = packBytes - suffix.count
        guard start >= 0 else {
            throw FormatError("pack footer", at: 0, "more bytes than the pack has")
        }
        let smallest = PackFooter.fanOutBytes + PackFooter.trailerBytes
        guard packBytes >= PackHeader.byteCount + smallest else {
            throw FormatError("pack footer", at: packBytes, "\(packBytes) bytes hold no footer")
        }
        guard suffix.count >= PackFooter.trailerBytes else {
            return .needs(suffixBytes: min(packBytes, PackFooter.suffixBytes))
        }
        var trailer = ByteReader(
            suffix, range: suffix.count - 9..<suffix.count, format: "pack footer")
        let length = Int(try trailer.u32())
        let version = try trailer.u8()
        guard try trailer.raw(4) == PackFooter.magic else {
            throw FormatError("pack footer", at: packBytes - 4, "the pack does not end in a footer")
        }
        guard version == PackFooter.version else {
            throw FormatError(
                "pack footer", at: packBytes - 5,
                "version \(version), this program knows 1: a newer hif wrote it")
        }
        let total = length + 9
        let entriesBytes = length - 32 - PackFooter.fanOutBytes
        guard entriesBytes >= 0, entriesBytes.isMultiple(of: PackEntry.byteCount),
            total <= packBytes - PackHeader.byteCount
        else {
            throw FormatError("pack footer", at: packBytes - 9, "length \(length)")
        }
        guard total <= suffix.count else { return .needs(suffixBytes: total) }
        let first = suffix.count - total
        let bodyRange = first..<suffix.count - PackFooter.trailerBytes
        var hash = ByteReader(
            suffix, range: suffix.count - PackFooter.trailerBytes..<suffix.count,
            format: "pack footer")
        guard try hash.hash() == Blake3.hash(suffix, range: bodyRange) else {
            throw FormatError("pack footer", at: start + first, "the footer's hash differs")
        }
        return .footer(try PackFooter(Array(suffix[bodyRange]), recordsEnd: packBytes - total))
    }

    /// Checks order, fan-out and bounds of a body whose hash is right: a hash says that the bytes
    /// are the writer's, not that the writer was.
    private init(_ body: [UInt8], recordsEnd: Int) throws(FormatError) {
        bytes = body
        count = (body.count - PackFooter.fanOutBytes) / PackEntry.byteCount
        self.recordsEnd = recordsEnd
        var reader = ByteReader(body, format: "pack footer")
        var counts = [Int](repeating: 0, count: 256)
        var previous: PackEntry?
        for _ in 0..<count {
            let entry = try PackEntry(from: &reader)
            if let previous, !PackEntry.isBefore(previous, entry) {
                throw reader.error("ids that do not ascend")
            }
            guard entry.range.lowerBound >= PackHeader.byteCount,
                entry.range.upperBound <= recordsEnd
            else { throw reader.error("a record outside the records") }
            counts[Int(entry.id.word0 & 0xFF)] += 1
            previous = entry
        }
        var sum = 0
        for byte in 0..<256 {
            sum += counts[byte]
            guard Int(try reader.u32()) == sum else { throw reader.error("fan-out differs") }
        }
    }

    /// The footer of a pack whose records end at `recordsEnd`. Order of `entries` does not matter.
    init(entries: [PackEntry], recordsEnd: Int) {
        let sorted = entries.sorted(by: PackEntry.isBefore)
        var writer = ByteWriter(
            capacity: sorted.count * PackEntry.byteCount + PackFooter.fanOutBytes)
        var counts = [UInt32](repeating: 0, count: 256)
        for entry in sorted {
            entry.encode(into: &writer)
            counts[Int(entry.id.word0 & 0xFF)] += 1
        }
        var sum: UInt32 = 0
        for count in counts {
            sum += count
            writer.u32(sum)
        }
        bytes = writer.bytes
        count = sorted.count
        self.recordsEnd = recordsEnd
    }

    /// Appends the footer as it stands at the end of a pack.
    func encode(into writer: inout ByteWriter) {
        writer.raw(bytes)
        writer.hash(Blake3.hash(bytes))
        writer.u32(UInt32(bytes.count + Hash.byteCount))
        writer.u8(PackFooter.version)
        writer.raw(PackFooter.magic)
    }

    /// Bytes that the footer takes in the pack.
    static func byteCount(entries: Int) -> Int {
        entries * PackEntry.byteCount + fanOutBytes + trailerBytes
    }

    /// Entry `index` in id order.
    package subscript(index: Int) -> PackEntry {
        precondition(index >= 0 && index < count, "entry \(index) of \(count)")
        let start = index * PackEntry.byteCount
        var reader = ByteReader(
            bytes, range: start..<start + PackEntry.byteCount, format: "pack footer")
        guard let entry = try? PackEntry(from: &reader) else {
            preconditionFailure("entries are checked when a footer is made")
        }
        return entry
    }

    /// The entry of `id`, of the kind asked for if one is; nil when the pack has none. Where the
    /// pack holds the same content as a file and as a chunk, the file comes first.
    package func entry(of id: Hash, kind: PackRecordKind? = nil) -> PackEntry? {
        let first = Int(id.word0 & 0xFF)
        var low = first == 0 ? 0 : fanOut(first - 1)
        var high = fanOut(first)
        let bucketEnd = high
        while low < high {
            let middle = (low + high) / 2
            if self.id(middle) < id { low = middle + 1 } else { high = middle }
        }
        while low < bucketEnd, self.id(low) == id {
            let entry = self[low]
            if kind == nil || entry.kind == kind { return entry }
            low += 1
        }
        return nil
    }

    /// Every entry in the order of the records, which is the order to read them in.
    package func entriesByOffset() -> [PackEntry] {
        (0..<count).map { self[$0] }.sorted { $0.offset < $1.offset }
    }

    private func fanOut(_ byte: Int) -> Int {
        let start = count * PackEntry.byteCount + byte * 4
        var value = 0
        for index in 0..<4 { value |= Int(bytes[start + index]) << (index * 8) }
        return value
    }

    private func id(_ index: Int) -> Hash {
        let start = index * PackEntry.byteCount
        func word(_ number: Int) -> UInt64 {
            var value: UInt64 = 0
            for byte in 0..<8 {
                value |= UInt64(bytes[start + number * 8 + byte]) << UInt64(byte * 8)
            }
            return value
        }
        return Hash(word0: word(0), word1: word(1), word2: word(2), word3: word(3))
    }
}
