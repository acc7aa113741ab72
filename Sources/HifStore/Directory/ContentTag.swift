/// A 128-bit hash for tags and lock names: two runs of FNV-1a with different offsets, mixed.
///
/// Tags only tell versions of one small object apart for writers that trust each other, so speed
/// and no dependency matter more here than resistance to somebody who looks for collisions.
func contentHash(_ bytes: [UInt8]) -> (UInt64, UInt64) {
    var first: UInt64 = 0xCBF2_9CE4_8422_2325
    var second: UInt64 = 0x9E37_79B9_7F4A_7C15
    for byte in bytes {
        first = (first ^ UInt64(byte)) &* 0x100_0000_01B3
        second = (second ^ UInt64(byte)) &* 0xD6E8_FEB8_6659_FD93
        second ^= second >> 32
    }
    return (mixed(first ^ UInt64(bytes.count)), mixed(second))
}

func contentTag(_ bytes: [UInt8]) -> String {
    let hash = contentHash(bytes)
    return "c" + [hash.0, hash.1].map { padded(String($0, radix: 16)) }.joined()
}

private func padded(_ text: String) -> String {
    String(repeating: "0", count: 16 - text.utf8.count) + text
}

/// The finishing step of SplitMix64: every input bit reaches every output bit.
private func mixed(_ value: UInt64) -> UInt64 {
    var value = value
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
}
