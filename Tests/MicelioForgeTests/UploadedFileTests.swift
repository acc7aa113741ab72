import Support
import Testing

@testable import MicelioForge

/// Forms that send a file, as browsers write them and as nobody should.
@Suite struct UploadedFileTests {
    private static let type = "multipart/form-data; boundary=XX"

    private static func form(
        _ content: String, head: String = "Content-Disposition: form-data; name=\"picture\"",
        tail: String = "--\r\n"
    ) -> String {
        "--XX\r\n\(head)\r\n\r\n\(content)\r\n--XX\(tail)"
    }

    private func read(
        _ text: String, _ type: String = UploadedFileTests.type
    ) throws(ForgeError) -> String {
        String(
            decoding: try UploadedFile(Array(text.utf8), contentType: type, field: "picture").bytes,
            as: UTF8.self)
    }

    @Test func `a file is read as browsers write it, whatever it is called`() throws {
        let disposition = "Content-Disposition: form-data; name=\"picture\"; filename="
        for name in [
            "\"a.png\"", "\"../../x\"", "\"/etc/passwd\"", "\"a;name=\\\"b\\\".png\"",
            "\"a%22b.png\"", "\"\u{E9}\u{202E}gnp\"", "\"\"",
        ] {
            let text = Self.form("bytes", head: disposition + name + "\r\nContent-Type: text/html")
            #expect(try read(text) == "bytes", "\(name)")
        }
        #expect(try read(Self.form("")).isEmpty)
        #expect(try read(Self.form("a\r\n--XY\r\n--X\r\n", tail: "--")) == "a\r\n--XY\r\n--X\r\n")
        #expect(
            try read(Self.form("x"), "Multipart/Form-Data; charset=utf-8; Boundary=\"XX\"") == "x")
        let lower = "content-disposition: FORM-DATA; name=\"picture\""
        #expect(try read(Self.form("x", head: lower)) == "x")
    }

    @Test(arguments: [
        "", "--XX--", "--XX--\r\n", "--XX\r\n", "--XX\r\n\r\n", "--XX\n", "\r\n" + form("x"),
        "preamble\r\n" + form("x"), form("x", tail: ""), form("x", tail: "-"),
        form("x", tail: "--\r\nepilogue"), form("x", tail: "y--"), form("x", head: ""),
        form("x", head: "Content-Type: image/png"),
        form("x", head: "Content-Disposition: form-data"),
        form("x", head: "Content-Disposition: form-data; name=picture"),
        form("x", head: "Content-Disposition: form-data; name=\"other\""),
        form("x", head: "Content-Disposition: form-data; name=\"picture\"; name=\"picture\""),
        form("x", head: "Content-Disposition: attachment; name=\"picture\""),
        form("x", head: "Content-Disposition: form-data; name=\"picture"),
        form("x", head: "Content-Disposition:\r\n form-data; name=\"picture\""),
        form(
            "x",
            head: "Content-Disposition: form-data; name=\"picture\"\r\n"
                + "Content-Disposition: form-data; name=\"picture\""),
        form("x", head: "nothing"),
    ])
    func `what is damaged is refused`(_ text: String) {
        #expect(throws: ForgeError.self) { try read(text) }
    }

    @Test(arguments: [
        "multipart/form-data", "multipart/form-data;", "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"", "multipart/form-data; boundary=X X",
        "multipart/form-data; boundary=XX; boundary=XX", "multipart/form-data; boundary=X\"X",
        "multipart/form-data; boundary=" + String(repeating: "X", count: 71),
    ])
    func `a boundary that is missing, doubled or odd is refused`(_ type: String) {
        #expect(throws: ForgeError.self) { try read(Self.form("x"), type) }
    }

    @Test(arguments: ["", "image/png", "multipart/mixed; boundary=XX", "application/json"])
    func `another type is told so`(_ type: String) throws {
        let error = #expect(throws: ForgeError.self) { try read(Self.form("x"), type) }
        #expect(error?.code == .unsupportedMediaType)
    }

    @Test func `one part is read, and ten thousand are refused`() throws {
        let part = "\r\nContent-Disposition: form-data; name=\"picture\"\r\n\r\nx\r\n--XX"
        for count in [Limits.uploadPartsMax + 1, 10_000] {
            let text = "--XX" + String(repeating: part, count: count) + "--\r\n"
            let error = #expect(throws: ForgeError.self) { try read(text) }
            #expect(error?.message == "this form has 1 part, which is the file")
        }
        #expect(try read("--XX" + part + "--\r\n") == "x")
    }

    @Test func `a part's head is bounded`() throws {
        let head = "Content-Disposition: form-data; name=\"picture\"\r\nX: "
        let padding = String(repeating: "a", count: Limits.uploadHeadBytesMax - head.utf8.count)
        #expect(try read(Self.form("x", head: head + padding)) == "x")
        let error = #expect(throws: ForgeError.self) {
            try read(Self.form("x", head: head + padding + "a"))
        }
        #expect(error?.message.contains("\(Limits.uploadHeadBytesMax)") == true)
    }

    @Test func `no damage of a form traps`() {
        let whole = Array(Self.form("bytes\r\n--X").utf8)
        for count in 0..<whole.count {
            _ = try? UploadedFile(
                Array(whole.prefix(count)), contentType: Self.type, field: "picture")
        }
        for seed in UInt64(0)..<500 {
            var generator = SeededGenerator(seed: seed)
            var damaged = whole
            for _ in 0...seed % 4 {
                damaged[Int.random(in: 0..<whole.count, using: &generator)] =
                    [0, 10, 13, 34, 45, 59, 255][Int.random(in: 0..<7, using: &generator)]
            }
            _ = try? UploadedFile(damaged, contentType: Self.type, field: "picture")
        }
    }
}
