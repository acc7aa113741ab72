import CMd4c
import HifCore

/// Markdown made into markup: md4c parses, this writes. Nothing of the text becomes markup but what
/// is written here: raw HTML is text, addresses are of the kinds listed, and the whole is bounded.
struct MarkdownHTML {
    /// A longer text is not made into markup.
    static let textBytesMax = 512 << 10
    /// Where a longer result is cut.
    static let htmlBytesMax = 1 << 20
    /// Elements within each other.
    static let depthMax = 100

    /// Turns an address of the text into one for the page; nil where it leads nowhere.
    struct Addresses: Sendable {
        /// Of a link to something in the project, relative to the text.
        let link: @Sendable (String) -> String?
        /// Of a picture in the project.
        let picture: @Sendable (String) -> String?

        /// For texts that lie nowhere: links to elsewhere only.
        static let none = Addresses(link: { _ in nil }, picture: { _ in nil })
    }

    /// The markup; and whether it is all of it.
    static func render(
        _ text: [UInt8], addresses: Addresses = .none
    ) -> (html: HTML, isComplete: Bool) {
        let writer = MarkdownWriter(addresses)
        let isWhole = text.count <= textBytesMax
        let shown = isWhole ? text[...] : text.prefix(textBytesMax)
        let code = shown.withUnsafeBufferPointer { bytes -> Int32 in
            guard let base = bytes.baseAddress else { return 0 }
            var parser = MD_PARSER()
            parser.flags = UInt32(CMD4C_FLAGS)
            parser.enter_block = { MarkdownWriter.of($2)?.enter($0, $1) ?? 1 }
            parser.leave_block = { type, _, user in MarkdownWriter.of(user)?.leave(type) ?? 1 }
            parser.enter_span = { MarkdownWriter.of($2)?.enter($0, $1) ?? 1 }
            parser.leave_span = { type, _, user in MarkdownWriter.of(user)?.leave(type) ?? 1 }
            parser.text = { type, text, size, user in
                let bytes = UnsafeBufferPointer(start: text, count: Int(size))
                return MarkdownWriter.of(user)?.text(type, bytes.map { UInt8(bitPattern: $0) }) ?? 1
            }
            return base.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
                md_parse(
                    $0, MD_SIZE(bytes.count), &parser,
                    Unmanaged.passUnretained(writer).toOpaque())
            }
        }
        return (writer.finish(), code == 0 && isWhole)
    }

    /// An address that a text may lead to, of the kinds that do nothing but lead somewhere.
    static func isAbsolute(_ address: String) -> Bool {
        let lower = address.lowercased()
        return ["http://", "https://", "mailto:"].contains { lower.hasPrefix($0) }
    }
}

/// Writes what md4c calls out. A class, as the calls come with a pointer.
private final class MarkdownWriter {
    private let addresses: MarkdownHTML.Addresses
    private var html = ""
    /// What is open and closes before the end, when the text was cut.
    private var open: [String] = []
    /// A picture's words become its `alt`.
    private var picture: (address: String?, words: String)?
    private var pictureDepth = 0
    private var anchors: [String: Int] = [:]
    private var heading: (level: UInt32, start: String.Index)?

    init(_ addresses: MarkdownHTML.Addresses) {
        self.addresses = addresses
    }

    static func of(_ pointer: UnsafeMutableRawPointer?) -> MarkdownWriter? {
        pointer.map { Unmanaged<MarkdownWriter>.fromOpaque($0).takeUnretainedValue() }
    }

    func finish() -> HTML {
        while let name = open.popLast() { html += "</\(name)>" }
        return HTML(trusted: html)
    }

    /// 0 goes on; anything else ends the parsing.
    private var verdict: Int32 {
        html.utf8.count > MarkdownHTML.htmlBytesMax || open.count > MarkdownHTML.depthMax ? 1 : 0
    }

    private func begin(_ name: String, _ attributes: HTML = "") -> Int32 {
        html += "<\(name)\(attributes.text)>"
        open.append(name)
        return verdict
    }

    private func end() -> Int32 {
        if let name = open.popLast() { html += "</\(name)>" }
        return verdict
    }

    // MARK: Blocks

