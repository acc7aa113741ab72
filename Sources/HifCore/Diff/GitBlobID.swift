/// The name git gives to a file's content: SHA-1 over `blob <size>`, NUL, content.
///
/// Only for patches that git reads and for comparing with git's trees; nothing in a project of ours
/// is named or protected by SHA-1.
package enum GitBlobID {
    /// Twenty zero bytes, which patches write for a file that is not there.
    package static let zero = [UInt8](repeating: 0, count: SHA1.byteCount)

    /// The 20 bytes of the id.
    package static func hash(of content: [UInt8]) -> [UInt8] {
        var hasher = hasher(byteCount: content.count)
        hasher.update(content)
        return hasher.finalized()
    }

    /// A hasher that has seen the header already, for content that comes in pieces; `byteCount` is
    /// the size of all of it.
    package static func hasher(byteCount: Int) -> SHA1 {
        var hasher = SHA1()
        hasher.update(Array("blob \(byteCount)\0".utf8))
        return hasher
    }
}

/// SHA-1 (FIPS 180-4), as a value: copy it to hash two continuations of one beginning.
///
/// Broken against deliberate collisions, so for git's object ids and nothing else.
package struct SHA1: Sendable {
    package static let byteCount = 20
    private static let blockBytes = 64

    private var state = SHA1State()
    /// The start of a block that is not full yet.
    private var pending: [UInt8] = []
    private var length: UInt64 = 0

    package init() {}

    package mutating func update(_ bytes: [UInt8]) {
        update(bytes.span)
    }

    package mutating func update(_ bytes: Span<UInt8>) {
        length &+= UInt64(bytes.count)
        var offset = 0
        if !pending.isEmpty {
            while offset < bytes.count, pending.count < SHA1.blockBytes {
                pending.append(bytes[offset])
                offset += 1
            }
            guard pending.count == SHA1.blockBytes else { return }
            // Taken out, for a span of `pending` would hold all of `self` during the call.
            var block: [UInt8] = []
            swap(&block, &pending)
            state.compress(block.span, at: 0)
            block.removeAll(keepingCapacity: true)
            pending = block
        }
        while bytes.count - offset >= SHA1.blockBytes {
            state.compress(bytes, at: offset)
            offset += SHA1.blockBytes
        }
        while offset < bytes.count {
            pending.append(bytes[offset])
            offset += 1
        }
    }

    /// The 20 bytes of the hash of all that was handed in; the hasher itself can go on.
    package func finalized() -> [UInt8] {
        var last = self
        var padding: [UInt8] = [0x80]
        let used = (pending.count + 1) % SHA1.blockBytes
        let zeros = (SHA1.blockBytes + 56 - used) % SHA1.blockBytes
        padding.append(contentsOf: repeatElement(0, count: zeros))
        let bits = length &* 8
        for shift in stride(from: 56, through: 0, by: -8) {
            padding.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
        }
        last.update(padding)
        var result: [UInt8] = []
        for word in last.state.words {
            for shift in stride(from: 24, through: 0, by: -8) {
                result.append(UInt8(truncatingIfNeeded: word >> UInt32(shift)))
            }
        }
        return result
    }
}

/// The chaining value between blocks.
private struct SHA1State {
    private var a: UInt32 = 0x6745_2301
    private var b: UInt32 = 0xEFCD_AB89
    private var c: UInt32 = 0x98BA_DCFE
    private var d: UInt32 = 0x1032_5476
    private var e: UInt32 = 0xC3D2_E1F0

    var words: [UInt32] { [a, b, c, d, e] }

    mutating func compress(_ bytes: Span<UInt8>, at offset: Int) {
        // The schedule needs only its last sixteen words.
        var words = InlineArray<16, UInt32>(repeating: 0)
        for index in 0..<16 {
            let at = offset &+ index &* 4
            let high = UInt32(bytes[at]) << 24 | UInt32(bytes[at &+ 1]) << 16
            words[index] = high | UInt32(bytes[at &+ 2]) << 8 | UInt32(bytes[at &+ 3])
        }
        var (a, b, c, d, e) = (a, b, c, d, e)
        for round in 0..<80 {
            if round >= 16 {
                let mixed =
                    words[(round &+ 13) & 15] ^ words[(round &+ 8) & 15]
                    ^ words[(round &+ 2) & 15] ^ words[round & 15]
                words[round & 15] = mixed << 1 | mixed >> 31
            }
            let mix: UInt32
            switch round {
            case 0..<20: mix = (b & c | ~b & d) &+ 0x5A82_7999
            case 20..<40: mix = (b ^ c ^ d) &+ 0x6ED9_EBA1
            case 40..<60: mix = (b & c | b & d | c & d) &+ 0x8F1B_BCDC
            default: mix = (b ^ c ^ d) &+ 0xCA62_C1D6
            }
            let next = (a << 5 | a >> 27) &+ mix &+ e &+ words[round & 15]
            (e, d, c, b, a) = (d, c, b << 30 | b >> 2, a, next)
        }
        self.a &+= a
        self.b &+= b
        self.c &+= c
        self.d &+= d
        self.e &+= e
    }
}
