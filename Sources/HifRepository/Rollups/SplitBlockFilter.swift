/// A split-block Bloom filter: every key sets and asks for eight bits in one block of 32 bytes, so a
/// probe touches one cache line.
///
/// Putze, Sanders and Singler, *Cache-, Hash- and Space-Efficient Bloom Filters* (2007), in the form
/// that Impala and Parquet use, with Parquet's eight multipliers. Ours differs in what is hashed: keys
/// are hashes already, so they are only stretched from 48 to 64 bits.
enum SplitBlockFilter {
    static let blockBytes = 32
    private static let wordsPerBlock = 8
    /// About one false "maybe" in 4,000. A question asks each of some hundred runs about a path and about
    /// every directory above it, and each false "maybe" is a request: 12 bits cost three of them a question.
    static let bitsPerKey = 20

    private static let multipliers: [8 of UInt32] = [
        0x47B6_137B, 0x4497_4D91, 0x8824_AD5B, 0xA2B7_289D,
        0x7054_95C7, 0x2DF1_424B, 0x9EFC_4947, 0x5C6B_FB31,
    ]

    /// Blocks of a filter for this many keys.
    static func blockCount(keys: Int) -> Int {
        (keys * bitsPerKey + 8 * blockBytes - 1) / (8 * blockBytes)
    }

    /// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
    private static func stretched(_ key: UInt64) -> UInt64 {
        var word = key &+ 0x9E37_79B9_7F4A_7C15
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    private static func block(_ word: UInt64, of count: Int) -> Int {
        Int(((word >> 32) &* UInt64(count)) >> 32)
    }

    private static func mask(_ word: UInt64, _ index: Int) -> UInt32 {
        1 << ((UInt32(truncatingIfNeeded: word) &* multipliers[index]) >> 27)
    }

    /// The words of a filter that holds `keys`.
    static func words(holding keys: [UInt64]) -> [UInt32] {
        let count = blockCount(keys: keys.count)
        var words = [UInt32](repeating: 0, count: count * wordsPerBlock)
        for key in keys {
            let word = stretched(key)
            let start = block(word, of: count) * wordsPerBlock
            for index in 0..<wordsPerBlock { words[start + index] |= mask(word, index) }
        }
        return words
    }

    /// Whether the filter of `count` blocks that begins at `offset` may hold the key. Never false for
    /// one it does hold.
    ///
    /// - Precondition: `bytes` has all of it.
    static func mayHold(_ key: UInt64, in bytes: [UInt8], at offset: Int, blocks count: Int) -> Bool
    {
        guard count > 0 else { return false }
        let word = stretched(key)
        let start = offset + block(word, of: count) * blockBytes
        for index in 0..<wordsPerBlock {
            let mask = mask(word, index)
            let bit = mask.trailingZeroBitCount
            guard bytes[start + index * 4 + bit >> 3] & (1 << UInt8(bit & 7)) != 0 else {
                return false
            }
        }
        return true
    }
}
