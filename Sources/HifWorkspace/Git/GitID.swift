import HifCore

/// The SHA-1 name of a git object: 20 bytes in three words, so that sets of them are flat.
///
/// Git object names are kept apart from `Hash` by type: one never stands where the other is meant.
package struct GitID: Hashable, Comparable, Sendable {
    /// The bytes as big-endian integers, so that order is that of the bytes.
    private let high: UInt64
    private let middle: UInt64
    private let low: UInt32

    package static let byteCount = 20
    package static let digitCount = 40

    /// What git writes for "no object".
    package static let zero = GitID(high: 0, middle: 0, low: 0)

    private init(high: UInt64, middle: UInt64, low: UInt32) {
        self.high = high
        self.middle = middle
        self.low = low
    }

    /// Twenty raw bytes, as trees hold them; nil for another count.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == GitID.byteCount else { return nil }
        var high: UInt64 = 0
        var middle: UInt64 = 0
        var low: UInt32 = 0
        for (index, byte) in bytes.enumerated() {
            switch index {
            case 0..<8: high = high << 8 | UInt64(byte)
            case 8..<16: middle = middle << 8 | UInt64(byte)
            default: low = low << 8 | UInt32(byte)
            }
        }
        self.init(high: high, middle: middle, low: low)
    }

    /// Forty hexadecimal digits, of either case; nil for anything else.
    package init?(hex digits: some Collection<UInt8>) {
        guard digits.count == GitID.digitCount else { return nil }
        var high: UInt64 = 0
        var middle: UInt64 = 0
        var low: UInt32 = 0
        var index = 0
        for digit in digits {
            let value: UInt8
            switch digit {
            case 0x30...0x39: value = digit &- 0x30
            case 0x61...0x66: value = digit &- 0x57
            case 0x41...0x46: value = digit &- 0x37
            default: return nil
            }
            switch index {
            case 0..<16: high = high << 4 | UInt64(value)
            case 16..<32: middle = middle << 4 | UInt64(value)
            default: low = low << 4 | UInt32(value)
            }
            index += 1
        }
        self.init(high: high, middle: middle, low: low)
    }

    package init?(hex: String) {
        self.init(hex: hex.utf8)
    }

    package var bytes: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(GitID.byteCount)
        for shift in stride(from: 56, through: 0, by: -8) {
            result.append(UInt8(truncatingIfNeeded: high >> UInt64(shift)))
        }
        for shift in stride(from: 56, through: 0, by: -8) {
            result.append(UInt8(truncatingIfNeeded: middle >> UInt64(shift)))
        }
        for shift in stride(from: 24, through: 0, by: -8) {
            result.append(UInt8(truncatingIfNeeded: low >> UInt32(shift)))
        }
        return result
    }

    /// Forty lower-case digits.
    package var hex: String { bytes.hex }

    package static func < (left: GitID, right: GitID) -> Bool {
        if left.high != right.high { return left.high < right.high }
        if left.middle != right.middle { return left.middle < right.middle }
        return left.low < right.low
    }
}

extension GitID: CustomStringConvertible {
    package var description: String { hex }
}
