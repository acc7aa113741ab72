import Foundation

/// Text of a commit in the encoding that the commit declares, turned into UTF-8.
enum GitText {
    /// `bytes` as UTF-8 where they are in `encoding`; unchanged when they are UTF-8 already, when
    /// the encoding is unknown, or when they do not follow it.
    static func utf8(_ bytes: [UInt8], encoding: [UInt8]?) -> [UInt8] {
        guard let encoding, let name = String(validating: encoding, as: UTF8.self) else {
            return bytes
        }
        let key = name.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " }
        switch key {
        case "utf8": return bytes
        case "iso88591", "latin1", "l1":
            var result: [UInt8] = []
            result.reserveCapacity(bytes.count + bytes.count / 8)
            for byte in bytes {
                if byte < 0x80 {
                    result.append(byte)
                } else {
                    result.append(0xC0 | byte >> 6)
                    result.append(0x80 | byte & 0x3F)
                }
            }
            return result
        default:
            guard let known = encodings[key],
                let text = String(data: Data(bytes), encoding: known)
            else { return bytes }
            return Array(text.utf8)
        }
    }

    private static let encodings: [String: String.Encoding] = [
        "iso88592": .isoLatin2, "latin2": .isoLatin2,
        "windows1250": .windowsCP1250, "cp1250": .windowsCP1250,
        "windows1251": .windowsCP1251, "cp1251": .windowsCP1251,
        "windows1252": .windowsCP1252, "cp1252": .windowsCP1252,
        "windows1254": .windowsCP1254, "cp1254": .windowsCP1254,
        "eucjp": .japaneseEUC, "shiftjis": .shiftJIS, "sjis": .shiftJIS,
        "iso2022jp": .iso2022JP, "macroman": .macOSRoman,
    ]
}
