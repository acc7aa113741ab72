internal import HifCore

/// A piece of an object as caches keep it: `CacheBlock.bytesMax` bytes from a multiple of that, fewer
/// at the object's end.
///
/// Pieces rather than whole objects, because whoever looks at one file needs a few kilobytes of a pack
/// of many megabytes; and of one size, so that two readers of overlapping ranges share them.
struct CacheBlock: Hashable, Sendable {
    static let bytesMax = 256 << 10

    let bytes: [UInt8]
    /// The version of the object that it is of: pieces of two versions are never put together.
    let version: ObjectVersion

    /// Bytes of an object of `size` that the piece `index` holds.
    static func range(_ index: UInt32, size: Int) -> Range<Int> {
        let start = min(Int(index) * bytesMax, size)
        return start..<min(start + bytesMax, size)
    }
}

/// What a store says of an object's content beside the bytes.
struct ObjectVersion: Hashable, Sendable {
    let size: Int
    let etag: ETag
}

/// Names an object in caches: 128 bits of the hash of its key. The key itself stands in what is
/// written to a disk, and is compared.
struct CachedObjectID: Hashable, Sendable, CustomStringConvertible {
    let high: UInt64
    let low: UInt64

    init(_ key: ObjectKey) {
        let hash = Blake3.hash(Array(key.string.utf8))
        (high, low) = (hash.word0, hash.word1)
    }

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// 32 hexadecimal digits.
    var description: String { CachedObjectID.hex(high) + CachedObjectID.hex(low) }

    private static func hex(_ value: UInt64) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}

/// Names a piece.
struct CacheBlockID: Hashable, Sendable {
    let object: CachedObjectID
    let index: UInt32

    /// In the place of a piece: the end of an object whose size is not known.
    static let end = UInt32.max
}
