/// Numbers equal lines alike, across any number of texts, so that everything after works on
/// integers.
///
/// Numbers are dense, in order of first appearance. An open-addressing table over the standard
/// library's keyed hash: nobody outside can choose lines that collide, and as equality is decided
/// by bytes, the key has no influence on the numbers. O(bytes) expected.
struct LineClasses {
    /// Distinct lines, one after another.
    private var arena: [UInt8] = []
    /// Where the bytes of class `i` end in `arena`.
    private var ends: [Int] = []
    private var hashes: [Int] = []
    /// Class + 1, or 0 where free. A power of two, at most half full.
    private var slots = [Int](repeating: 0, count: 64)

    /// How many different lines have been seen.
    var count: Int { ends.count }

    /// The class of every line of `text`, in order.
    mutating func classes(of text: TextLines) -> [Int] {
        grow(toHold: count + text.count)
        var result: [Int] = []
        result.reserveCapacity(text.count)
        for line in 0..<text.count {
            let range = text.byteRange(line..<line + 1)
            result.append(number(of: text.bytes, range))
        }
        return result
    }

    private mutating func number(of bytes: [UInt8], _ range: Range<Int>) -> Int {
        var hasher = Hasher()
        unsafe bytes.withUnsafeBytes { buffer in
            unsafe hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: buffer[range]))
        }
        let hash = hasher.finalize()
        let mask = slots.count - 1
        var slot = hash & mask
        while slots[slot] != 0 {
            let found = slots[slot] - 1
            if hashes[found] == hash, isEqual(found, bytes, range) { return found }
            slot = (slot + 1) & mask
        }
        slots[slot] = count + 1
        arena.append(contentsOf: bytes[range])
        ends.append(arena.count)
        hashes.append(hash)
        return count - 1
    }

    private func isEqual(_ number: Int, _ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        let start = number == 0 ? 0 : ends[number - 1]
        guard ends[number] - start == range.count else { return false }
        return unsafe arena.withUnsafeBytes { left in
            unsafe bytes.withUnsafeBytes { right in
                unsafe LineClasses.isEqual(left, start, right, range)
            }
        }
    }

    /// Eight bytes at a time; this is where a diff of equal lines spends its time. Both ranges lie
    /// within their buffers: `start` is a line of the arena that has `range.count` bytes.
    private static func isEqual(
        _ left: UnsafeRawBufferPointer, _ start: Int,
        _ right: UnsafeRawBufferPointer, _ range: Range<Int>
    ) -> Bool {
        var offset = 0
        while offset + 8 <= range.count {
            let one = unsafe left.loadUnaligned(fromByteOffset: start + offset, as: UInt64.self)
            let other = unsafe right.loadUnaligned(
                fromByteOffset: range.lowerBound + offset, as: UInt64.self)
            if one != other { return false }
            offset += 8
        }
        while offset < range.count {
            if unsafe left[start + offset] != right[range.lowerBound + offset] { return false }
            offset += 1
        }
        return true
    }

    private mutating func grow(toHold classes: Int) {
        guard classes * 2 > slots.count else { return }
        var size = slots.count
        while size < classes * 2 { size *= 2 }
        slots = [Int](repeating: 0, count: size)
        for (number, hash) in hashes.enumerated() {
            var slot = hash & (size - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = number + 1
        }
    }
}
