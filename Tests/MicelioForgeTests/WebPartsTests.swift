import Support
import Testing

@testable import MicelioForge

@Suite struct WebPartsTests {
    @Test func `interpolated text cannot become markup`() {
        let evil = "<script>\"'&\u{202E}\u{1B}"
        let html: HTML = "<p title=\"\(evil)\">\(evil)</p>"
        #expect(
            html.text
                == "<p title=\"&lt;script&gt;&quot;&#39;&amp;\\u{202e}\\x1b\">"
                + "&lt;script&gt;&quot;&#39;&amp;\\u{202e}\\x1b</p>")
        let inner: HTML = "<b>\("<")</b>"
        #expect(("<p>\(inner)</p>" as HTML).text == "<p><b>&lt;</b></p>")
    }

    @Test func `forms are read as browsers write them`() throws {
        let form = try FormFields(Array("a=1+2%21&b=%C3%BC&c=&d".utf8))
        #expect(form["a"] == "1 2!")
        #expect(form["b"] == "\u{FC}")
        #expect(form["c"].isEmpty && form["d"].isEmpty && form["e"].isEmpty)
    }

    @Test(arguments: ["a=1&a=2", "a[]=1", "a%5B%5D=1", "a=%", "a=%4", "a=%zz", "a=%FF", "a=%00"])
    func `doubled, array-like and damaged fields are refused`(_ body: String) {
        #expect(throws: ForgeError.self) { try FormFields(Array(body.utf8)) }
    }

    @Test func `random bytes never trap the form reader`() {
        for seed in UInt64(0)..<200 {
            var generator = SeededGenerator(seed: seed)
            _ = try? FormFields(generator.bytes(Int.random(in: 0...64, using: &generator)))
        }
    }

    @Test(arguments: [
        ("127.0.0.1:4000", "127.0.0.1", 4000), ("[::1]:0", "::1", 0),
        ("host.test:65535", "host.test", 65535),
    ])
    func `addresses read and print`(_ text: String, _ host: String, _ port: Int) throws {
        let address = try HostPort(text)
        #expect(address == HostPort(host: host, port: port))
        #expect(address.description == text)
    }

    @Test(arguments: ["", "4000", ":4000", "a:", "a:x", "a:-1", "a:65536", "::1:4000", "[::1]"])
    func `bad addresses are refused`(_ text: String) {
        #expect(throws: ForgeError.self) { try HostPort(text) }
    }

    @Test func `plaintext gRPC is for loopback`() {
        var configuration = ForgeConfiguration()
        configuration.encryption = .plaintext
        #expect(throws: Never.self) { try configuration.check() }
        configuration.rpc = HostPort(host: "0.0.0.0", port: 4001)
        #expect(throws: ForgeError.self) { try configuration.check() }
    }

    @Test(arguments: [
        ("https://forge.example.org", true), ("http://127.0.0.1:4000", true),
        ("https://forge.example.org/", false), ("https://a/b", false), ("forge.example.org", false),
        ("ftp://a", false), ("", false),
    ])
    func `a public URL is scheme and host`(_ text: String, _ isGood: Bool) {
        var configuration = ForgeConfiguration()
        configuration.publicURL = text
        #expect(((try? configuration.check()) != nil) == isGood)
    }
}
