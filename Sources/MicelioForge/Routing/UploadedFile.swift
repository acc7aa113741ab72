/// The one file of a submitted form (`multipart/form-data`, RFC 7578).
///
/// A small part of what the format allows, read strictly: one part, which is the file, nothing before it and
/// nothing behind it. What somebody calls the file is not looked at, and neither is the type that they say.
struct UploadedFile: Sendable {
    let bytes: [UInt8]

    /// - Parameters:
    ///   - contentType: of the request, with the boundary.
    ///   - field: the field that the file has to be of.
    init(_ body: [UInt8], contentType: String, field: String) throws(ForgeError) {
        let boundary = try UploadedFile.boundary(contentType)
        let opening = Array("--\(boundary)\r\n".utf8)
        guard body.starts(with: opening) else { throw UploadedFile.damaged }
        let rest = body[opening.count...]
        guard let headEnd = UploadedFile.find(Array("\r\n\r\n".utf8), in: rest) else {
            throw UploadedFile.damaged
        }
        guard headEnd - rest.startIndex <= Limits.uploadHeadBytesMax else {
            throw .invalid(
                "the head of a file in a form has at most \(Limits.uploadHeadBytesMax) bytes")
        }
        try UploadedFile.check(rest[..<headEnd], isOf: field)
        let content = rest[(headEnd + 4)...]
        // A file without a byte ends where its head does.
        let closing = Array("\r\n--\(boundary)".utf8)
        guard let end = UploadedFile.find(closing, in: rest[(headEnd + 2)...]) else {
            throw UploadedFile.damaged
        }
        switch rest[(end + closing.count)...] {
        case Array("--".utf8)[...], Array("--\r\n".utf8)[...]: break
        case let more where more.starts(with: Array("\r\n".utf8)):
            throw .invalid("this form has \(Limits.uploadPartsMax) part, which is the file")
        default: throw UploadedFile.damaged
        }
        bytes = end < content.startIndex ? [] : Array(content[..<end])
    }

    private static let damaged = ForgeError.invalid(
        "the form is damaged: a multipart/form-data with one file is wanted")

    /// RFC 2046, section 5.1.1; a blank, which it allows within, no browser uses.
    private static func boundary(_ contentType: String) throws(ForgeError) -> String {
        let words = contentType.split(separator: ";", omittingEmptySubsequences: false)
        guard words[0].lowercased() == "multipart/form-data" else {
            throw ForgeError(.unsupportedMediaType, "this address takes multipart/form-data")
        }
        let values = words.dropFirst().compactMap { word -> Substring? in
            let word = word.drop { $0 == " " }
            return word.lowercased().hasPrefix("boundary=") ? word.dropFirst(9) : nil
        }
        guard values.count == 1, var value = values.first else {
            throw .invalid("the form has no boundary, or two")
        }
        if value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") {
            value = value.dropFirst().dropLast()
        }
        let isPlain = value.utf8.allSatisfy {
            (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0)
                || "'()+_,-./:=?".utf8.contains($0)
        }
        guard (1...70).contains(value.utf8.count), isPlain else {
            throw .invalid("the form has no boundary that can be")
        }
        return String(value)
    }

    /// The part's head: one `Content-Disposition`, of the right field.
    private static func check(
        _ head: ArraySlice<UInt8>, isOf field: String
    ) throws(ForgeError) {
        guard let text = String(validating: head, as: UTF8.self) else { throw damaged }
        var names: [String] = []
        for line in text.split(separator: "\r\n", omittingEmptySubsequences: false) {
            guard let colon = line.firstIndex(of: ":"), !line.hasPrefix(" "),
                !line.hasPrefix("\t")
            else { throw damaged }
            guard line[..<colon].lowercased() == "content-disposition" else { continue }
            names.append(try name(line[line.index(after: colon)...]))
        }
        guard names == [field] else {
            throw .invalid("the file of this form is the field '\(field)'")
        }
    }

    /// ` form-data; name="picture"; filename="a;b.png"`: the name.
    private static func name(_ value: Substring) throws(ForgeError) -> String {
        var parts: [Substring] = []
        var isQuoted = false
        var start = value.startIndex
        for index in value.indices {
            switch value[index] {
            // A quotation mark within a file's name is written as %22 by browsers, and by old ones with a
            // backslash.
            case "\"" where index == start || value[value.index(before: index)] != "\\":
                isQuoted.toggle()
            case ";" where !isQuoted:
                parts.append(value[start..<index])
                start = value.index(after: index)
            default: break
            }
        }
        parts.append(value[start...])
        let words = parts.map { $0.drop { $0 == " " } }
        let names = words.dropFirst().filter { $0.lowercased().hasPrefix("name=\"") }
        guard !isQuoted, words[0].lowercased() == "form-data", names.count == 1,
            let name = names.first, name.hasSuffix("\""), name.count >= 7
        else { throw damaged }
        return String(name.dropFirst(6).dropLast())
    }

    /// Where `wanted` begins, in time linear in both (Knuth, Morris and Pratt 1977): a boundary is chosen by
    /// whoever sends the form, who could choose one that is found slowly.
    private static func find(_ wanted: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        // How much of the beginning also ends at each place, short of all of it.
        var borders = [0]
        var count = 0
        for byte in wanted.dropFirst() {
            while count > 0, wanted[count] != byte { count = borders[count - 1] }
            if wanted[count] == byte { count += 1 }
            borders.append(count)
        }
        count = 0
        for (place, byte) in zip(bytes.indices, bytes) {
            while count > 0, wanted[count] != byte { count = borders[count - 1] }
            if wanted[count] == byte { count += 1 }
            if count == wanted.count { return place + 1 - count }
        }
        return nil
    }
}
