/// Comparison of byte strings as `memcmp` orders them, eight bytes a step.
enum KeyOrder {
    /// How many leading bytes are equal. `O(n)`.
    @inline(__always)
    static func sharedCount(_ left: RawSpan, _ right: RawSpan) -> Int {
        let count = min(left.byteCount, right.byteCount)
        var index = 0
        while index &+ 8 <= count {
            let first = unsafe left.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            let second = unsafe right.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            let difference = UInt64(littleEndian: first ^ second)
            if difference != 0 { return index &+ difference.trailingZeroBitCount / 8 }
            index &+= 8
        }
        while index < count, byte(left, index) == byte(right, index) { index &+= 1 }
        return index
    }

    /// Negative, zero or positive as `left` sorts before, with or after `right`; a prefix sorts
    /// before what it begins.
    @inline(__always)
    static func compare(_ left: RawSpan, _ right: RawSpan) -> Int {
        let shared = sharedCount(left, right)
        if shared < left.byteCount, shared < right.byteCount {
            return Int(byte(left, shared)) - Int(byte(right, shared))
        }
        return left.byteCount - right.byteCount
    }

    /// As `compare(_:_:)` of spans.
    @inline(__always)
    static func compare(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Int {
        unsafe compare(left.span.bytes, right.span.bytes)
    }

    @inline(__always)
    private static func byte(_ span: RawSpan, _ offset: Int) -> UInt8 {
        unsafe span.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }
}
