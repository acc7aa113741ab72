/// A JSON value as a client sent it.
enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case list([JSONValue])
    case object([String: JSONValue])
}

/// Reads JSON (RFC 8259), strictly: a name that an object has twice is refused, because two readers of
/// it would see two different requests; so are values nested deeper than `depthMax`, halves of
/// surrogate pairs, and whatever follows the value. Linear in the bytes; what is read holds nothing of
/// them.
struct JSONReader {
    /// Lists and objects within each other.
    static let depthMax = 32

    private let bytes: [UInt8]
    private var index = 0
    private var depth = 0

    /// - Throws: `invalid`, with the offset of the byte that is wrong.
    static func value(_ bytes: [UInt8]) throws(ForgeError) -> JSONValue {
        var reader = JSONReader(bytes: bytes)
        reader.skipBlanks()
        let value = try reader.value()
        reader.skipBlanks()
        guard reader.index == bytes.count else { throw reader.wrong("more than one value") }
        return value
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    private func wrong(_ what: String) -> ForgeError {
        .invalid("the body is not JSON: \(what) at byte \(index)")
    }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            index += 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        index += 1
        return true
    }

    private mutating func value() throws(ForgeError) -> JSONValue {
        switch next {
        case UInt8(ascii: "{"):
            return try nested { reader throws(ForgeError) in try reader.object() }
        case UInt8(ascii: "["): return try nested { reader throws(ForgeError) in try reader.list() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"): return try number()
        case let digit? where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit):
            return try number()
        case nil: throw wrong("nothing")
        default: throw wrong("no value")
        }
    }

    private mutating func word(
        _ word: StaticString, _ value: JSONValue
    ) throws(ForgeError) -> JSONValue {
        let text = Array("\(word)".utf8)
        guard bytes[index...].starts(with: text) else { throw wrong("no value") }
        index += text.count
        return value
    }

    private mutating func nested(
        _ read: (inout JSONReader) throws(ForgeError) -> JSONValue
    ) throws(ForgeError) -> JSONValue {
        guard depth < JSONReader.depthMax else {
            throw wrong("more than \(JSONReader.depthMax) values within each other")
        }
        index += 1
        depth += 1
        skipBlanks()
        let value = try read(&self)
        depth -= 1
        return value
    }

    private mutating func list() throws(ForgeError) -> JSONValue {
        var values: [JSONValue] = []
        if take(UInt8(ascii: "]")) { return .list(values) }
        while true {
            values.append(try value())
            skipBlanks()
            if take(UInt8(ascii: "]")) { return .list(values) }
            guard take(UInt8(ascii: ",")) else { throw wrong("a list without its end") }
            skipBlanks()
        }
    }

    private mutating func object() throws(ForgeError) -> JSONValue {
        var fields: [String: JSONValue] = [:]
        if take(UInt8(ascii: "}")) { return .object(fields) }
        while true {
            guard next == UInt8(ascii: "\"") else { throw wrong("no name of a field") }
            let name = try string()
            guard fields[name] == nil else {
                throw wrong("the field '\(name.prefix(60))' for the second time")
            }
            skipBlanks()
            guard take(UInt8(ascii: ":")) else { throw wrong("a name without a value") }
            skipBlanks()
            fields[name] = try value()
            skipBlanks()
            if take(UInt8(ascii: "}")) { return .object(fields) }
            guard take(UInt8(ascii: ",")) else { throw wrong("an object without its end") }
            skipBlanks()
        }
    }

    private mutating func number() throws(ForgeError) -> JSONValue {
        let start = index
        var isWhole = true
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")), !skipDigits() { throw wrong("no digit") }
        if take(UInt8(ascii: ".")) {
            isWhole = false
            guard skipDigits() else { throw wrong("no digit") }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isWhole = false
            if !take(UInt8(ascii: "-")) { _ = take(UInt8(ascii: "+")) }
            guard skipDigits() else { throw wrong("no digit") }
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isWhole, let number = Int64(text) { return .integer(number) }
        guard let number = Double(text), number.isFinite else {
            throw wrong("a number that is too large")
        }
        // 1.0 is the same number as 1, and JSON Schema takes it for a whole one.
        if let whole = Int64(exactly: number), abs(number) < 0x1p53 { return .integer(whole) }
        return .number(number)
    }

    private mutating func skipDigits() -> Bool {
        let start = index
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { index += 1 }
        return index > start
    }

    private mutating func string() throws(ForgeError) -> String {
        index += 1
        var text: [UInt8] = []
        var start = index
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                text += bytes[start..<index]
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw wrong("a text that is not UTF-8, which ends")
                }
                index += 1
                return string
            case UInt8(ascii: "\\"):
                text += bytes[start..<index]
                index += 1
                text.append(contentsOf: try escaped())
                start = index
            case 0..<0x20: throw wrong("a control character")
            default: index += 1
            }
        }
        throw wrong("a text without its end")
    }

    /// What stands behind a backslash.
    private mutating func escaped() throws(ForgeError) -> [UInt8] {
        guard let byte = next else { throw wrong("a text without its end") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): break
        default: throw wrong("an unknown escape")
        }
        var code = try fourDigits()
        if (0xD800..<0xDC00).contains(code) {
            guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
                throw wrong("half a surrogate pair")
            }
            let low = try fourDigits()
            guard (0xDC00..<0xE000).contains(low) else { throw wrong("half a surrogate pair") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw wrong("half a surrogate pair") }
        return Array(String(scalar).utf8)
    }

    private mutating func fourDigits() throws(ForgeError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = next.flatMap(PercentCoding.nibble) else { throw wrong("no digit") }
            code = code << 4 | UInt32(digit)
            index += 1
        }
        return code
    }
}
