/// Cuts a stream into chunks by its content, so that an edit changes the chunks around it and
/// leaves the others, wherever they moved to, the same.
///
/// FastCDC with normalised chunking (Xia et al., "The Design of Fast Content-Defined Chunking for
/// Data Deduplication Based Storage Systems", IEEE TPDS 2020), level 2: a gear hash rolls over the
/// bytes and a chunk ends after the byte at which all bits of a mask are zero. The mask is strict
/// before the average size and lenient after it, which gathers the sizes around the average. We
/// use 64-bit gears and the masks in the top bits, which mix the latest 47 to 64 bytes.
///
/// Where the cuts lie decides which chunks two versions share, so the table, the masks and the
/// bounds are part of the format: docs/formats/hashing.md. Cost: about 0.6 ns a byte; the
/// first 16 KiB of each chunk are not looked at.
package struct Chunker: Sendable {
    /// No chunk but the last of a stream is shorter.
    package static let chunkBytesMin = 16 * 1_024
    /// The size at which the mask changes.
    package static let chunkBytesAverage = 64 * 1_024
    /// No chunk is longer.
    package static let chunkBytesMax = 256 * 1_024

    /// Eighteen bits, below the average size.
    private static let maskStrict: UInt64 = 0xFFFF_C000_0000_0000
    /// Fourteen bits, from the average size on.
    private static let maskLenient: UInt64 = 0xFFFC_0000_0000_0000

    /// Bytes of the present chunk that were seen.
    private var length = 0
    /// The gear hash of those beyond the minimum.
    private var gear: UInt64 = 0

    /// At the start of a stream.
    package init() {}

    /// The offset in `bytes` after which the present chunk ends, or nil if it goes on beyond them.
    ///
    /// After an answer, call again with the bytes that follow it; after nil, with the next piece
    /// of the stream. How a stream is divided into pieces does not change where it is cut. The last
    /// chunk ends with the stream.
    ///
    /// - Returns: between 1 and the size of `bytes`.
    package mutating func nextCut(in bytes: RawSpan) -> Int? {
        let available = bytes.byteCount
        // The bytes up to the minimum are passed over unseen.
        var index = min(available, max(0, Chunker.chunkBytesMin - length))
        var gear = gear
        let strictEnd = min(available, max(0, Chunker.chunkBytesAverage - length))
        let lenientEnd = min(available, Chunker.chunkBytesMax - length)
        let found =
            Chunker.scan(bytes, &index, to: strictEnd, &gear, mask: Chunker.maskStrict)
            || Chunker.scan(bytes, &index, to: lenientEnd, &gear, mask: Chunker.maskLenient)
        guard found || length + index == Chunker.chunkBytesMax else {
            self.gear = gear
            length += index
            return nil
        }
        self = Chunker()
        return index
    }

    /// Rolls over the bytes from `index` to `end`; true once the mask is met, with `index` behind
    /// the byte that met it.
    @inline(__always)
    private static func scan(
        _ bytes: RawSpan, _ index: inout Int, to end: Int, _ gear: inout UInt64, mask: UInt64
    ) -> Bool {
        let table = Chunker.gears.span
        return unsafe bytes.withUnsafeBytes { bytes in
            while index < end {
                gear = (gear << 1) &+ table[Int(unsafe bytes[index])]
                index += 1
                if gear & mask == 0 { return true }
            }
            return false
        }
    }

    /// Where the chunks of a whole input end, in order; the last one is its size. Empty input has
    /// no chunks.
    package static func boundaries(of bytes: [UInt8]) -> [Int] {
        let span = unsafe bytes.span.bytes
        var chunker = Chunker()
        var ends: [Int] = []
        var start = 0
        while let cut = chunker.nextCut(in: span.extracting(droppingFirst: start)) {
            start += cut
            ends.append(start)
        }
        if start < bytes.count { ends.append(bytes.count) }
        return ends
    }

    /// What each byte value adds to the gear hash: the first eight bytes, little-endian, of BLAKE3
    /// over the byte in the domain `hif gear v1`.
    package static let gears: [UInt64] = {
        let context = Blake3Context("hif gear v1")
        return (0...255).map { context.hash([UInt8($0)]).word0 }
    }()
}
