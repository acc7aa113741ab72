/// A QR code (ISO/IEC 18004) of bytes, with error correction of level M, as far as version 15: 412 bytes.
///
/// Two things are simpler than the standard's way. There is one mode, bytes; and the mask is always the
/// chequered one, where the standard picks the best of eight: any reader takes any mask, and what is encoded
/// here is random enough for it.
struct QRCode: Sendable {
    /// Modules on a side.
    let size: Int
    /// By rows.
    private(set) var isDark: [Bool]
    /// Modules that carry no data.
    private var isFixed: [Bool]

    // Of versions 1 to 15, level M (table 9 of the standard).
    private static let checkBytes = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24]
    private static let blocks = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10]

    /// Nil for more bytes than fit.
    init?(_ bytes: [UInt8]) {
        let found = (1...QRCode.blocks.count).first { version in
            bytes.count + (version < 10 ? 2 : 3) <= QRCode.dataBytes(version)
        }
        guard let version = found else { return nil }
        size = version * 4 + 17
        isDark = Array(repeating: false, count: size * size)
        isFixed = isDark
        placeFixed(version)
        place(QRCode.codewords(bytes, version))
    }

    subscript(x: Int, y: Int) -> Bool { isDark[y * size + x] }

    // MARK: Bytes

    /// Codewords of data and of checks together.
    private static func allBytes(_ version: Int) -> Int {
        var modules = (16 * version + 128) * version + 64
        if version >= 2 {
            let count = version / 7 + 2
            modules -= (25 * count - 10) * count - 55
        }
        if version >= 7 { modules -= 36 }
        return modules / 8
    }

    private static func dataBytes(_ version: Int) -> Int {
        allBytes(version) - checkBytes[version - 1] * blocks[version - 1]
    }

    /// Data and checks, interleaved as they are placed.
    private static func codewords(_ bytes: [UInt8], _ version: Int) -> [UInt8] {
        let data = padded(bytes, version)
        let count = blocks[version - 1]
        let checkCount = checkBytes[version - 1]
        let short = data.count / count
        let longCount = data.count % count
        var parts: [[UInt8]] = []
        var start = 0
        for index in 0..<count {
            // The longer blocks come last.
            let length = short + (index >= count - longCount ? 1 : 0)
            parts.append(Array(data[start..<start + length]))
            start += length
        }
        let checks = parts.map { ReedSolomon.checks(of: $0, count: checkCount) }
        var result: [UInt8] = []
        for index in 0...short {
            for part in parts where part.indices.contains(index) { result.append(part[index]) }
        }
        for index in 0..<checkCount {
            for check in checks { result.append(check[index]) }
        }
        return result
    }

    /// Mode, length and bytes, filled up to what the version holds.
    private static func padded(_ bytes: [UInt8], _ version: Int) -> [UInt8] {
        var bits: [Bool] = []
        func append(_ value: Int, _ count: Int) {
            for shift in stride(from: count - 1, through: 0, by: -1) {
                bits.append(value >> shift & 1 == 1)
            }
        }
        append(0b0100, 4)
        append(bytes.count, version < 10 ? 8 : 16)
        for byte in bytes { append(Int(byte), 8) }
        let capacity = dataBytes(version) * 8
        append(0, min(4, capacity - bits.count))
        append(0, (8 - bits.count % 8) % 8)
        var result = stride(from: 0, to: bits.count, by: 8).map { start in
            bits[start..<start + 8].reduce(UInt8(0)) { $0 << 1 | ($1 ? 1 : 0) }
        }
        var filler: UInt8 = 0xEC
        while result.count < capacity / 8 {
            result.append(filler)
            filler ^= 0xEC ^ 0x11
        }
        return result
    }

    // MARK: Modules

    private mutating func fix(_ x: Int, _ y: Int, _ dark: Bool) {
        isDark[y * size + x] = dark
        isFixed[y * size + x] = true
    }

    private mutating func placeFixed(_ version: Int) {
        for index in 0..<size {
            fix(6, index, index % 2 == 0)
            fix(index, 6, index % 2 == 0)
        }
        for (x, y) in [(3, 3), (size - 4, 3), (3, size - 4)] { placeFinder(x, y) }
        let places = QRCode.alignments(version, size)
        for x in places {
            for y in places {
                let isFinder =
                    (x == 6 && (y == 6 || y == size - 7)) || (x == size - 7 && y == 6)
                if !isFinder { placeAlignment(x, y) }
            }
        }
        placeFormat()
        if version >= 7 { placeVersion(version) }
    }

    private mutating func placeFinder(_ centreX: Int, _ centreY: Int) {
        for y in centreY - 4...centreY + 4 where (0..<size).contains(y) {
            for x in centreX - 4...centreX + 4 where (0..<size).contains(x) {
                let distance = max(abs(x - centreX), abs(y - centreY))
                fix(x, y, distance != 2 && distance != 4)
            }
        }
    }

    private mutating func placeAlignment(_ centreX: Int, _ centreY: Int) {
        for y in centreY - 2...centreY + 2 {
            for x in centreX - 2...centreX + 2 {
                fix(x, y, max(abs(x - centreX), abs(y - centreY)) != 1)
            }
        }
    }

    private static func alignments(_ version: Int, _ size: Int) -> [Int] {
        guard version > 1 else { return [] }
        let count = version / 7 + 2
        let step = (version * 4 + count * 2 + 1) / (count * 2 - 2) * 2
        return [6] + (0..<count - 1).map { size - 7 - $0 * step }
    }

    /// Level M and mask 0, twice (section 7.9 of the standard).
    private mutating func placeFormat() {
        let data = 0b00_000
        var rest = data
        for _ in 0..<10 { rest = rest << 1 ^ (rest >> 9) * 0x537 }
        let bits = (data << 10 | rest) ^ 0x5412
        func bit(_ index: Int) -> Bool { bits >> index & 1 == 1 }
        for index in 0..<6 { fix(8, index, bit(index)) }
        fix(8, 7, bit(6))
        fix(8, 8, bit(7))
        fix(7, 8, bit(8))
        for index in 9..<15 { fix(14 - index, 8, bit(index)) }
        for index in 0..<8 { fix(size - 1 - index, 8, bit(index)) }
        for index in 8..<15 { fix(8, size - 15 + index, bit(index)) }
        fix(8, size - 8, true)
    }

    private mutating func placeVersion(_ version: Int) {
        var rest = version
        for _ in 0..<12 { rest = rest << 1 ^ (rest >> 11) * 0x1F25 }
        let bits = version << 12 | rest
        for index in 0..<18 {
            let (near, far) = (index / 3, size - 11 + index % 3)
            fix(far, near, bits >> index & 1 == 1)
            fix(near, far, bits >> index & 1 == 1)
        }
    }

    /// Places codewords in columns of two, up and down in turn, under the mask.
    private mutating func place(_ codewords: [UInt8]) {
        var index = 0
        var right = size - 1
        while right >= 1 {
            if right == 6 { right = 5 }
            let isUpward = (right + 1) & 2 == 0
            for step in 0..<size {
                let y = isUpward ? size - 1 - step : step
                for x in [right, right - 1] where !isFixed[y * size + x] {
                    let isSet =
                        index < codewords.count * 8
                        && codewords[index / 8] >> (7 - index % 8) & 1 == 1
                    isDark[y * size + x] = isSet != ((x + y) % 2 == 0)
                    index += 1
                }
            }
            right -= 2
        }
    }

    // MARK: Picture

    /// Dark on light in either theme: readers expect it.
    func picture(_ label: String) -> HTML {
        var path = ""
        for y in 0..<size {
            for x in 0..<size where self[x, y] { path += "M\(x) \(y)h1v1h-1z" }
        }
        let side = size + 8
        return """
            <svg class="qr" viewBox="-4 -4 \(side) \(side)" role="img" aria-label="\(label)"><path \
            fill="#fff" d="M-4-4h\(side)v\(side)h-\(side)z"/><path fill="#000" d="\(path)"/></svg>
            """
    }
}

/// Check bytes over the field of 256 elements that QR codes use.
private enum ReedSolomon {
    static func checks(of data: [UInt8], count: Int) -> [UInt8] {
        let divisor = divisor(count)
        var rest = [UInt8](repeating: 0, count: count)
        for byte in data {
            let factor = byte ^ rest.removeFirst()
            rest.append(0)
            for index in 0..<count { rest[index] ^= multiply(divisor[index], factor) }
        }
        return rest
    }

    /// The product of (x - 2^i), without its leading one.
    private static func divisor(_ count: Int) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: count)
        result[count - 1] = 1
        var root: UInt8 = 1
        for _ in 0..<count {
            for index in 0..<count {
                result[index] = multiply(result[index], root)
                if index + 1 < count { result[index] ^= result[index + 1] }
            }
            root = multiply(root, 2)
        }
        return result
    }

    private static func multiply(_ left: UInt8, _ right: UInt8) -> UInt8 {
        var result = 0
        for shift in stride(from: 7, through: 0, by: -1) {
            result = result << 1 ^ (result >> 7) * 0x11D
            result ^= Int(right >> shift & 1) * Int(left)
        }
        return UInt8(result)
    }
}
