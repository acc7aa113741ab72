/// A 256-bit BLAKE3 hash: the name of a blob, chunk, tree node, pack or slot.
///
/// Four words rather than an array, so that copying and comparing one costs no allocation. The
/// words are the 32 bytes read as little-endian integers; order is that of the bytes.
package struct Hash: Hashable, Comparable, Sendable {
    package let word0: UInt64
    package let word1: UInt64
    package let word2: UInt64
    package let word3: UInt64

    package static let byteCount = 32

    /// Thirty-two zero bytes: where a format has a hash field and nothing to put into it.
    package static let zero = Hash(word0: 0, word1: 0, word2: 0, word3: 0)

    package init(word0: UInt64, word1: UInt64, word2: UInt64, word3: UInt64) {
        self.word0 = word0
        self.word1 = word1
        self.word2 = word2
        self.word3 = word3
    }

    /// The hash whose bytes these are; nil unless there are exactly 32.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Hash.byteCount else { return nil }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        var index = 0
        for byte in bytes {
            let shifted = UInt64(byte) << UInt64((index & 7) * 8)
            switch index >> 3 {
            case 0: words.0 |= shifted
            case 1: words.1 |= shifted
            case 2: words.2 |= shifted
            default: words.3 |= shifted
            }
            index += 1
        }
        self.init(word0: words.0, word1: words.1, word2: words.2, word3: words.3)
    }

    /// The hash written as 64 hexadecimal digits, of either case; nil for anything else.
    package init?(hex: String) {
        guard let bytes = [UInt8](hex: hex) else { return nil }
        self.init(bytes: bytes)
    }

    /// The 32 bytes.
    package var bytes: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(Hash.byteCount)
        for word in [word0, word1, word2, word3] {
            for shift in stride(from: 0, to: 64, by: 8) {
                result.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        return result
    }

    /// 64 lower-case hexadecimal digits.
    package var hex: String { bytes.hex }

    package static func < (left: Hash, right: Hash) -> Bool {
        if left.word0 != right.word0 { return left.word0.byteSwapped < right.word0.byteSwapped }
        if left.word1 != right.word1 { return left.word1.byteSwapped < right.word1.byteSwapped }
        if left.word2 != right.word2 { return left.word2.byteSwapped < right.word2.byteSwapped }
        return left.word3.byteSwapped < right.word3.byteSwapped
    }
}

extension Hash: CustomStringConvertible {
    package var description: String { hex }
}
