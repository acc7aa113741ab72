import HifCore
import Testing

@testable import MicelioForge

/// Text of strangers made into markup.
@Suite struct MarkdownTests {
    private func html(_ text: String) -> String {
        MarkdownHTML.render(
            Array(text.utf8),
            addresses: .init(link: { "/p/\($0)" }, picture: { "/raw/\($0)" })
        ).html.text
    }

    @Test func `what is written is what is shown`() {
        #expect(
            html("# Tide\n\nA *gauge* measures.\n")
                == "<h2 id=\"text-tide\">Tide</h2><p>A <em>gauge</em> measures.</p>")
        #expect(html("- [x] a\n- b") == "<ul><li>☑ a</li><li>b</li></ul>")
        #expect(html("`a<b`") == "<p><code>a&lt;b</code></p>")
        #expect(
            html("```\na\n```")
                == "<pre tabindex=\"0\"><code>a\n</code></pre>".replacing("<code>", with: "")
                .replacing("</code>", with: ""))
        #expect(html("[x](docs/a.md)").contains("<a href=\"/p/docs/a.md\""))
        #expect(html("[x](#a-b)").contains("<a href=\"#text-a-b\""))
        #expect(html("![a tide](pic.png)").contains("<img src=\"/raw/pic.png\" alt=\"a tide\""))
        #expect(html("a &lt; b &amp; c &copy; &#65;") == "<p>a &lt; b &amp; c © A</p>")
        #expect(html("# a\n# a").contains("id=\"text-a-1\""))
    }

    @Test(arguments: [
        "<script>alert(1)</script>", "a <img src=x onerror=alert(1)> b", "<svg onload=alert(1)>",
        "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
        "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](java\tscript:alert(1))",
        "[x](&#106;avascript:alert(1))", "[x](javascript&colon;alert(1))",
        "[x](javascript&#58;alert(1))", "[x](data:text/html,<script>alert(1)</script>)",
        "[x](vbscript:x)", "[x](//evil.test/a)", "<javascript:alert(1)>",
        "![x](javascript:alert(1))", "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
        "![a](x\"onerror=\"alert(1))", "[a](x \"onmouseover=alert(1)\")",
        "[a](<x\" onclick=\"alert(1)>)", "| a | b |\n|--|--|\n| <script>x</script> | y |",
        "<a href=\"javascript:alert(1)\">x</a>", "[x](\u{1}javascript:alert(1))",
        "<!-- --> <script>", "[x]: javascript:alert(1)\n\n[x]", "\u{202E}<b>",
        "```<script>\n</pre><script>x</script>\n```", "# <script>x</script>",
    ])
    func `nothing hostile becomes markup or leads anywhere`(_ text: String) {
        let result = html(text)
        let lower = result.lowercased()
        for word in [
            "<script", "<svg", "<math", "<style", "<form", " onerror=\"", " onload=\"",
            " onclick=\"", "<b>", "\u{202E}",
        ] {
            #expect(!lower.contains(word), "\(text) gave \(result)")
        }
        // Every address is of a kind that leads somewhere and does nothing else.
        for part in result.components(between: "href=\"", and: "\"")
            + result.components(between: "src=\"", and: "\"")
        {
            #expect(
                part.hasPrefix("/") && !part.hasPrefix("//") || part.hasPrefix("https://")
                    || part.hasPrefix("http://") || part.hasPrefix("mailto:")
                    || part.hasPrefix("#"),
                "\(text) leads to \(part)")
        }
    }

    @Test func `texts made to exhaust are cut, and quickly`() {
        let texts = [
            String(repeating: "[", count: 50_000), String(repeating: "> ", count: 20_000) + "x",
            String(repeating: "*a ", count: 30_000), String(repeating: "`", count: 50_000),
            "|" + String(repeating: "a|", count: 8_000) + "\n|"
                + String(repeating: "-|", count: 8_000) + "\n"
                + String(repeating: "|x|\n", count: 4_000),
            String(repeating: "- ", count: 10_000), String(repeating: "<a>", count: 20_000),
            String(repeating: "![", count: 20_000), String(repeating: "&amp;", count: 50_000),
        ]
        for text in texts {
            let (html, _) = MarkdownHTML.render(Array(text.utf8))
            #expect(html.text.utf8.count <= MarkdownHTML.htmlBytesMax + 100_000)
        }
        let (_, isComplete) = MarkdownHTML.render(
            Array(repeating: 0x61, count: MarkdownHTML.textBytesMax + 1))
        #expect(!isComplete)
    }

    @Test func `bytes that are no text do not trap`() {
        for byte in UInt8.min...UInt8.max {
            _ = MarkdownHTML.render([0x23, 0x20, byte, 0x0A, byte, byte, 0x5B, byte])
        }
    }

    @Test func `Markdown twins keep what people wrote inside`() {
        #expect(MarkdownText.escape("# a\n[x](y) <b>") == "\\# a \\[x\\](y) \\<b\\>")
        #expect(MarkdownText.quote("a\n# b") == "> a\n> # b")
        #expect(MarkdownText.code("```\nx") == "````\n```\nx\n````")
    }
}

extension String {
    /// What stands between each `start` and the next `end`.
    func components(between start: String, and end: String) -> [String] {
        var found: [String] = []
        var rest = self[...]
        while let from = rest.firstRange(of: start) {
            rest = rest[from.upperBound...]
            guard let to = rest.firstRange(of: end) else { break }
            found.append(String(rest[..<to.lowerBound]))
        }
        return found
    }
}
