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
        for shift in stride(from: 0, to: 32, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(shift)))
        }
    }

    package mutating func u64(_ value: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
        }
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
        u64(value.word0)
        u64(value.word1)
        u64(value.word2)
        u64(value.word3)
    }

    /// Overwrites four bytes that were written before, for lengths known only at the end.
    package mutating func patchU32(_ value: UInt32, at offset: Int) {
        for index in 0..<4 {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(index * 8))
        }
    }
}
