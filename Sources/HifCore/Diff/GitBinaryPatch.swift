/// The `GIT binary patch` block: the whole new content and, so that the patch can be taken back, the
/// whole old one.
///
/// Contents go through zlib's format (RFC 1950) in stored blocks (RFC 1951, 3.2.4), which every
/// reader of compressed ones accepts: the patch is a quarter longer than the content and needs no
/// compressor here.
enum GitBinaryPatch {
    static func block(old: [UInt8], new: [UInt8]) -> [UInt8] {
        Array("GIT binary patch\n".utf8) + literal(new) + literal(old)
    }

    private static func literal(_ content: [UInt8]) -> [UInt8] {
        var result = Array("literal \(content.count)\n".utf8)
        let stream = stored(content)
        for start in stride(from: 0, to: stream.count, by: lineBytesMax) {
            let line = stream[start..<min(start + lineBytesMax, stream.count)]
            // The line's byte count: A to Z for 1 to 26, a to z for 27 to 52.
            let count = UInt8(line.count)
            result.append(
                count <= 26 ? UInt8(ascii: "A") + count - 1 : UInt8(ascii: "a") + count - 27)
            appendBase85(line, to: &result)
            result.append(TextLines.lineFeed)
        }
        result.append(TextLines.lineFeed)
        return result
    }

    /// The content of a `literal` block in the form that `block` writes: stored, not compressed.
    ///
    /// - Returns: nil for anything else, a compressed block or a delta among them.
    static func content(of block: [UInt8]) -> [UInt8]? {
        let lines = TextLines(block)
        guard lines.count > 0, lines[0].starts(with: "literal ".utf8) else { return nil }
        let digits = lines[0].dropFirst(8).prefix { $0 != TextLines.lineFeed }
        let size = Int(String(decoding: digits, as: UTF8.self))
        guard let size, size >= 0 else { return nil }
        var stream: [UInt8] = []
        for line in 1..<max(1, lines.count) {
            guard appendDecoded(lines[line], to: &stream) else { return nil }
        }
        guard let content = unstored(stream), content.count == size else { return nil }
        return content
    }

    /// One line of base 85: its byte count as a letter, then five digits for each four bytes.
    private static func appendDecoded(_ line: ArraySlice<UInt8>, to result: inout [UInt8]) -> Bool {
        var digits = line
        if digits.last == TextLines.lineFeed { digits = digits.dropLast() }
        let count: Int
        switch digits.popFirst() {
        case let letter? where (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(letter):
            count = Int(letter - UInt8(ascii: "A")) + 1
        case let letter? where (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(letter):
            count = Int(letter - UInt8(ascii: "a")) + 27
        default: return false
        }
        guard digits.count == (count + 3) / 4 * 5 else { return false }
        let end = result.count + count
        while !digits.isEmpty {
            var word: UInt64 = 0
            for digit in digits.prefix(5) {
                guard let value = alphabet.firstIndex(of: digit) else { return false }
                word = word * 85 + UInt64(value)
            }
            guard word <= UInt64(UInt32.max) else { return false }
            digits = digits.dropFirst(5)
            for shift: UInt64 in [24, 16, 8, 0] where result.count < end {
                result.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        return true
    }

    /// What `stored` made its argument into; nil when it is not such a stream, or is damaged.
    private static func unstored(_ stream: [UInt8]) -> [UInt8]? {
        var rest = stream[...]
        guard rest.count >= 6, rest.popFirst() == 0x78, rest.popFirst() != nil else { return nil }
        var result: [UInt8] = []
        var isLast = false
        while !isLast {
            guard rest.count >= 5, let header = rest.popFirst(), header <= 1 else { return nil }
            isLast = header == 1
            let numbers = Array(rest.prefix(4)).map(UInt16.init)
            let count = numbers[0] | numbers[1] << 8
            rest = rest.dropFirst(4)
            guard ~count == numbers[2] | numbers[3] << 8, rest.count >= Int(count) else {
                return nil
            }
            result += rest.prefix(Int(count))
            rest = rest.dropFirst(Int(count))
        }
        let sum = rest.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return rest.count == 4 && sum == adler32(result) ? result : nil
    }

    private static let lineBytesMax = 52
    private static let storedBytesMax = 65_535

    /// A zlib stream that holds `content` as it is.
    static func stored(_ content: [UInt8]) -> [UInt8] {
        var result: [UInt8] = [0x78, 0x01]
        result.reserveCapacity(content.count + content.count / storedBytesMax * 5 + 16)
        var start = 0
        repeat {
            let end = min(start + storedBytesMax, content.count)
            let count = UInt16(end - start)
            result.append(end == content.count ? 1 : 0)
            for value in [count, ~count] {
                result.append(UInt8(truncatingIfNeeded: value))
                result.append(UInt8(truncatingIfNeeded: value >> 8))
            }
            result.append(contentsOf: content[start..<end])
            start = end
        } while start < content.count
        let sum = adler32(content)
        for shift: UInt32 in [24, 16, 8, 0] {
            result.append(UInt8(truncatingIfNeeded: sum >> shift))
        }
        return result
    }

    /// RFC 1950, section 8.2.
    private static func adler32(_ bytes: [UInt8]) -> UInt32 {
        var low: UInt32 = 1
        var high: UInt32 = 0
        for byte in bytes {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return high << 16 | low
    }

    private static let alphabet = Array(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~".utf8
    )

    /// Five digits for each four bytes, most significant first; the last four are filled with zeros.
    private static func appendBase85(_ bytes: ArraySlice<UInt8>, to result: inout [UInt8]) {
        for start in stride(from: bytes.startIndex, to: bytes.endIndex, by: 4) {
            var word: UInt32 = 0
            for index in start..<start + 4 {
                word = word << 8 | (index < bytes.endIndex ? UInt32(bytes[index]) : 0)
            }
            var divisor: UInt32 = 85 * 85 * 85 * 85
            while divisor > 0 {
                result.append(alphabet[Int(word / divisor % 85)])
                divisor /= 85
            }
        }
    }
}