    func enter(_ type: MD_BLOCKTYPE, _ detail: UnsafeMutableRawPointer?) -> Int32 {
        switch type {
        case MD_BLOCK_QUOTE: return begin("blockquote")
        case MD_BLOCK_UL: return begin("ul")
        case MD_BLOCK_OL:
            let start = detail?.load(as: MD_BLOCK_OL_DETAIL.self).start ?? 1
            return begin("ol", start == 1 ? "" : " start=\"\(start)\"")
        case MD_BLOCK_LI:
            let item = detail?.load(as: MD_BLOCK_LI_DETAIL.self)
            let result = begin("li")
            if let item, item.is_task != 0 {
                html += item.task_mark == 0x20 ? "☐ " : "☑ "
            }
            return result
        case MD_BLOCK_HR:
            html += "<hr>"
            return verdict
        case MD_BLOCK_H:
            // The page has headings of its own above.
            let level = (detail?.load(as: MD_BLOCK_H_DETAIL.self).level ?? 1) + 1
            heading = (min(level, 6), html.endIndex)
            return verdict
        case MD_BLOCK_CODE: return begin("pre", " tabindex=\"0\"")
        case MD_BLOCK_P: return begin("p")
        case MD_BLOCK_TABLE:
            html += "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table\">"
            return begin("table", " class=\"list\"")
        case MD_BLOCK_THEAD: return begin("thead")
        case MD_BLOCK_TBODY: return begin("tbody")
        case MD_BLOCK_TR: return begin("tr")
        case MD_BLOCK_TH: return begin("th", " scope=\"col\"")
        case MD_BLOCK_TD: return begin("td")
        default: return verdict
        }
    }

    func leave(_ type: MD_BLOCKTYPE) -> Int32 {
        switch type {
        case MD_BLOCK_DOC, MD_BLOCK_HR, MD_BLOCK_HTML: return verdict
        case MD_BLOCK_H: return endHeading()
        case MD_BLOCK_TABLE:
            _ = end()
            html += "</div>"
            return verdict
        default: return end()
        }
    }

    private func endHeading() -> Int32 {
        guard let heading else { return verdict }
        self.heading = nil
        let inner = String(html[heading.start...])
        html.removeSubrange(heading.start...)
        let slug = anchor(of: inner)
        html += "<h\(heading.level) id=\"\(slug)\">\(inner)</h\(heading.level)>"
        return verdict
    }

    /// A heading's anchor, as other forges name them, so that links within a text go on working.
    private func anchor(of markup: String) -> String {
        var slug = ""
        var isInTag = false
        for scalar in markup.unicodeScalars {
            switch scalar {
            case "<": isInTag = true
            case ">": isInTag = false
            case _ where isInTag: continue
            case " ", "-": slug += "-"
            case "a"..."z", "0"..."9", "_": slug.unicodeScalars.append(scalar)
            case "A"..."Z": slug += scalar.properties.lowercaseMapping
            default: continue
            }
        }
        slug = "text-" + slug.prefix(80)
        let count = anchors[slug, default: 0]
        anchors[slug] = count + 1
        return count == 0 ? slug : "\(slug)-\(count)"
    }

    // MARK: Spans

    func enter(_ type: MD_SPANTYPE, _ detail: UnsafeMutableRawPointer?) -> Int32 {
        if type == MD_SPAN_IMG {
            pictureDepth += 1
            if pictureDepth == 1, let detail {
                picture = (
                    address(detail.load(as: MD_SPAN_IMG_DETAIL.self).src), ""
                )
            }
            return verdict
        }
        // Within a picture there are only words.
        guard pictureDepth == 0 else { return verdict }
        switch type {
        case MD_SPAN_EM: return begin("em")
        case MD_SPAN_STRONG: return begin("strong")
        case MD_SPAN_CODE: return begin("code")
        case MD_SPAN_DEL: return begin("del")
        case MD_SPAN_A:
            guard let detail,
                let target = link(address(detail.load(as: MD_SPAN_A_DETAIL.self).href))
            else { return begin("span") }
            return begin("a", " href=\"\(target)\" rel=\"nofollow ugc\"")
        default: return begin("span")
        }
    }

    func leave(_ type: MD_SPANTYPE) -> Int32 {
        if type == MD_SPAN_IMG {
            pictureDepth -= 1
            if pictureDepth == 0, let picture {
                self.picture = nil
                show(picture.address ?? "", picture.words)
            }
            return verdict
        }
        return pictureDepth == 0 ? end() : verdict
    }

