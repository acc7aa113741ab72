/// An element of the XML that object stores answer with: a name, and either children or text.
///
/// Reads the part of XML that such answers use: elements, text, the five named entities and numbers,
/// a declaration at the front. Attributes are read over, name spaces too. What else there is in XML
/// (document types, processing instructions, comments, CDATA) is refused, so nothing in an answer can
/// make it grow or name another file. Depth and count of elements are bounded; length is by the caller.
struct SmallXML: Hashable, Sendable {
    let name: String
    var text = ""
    var children: [SmallXML] = []

    /// The first child of that name.
    subscript(_ name: String) -> SmallXML? { children.first { $0.name == name } }

    /// Why bytes were not read, with the offset.
    struct Refusal: Error, CustomStringConvertible {
        let offset: Int
        let reason: String

        var description: String { "\(reason) at byte \(offset)" }
    }

    static let depthMax = 8
    static let elementsMax = 32_768

    private init(name: String) {
        self.name = name
    }

    init(parsing bytes: [UInt8]) throws(Refusal) {
        var reader = Reader(bytes: bytes)
        self = try reader.document()
    }

    private struct Reader {
        let bytes: [UInt8]
        var offset = 0
        var count = 0

        init(bytes: [UInt8]) {
            self.bytes = bytes
        }

        mutating func document() throws(Refusal) -> SmallXML {
            if starts(with: [0xEF, 0xBB, 0xBF]) { offset += 3 }
            skipBlanks()
            if starts(with: Array("<?xml".utf8)) {
                while offset < bytes.count, !starts(with: Array("?>".utf8)) { offset += 1 }
                guard offset < bytes.count else { throw refusal("a declaration without end") }
                offset += 2
            }
            skipBlanks()
            let root = try element(depth: 1)
            skipBlanks()
            guard offset >= bytes.count else { throw refusal("something behind the end") }
            return root
        }

        mutating func element(depth: Int) throws(Refusal) -> SmallXML {
            guard depth <= SmallXML.depthMax else { throw refusal("elements too deep") }
            count += 1
            guard count <= SmallXML.elementsMax else { throw refusal("too many elements") }
            try expect(UInt8(ascii: "<"))
            var result = SmallXML(name: try name())
            guard try !attributes() else { return result }
            while true {
                guard offset < bytes.count else { throw refusal("no end of <\(result.name)>") }
                guard bytes[offset] == UInt8(ascii: "<") else {
                    result.text += try text()
                    continue
                }
                guard offset + 1 < bytes.count else { throw refusal("a tag without end") }
                guard bytes[offset + 1] == UInt8(ascii: "/") else {
                    result.children.append(try element(depth: depth + 1))
                    continue
                }
                offset += 2
                guard try name() == result.name else {
                    throw refusal("the end of another element than <\(result.name)>")
                }
                skipBlanks()
                try expect(UInt8(ascii: ">"))
                // Blanks between children say nothing.
                if !result.children.isEmpty { result.text = "" }
                return result
            }
        }

        /// Reads up to the end of a start tag.
        ///
        /// - Returns: whether it is the whole element.
        mutating func attributes() throws(Refusal) -> Bool {
            while true {
                skipBlanks()
                guard offset < bytes.count else { throw refusal("a tag without end") }
                if bytes[offset] == UInt8(ascii: ">") {
                    offset += 1
                    return false
                }
                if bytes[offset] == UInt8(ascii: "/") {
                    offset += 1
                    try expect(UInt8(ascii: ">"))
                    return true
                }
                _ = try name()
                skipBlanks()
                try expect(UInt8(ascii: "="))
                skipBlanks()
                guard offset < bytes.count,
                    bytes[offset] == UInt8(ascii: "\"") || bytes[offset] == UInt8(ascii: "'"),
                    let end = bytes[(offset + 1)...].firstIndex(of: bytes[offset])
                else { throw refusal("an attribute without a value") }
                offset = end + 1
            }
        }

        /// A name without its name space.
        mutating func name() throws(Refusal) -> String {
            let start = offset
            var localStart = offset
            while offset < bytes.count {
                switch bytes[offset] {
                case UInt8(ascii: ":"): localStart = offset + 1
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
                    UInt8(ascii: "."):
                    break
                default:
                    guard offset > localStart else { throw refusal("no name") }
                    return String(decoding: bytes[localStart..<offset], as: UTF8.self)
                }
                offset += 1
                guard offset - start <= 256 else { throw refusal("a name that is too long") }
            }
            throw refusal("no name")
        }

        mutating func text() throws(Refusal) -> String {
            var result: [UInt8] = []
            while offset < bytes.count, bytes[offset] != UInt8(ascii: "<") {
                if bytes[offset] == UInt8(ascii: "&") {
                    result += Array(String(try entity()).utf8)
                } else {
                    result.append(bytes[offset])
                    offset += 1
                }
            }
            guard let text = String(validating: result, as: UTF8.self) else {
                throw refusal("text that is not UTF-8")
            }
            return text
        }

        mutating func entity() throws(Refusal) -> Character {
            let start = offset + 1
            guard let end = bytes[start...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
                throw refusal("an entity without end")
            }
            let name = String(decoding: bytes[start..<end], as: UTF8.self)
            offset = end + 1
            switch name {
            case "amp": return "&"
            case "lt": return "<"
            case "gt": return ">"
            case "quot": return "\""
            case "apos": return "'"
            default:
                let isHex = name.hasPrefix("#x")
                guard name.hasPrefix("#"),
                    let code = UInt32(name.dropFirst(isHex ? 2 : 1), radix: isHex ? 16 : 10),
                    let scalar = Unicode.Scalar(code)
                else { throw refusal("an unknown entity") }
                return Character(scalar)
            }
        }

        mutating func expect(_ byte: UInt8) throws(Refusal) {
            guard offset < bytes.count, bytes[offset] == byte else {
                throw refusal("'\(Character(Unicode.Scalar(byte)))' is missing")
            }
            offset += 1
        }

        mutating func skipBlanks() {
            while offset < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[offset]) {
                offset += 1
            }
        }

        func starts(with prefix: [UInt8]) -> Bool {
            offset <= bytes.count && bytes[offset...].starts(with: prefix)
        }

        func refusal(_ reason: String) -> Refusal { Refusal(offset: offset, reason: reason) }
    }
}
