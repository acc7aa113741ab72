/// Appends fixed-width little-endian integers, minimal varints and length-prefixed bytes to a
/// buffer. The counterpart of `ByteReader`; every stored format is written through it.
package struct ByteWriter: Sendable {
    /// What has been written so far.
    package private(set) var bytes: [UInt8]

    package init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// The offset of the next byte to be written.
    @inlinable package var count: Int { bytes.count }

    package mutating func u8(_ value: UInt8) {
        bytes.append(value)
    }

    package mutating func u16(_ value: UInt16) {
        bytes.append(UInt8(truncatingIfNeeded: value))
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
    }

    package mutating func u32(_ value: UInt32) {
        unsafe withUnsafeBytes(of: value.littleEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    package mutating func u64(_ value: UInt64) {
        unsafe withUnsafeBytes(of: value.littleEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    /// LEB128, in the fewest bytes: seven bits each, low bits first, high bit set on all but the last.
    package mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// `varint` of a count or length. - Precondition: not negative.
    package mutating func varint(_ value: Int) {
        varint(UInt64(value))
    }

    package mutating func raw(_ value: some Sequence<UInt8>) {
        bytes.append(contentsOf: value)
    }

    /// The length as a varint, then the bytes.
    package mutating func prefixed(_ value: [UInt8]) {
        varint(value.count)
        bytes.append(contentsOf: value)
    }

    /// The UTF-8 length as a varint, then the UTF-8 bytes.
    package mutating func prefixed(_ value: String) {
        prefixed(Array(value.utf8))
    }

    package mutating func hash(_ value: Hash) {
        let words = (
            value.word0.littleEndian, value.word1.littleEndian, value.word2.littleEndian,
            value.word3.littleEndian
        )
        unsafe withUnsafeBytes(of: words) { unsafe bytes.append(contentsOf: $0) }
    }

    /// Overwrites four bytes that were written before, for lengths known only at the end.
    package mutating func patchU32(_ value: UInt32, at offset: Int) {
        for index in 0..<4 {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(index * 8))
        }
    }
}