    /// A picture of the project is shown. One from elsewhere is a link: looking at a page tells
    /// nobody else that it was looked at.
    private func show(_ address: String, _ words: String) {
        let isInLink = open.contains("a")
        if !MarkdownHTML.isAbsolute(address), let source = addresses.picture(address) {
            html += ("<img src=\"\(source)\" alt=\"\(words)\" loading=\"lazy\">" as HTML).text
        } else if let target = link(address), !isInLink {
            let shown = words.isEmpty ? address : words
            html += ("<a href=\"\(target)\" rel=\"nofollow ugc\">\(shown)</a>" as HTML).text
        } else {
            html += ("\(words)" as HTML).text
        }
    }

    private func link(_ address: String?) -> String? {
        guard let address, !address.isEmpty else { return nil }
        if MarkdownHTML.isAbsolute(address) { return address }
        if address.hasPrefix("#") { return "#text-\(address.dropFirst())" }
        // Whatever else has a scheme is of a kind that is not listed.
        let first = address.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !first.contains(":"), !address.hasPrefix("//") else { return nil }
        return addresses.link(address)
    }

    /// An attribute as text. Entities are decoded here, and only those whose meaning is known, so
    /// that a browser has none left to decode into something else.
    private func address(_ attribute: MD_ATTRIBUTE) -> String? {
        guard let text = attribute.text else { return nil }
        let bytes = UnsafeBufferPointer(start: text, count: Int(attribute.size)).map {
            UInt8(bitPattern: $0)
        }
        var result: [UInt8] = []
        var index = 0
        var part = 0
        while index < bytes.count {
            let next = Int(attribute.substr_offsets[part + 1])
            let piece = Array(bytes[index..<max(index + 1, min(next, bytes.count))])
            if attribute.substr_types[part] == MD_TEXT_ENTITY {
                result += Array(MarkdownWriter.decoded(piece).utf8)
            } else {
                result += piece
            }
            index += piece.count
            part += 1
        }
        // Browsers drop tabs and line ends from addresses, and with them the difference between
        // "java script:" and what it means.
        let kept = result.filter { $0 > 0x20 && $0 != 0x7F }
        return String(validating: kept, as: UTF8.self)
    }

    // MARK: Text

    func text(_ type: MD_TEXTTYPE, _ bytes: [UInt8]) -> Int32 {
        var words: String
        switch type {
        case MD_TEXT_BR, MD_TEXT_SOFTBR:
            if pictureDepth == 0 { html += type == MD_TEXT_BR ? "<br>\n" : "\n" }
            words = " "
            if pictureDepth > 0 { picture?.words += words }
            return verdict
        case MD_TEXT_NULLCHAR: words = "\u{FFFD}"
        case MD_TEXT_ENTITY: words = MarkdownWriter.decoded(bytes)
        default: words = SafeText.escape(bytes, keepingLines: true)
        }
        if pictureDepth > 0 {
            picture?.words += words
        } else {
            html += ("\(words)" as HTML).text
        }
        return verdict
    }

    private static let named: [String: String] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": "\u{A0}",
        "copy": "©", "reg": "®", "trade": "™", "hellip": "…", "mdash": "—", "ndash": "–",
        "larr": "←", "rarr": "→", "uarr": "↑", "darr": "↓", "times": "×", "middot": "·",
        "bull": "•", "laquo": "«", "raquo": "»", "ldquo": "“", "rdquo": "”", "lsquo": "‘",
        "rsquo": "’", "deg": "°", "sect": "§", "para": "¶", "euro": "€", "check": "✓",
    ]

    /// What an entity stands for; itself, as text, when that is not known.
    private static func decoded(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        let body = text.dropFirst().dropLast()
        if body.hasPrefix("#") {
            let digits = body.dropFirst()
            let isHex = digits.hasPrefix("x") || digits.hasPrefix("X")
            let value = isHex ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
            guard let value, value != 0, let scalar = Unicode.Scalar(value) else {
                return "\u{FFFD}"
            }
            return SafeText.escape(String(scalar), keepingLines: true)
        }
        return named[String(body)] ?? text
    }
}
