import HifCore
import HifRepository
import Support

/// A nonce that says which it is.
func testNonce(_ number: UInt64) -> PackNonce {
    PackNonce(high: 0x0102_0304_0506_0708, low: number)
}

extension SeededGenerator {
    /// Random bytes, eight a step: a few mebibytes in a debug build take no time.
    mutating func noise(_ count: Int) -> [UInt8] {
        let words = (0..<(count + 7) / 8).map { _ in next() }
        return words.withUnsafeBytes { Array($0.prefix(count)) }
    }

    private static let vocabulary: [[UInt8]] = (0..<400).map { (word: UInt64) in
        let letters = String(word &* 0x9E37_79B9 % 1_000_003, radix: 36)
        return Array(letters.utf8) + [word % 9 == 0 ? 0x0A : 0x20]
    }

    /// Bytes that compress about as source text does: words of a small vocabulary.
    mutating func text(_ count: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count + 16)
        while result.count < count {
            let word = Int(truncatingIfNeeded: next() >> 32) % 400
            result += SeededGenerator.vocabulary[word]
        }
        result.removeLast(result.count - count)
        return result
    }

    /// Text, noise or repetition, of a length that is often at a border.
    mutating func content(upTo limit: Int) -> [UInt8] {
        let lengths = [0, 1, 2, 31, 100, 1_000, 4_096, 20_000, 65_536, 150_000, limit]
        let count = min(lengths.randomElement(using: &self)!, limit)
        return switch Int.random(in: 0..<3, using: &self) {
        case 0: text(count)
        case 1: noise(count)
        default: [UInt8](repeating: UInt8.random(in: 0...255, using: &self), count: count)
        }
    }

    /// `content` after a small edit in the middle.
    mutating func edited(_ content: [UInt8]) -> [UInt8] {
        var result = content
        let at = Int.random(in: 0...content.count, using: &self)
        let end = min(content.count, at + Int.random(in: 0...40, using: &self))
        let inserted = text(Int.random(in: 1...60, using: &self))
        result.replaceSubrange(at..<end, with: inserted)
        return result
    }
}

/// Names nothing; used where a test needs some id.
func testHash(_ number: UInt64) -> Hash {
    Hash(word0: number, word1: 1, word2: 2, word3: 3)
}
