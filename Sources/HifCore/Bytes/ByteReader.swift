/// Reads what `ByteWriter` wrote, front to back, refusing everything a writer would not have
/// written. Never traps, never reads past its end, and never allocates more than the input holds.
package struct ByteReader: Sendable {
    private let bytes: [UInt8]
    private let end: Int
    /// The format's name, for errors.
    private let format: String
    /// Offset of the next byte, from the start of the object.
    package private(set) var offset: Int

    /// Reads all of `bytes`, or the given range of them; offsets in errors count from the start of
    /// `bytes`.
    ///
    /// - Precondition: `range` lies within `bytes`.
    package init(_ bytes: [UInt8], range: Range<Int>? = nil, format: String) {
        let range = range ?? 0..<bytes.count
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "range outside")
        self.bytes = bytes
        self.format = format
        offset = range.lowerBound
        end = range.upperBound
    }

    /// Bytes left.
    package var remaining: Int { end - offset }

    /// An error of this format at the present offset.
    package func error(_ reason: String) -> FormatError {
        FormatError(format, at: offset, reason)
    }

    private func need(_ count: Int) throws(FormatError) {
        guard count >= 0, count <= end - offset else {
            throw error("truncated: needs \(count) more bytes, has \(end - offset)")
        }
    }

    package mutating func u8() throws(FormatError) -> UInt8 {
        try need(1)
        defer { offset += 1 }
        return bytes[offset]
    }

    package mutating func u16() throws(FormatError) -> UInt16 {
        try need(2)
        defer { offset += 2 }
        return UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8
    }

    package mutating func u32() throws(FormatError) -> UInt32 {
        try need(4)
        defer { offset += 4 }
        return load(UInt32.self, at: offset)
    }

    package mutating func u64() throws(FormatError) -> UInt64 {
        try need(8)
        defer { offset += 8 }
        return load(UInt64.self, at: offset)
    }

    /// One load instead of a bounds check for each byte: most of what decoding costs.
    ///
    /// - Precondition: the integer's bytes lie before `end`, which is within `bytes`.
    @inline(__always)
    private func load<Value: FixedWidthInteger & BitwiseCopyable>(
        _: Value.Type, at offset: Int
    ) -> Value {
        let value = unsafe bytes.span.bytes.unsafeLoadUnaligned(
            fromByteOffset: offset, as: Value.self)
        return Value(littleEndian: value)
    }

    /// A varint in its fewest bytes; a longer spelling of the same number is refused.
    package mutating func varint() throws(FormatError) -> UInt64 {
        if offset < end, bytes[offset] < 0x80 {
            defer { offset += 1 }
            return UInt64(bytes[offset])
        }
        var value: UInt64 = 0
        var shift: UInt64 = 0
        let start = offset
        while true {
            let byte = try u8()
            let part = UInt64(byte & 0x7F)
            guard shift < 63 || (shift == 63 && part <= 1) else {
                throw FormatError(format, at: start, "varint larger than 64 bits")
            }
            value |= part << shift
            if byte & 0x80 == 0 {
                guard byte != 0 || shift == 0 else {
                    throw FormatError(format, at: start, "varint not minimal")
                }
                return value
            }
            shift += 7
        }
    }

    /// A varint that counts things of at least `bytesEach` bytes which follow in this object, so a
    /// hostile count cannot make the caller reserve more than the input could hold.
    package mutating func count(bytesEach: Int = 1) throws(FormatError) -> Int {
        let start = offset
        let value = try varint()
        guard let count = Int(exactly: value), count <= remaining / max(1, bytesEach) else {
            throw FormatError(format, at: start, "count \(value) is more than the object holds")
        }
        return count
    }

    package mutating func raw(_ count: Int) throws(FormatError) -> [UInt8] {
        try need(count)
        defer { offset += count }
        return Array(bytes[offset..<offset + count])
    }

    /// Passes over `count` bytes and says where they lie.
    package mutating func skip(_ count: Int) throws(FormatError) -> Range<Int> {
        try need(count)
        defer { offset += count }
        return offset..<offset + count
    }

    /// A varint length of at most `bytesMax`, then that many bytes.
    package mutating func prefixed(bytesMax: Int = .max) throws(FormatError) -> [UInt8] {
        let start = offset
        let length = try count()
        guard length <= bytesMax else {
            throw FormatError(format, at: start, "\(length) bytes where \(bytesMax) are allowed")
        }
        return try raw(length)
    }

    /// As `prefixed(bytesMax:)`, and the bytes are UTF-8.
    package mutating func string(bytesMax: Int = .max) throws(FormatError) -> String {
        let start = offset
        let value = try prefixed(bytesMax: bytesMax)
        guard let string = String(validating: value, as: UTF8.self) else {
            throw FormatError(format, at: start, "text is not UTF-8")
        }
        return string
    }

    package mutating func hash() throws(FormatError) -> Hash {
        try need(Hash.byteCount)
        defer { offset += Hash.byteCount }
        return Hash(
            word0: load(UInt64.self, at: offset), word1: load(UInt64.self, at: offset + 8),
            word2: load(UInt64.self, at: offset + 16), word3: load(UInt64.self, at: offset + 24))
    }

    /// Refuses bytes after the last field.
    package func expectEnd() throws(FormatError) {
        guard remaining == 0 else { throw error("\(remaining) bytes too many") }
    }
}
