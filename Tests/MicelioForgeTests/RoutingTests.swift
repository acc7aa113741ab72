import HTTPTypes
import Support
import Testing

@testable import MicelioForge

/// Addresses and the table of routes.
@Suite struct RoutingTests {
    private func table(_ patterns: String...) -> RouteTable {
        RouteTable(
            patterns.map { Route.free(.get, $0, .page, $0, "") { _ in .redirect("/") } })
    }

    private func found(_ table: RouteTable, _ path: String) -> RouteTable.Match? {
        if case .found(let match) = table.find(.get, path) { match } else { nil }
    }

    @Test func `what is narrower answers, in whichever order it was written`() {
        let table = table("/{owner}/{project}~", "/device/decision", "/{owner}/{project}/@{at}~")
        #expect(found(table, "/device/decision")?.route.id == "/device/decision")
        #expect(found(table, "/ana/app")?.route.id == "/{owner}/{project}~")
        #expect(found(table, "/ana/app/")?.route.id == "/{owner}/{project}~")
        #expect(found(table, "/ana/app/@7")?.values["at"] == Array("7".utf8))
        for path in ["/ana/app/7", "/ana/app/@", "/ana", "//app", "/ana//", "/", ""] {
            #expect(found(table, path) == nil, "\(path)")
        }
    }

    @Test func `a suffix asks for another form where the pattern has one, and is a name elsewhere`()
    {
        let table = table(
            "/{owner}/{project}~", "/{owner}/{project}/file~/@{at}/{path...}",
            "/{owner}/{project}/raw/@{at}/{path...}")
        #expect(found(table, "/ana/app.json")?.format == .json)
        #expect(found(table, "/ana/app.json")?.values["project"] == Array("app".utf8))
        #expect(found(table, "/ana/app.md")?.format == .markdown)
        #expect(found(table, "/ana/.json")?.values["project"] == Array(".json".utf8))
        let file = found(table, "/ana/app/file.md/@3/docs/a.json")
        #expect(file?.format == .markdown && file?.values["path"] == Array("docs/a.json".utf8))
        #expect(found(table, "/ana/app/raw/@3/README.md")?.format == .html)
        #expect(found(table, "/ana/app/raw.md/@3/README.md") == nil)
    }

    @Test func `parts are decoded once, and a slash is never smuggled into a name`() {
        let table = table("/{owner}/raw/{path...}")
        #expect(
            found(table, "/ana/raw/a%20b/%C3%BC%FF")?.values["path"] == [
                0x61, 0x20, 0x62, 0x2F, 0xC3, 0xBC, 0xFF,
            ])
        #expect(found(table, "/ana/raw/%252e")?.values["path"] == Array("%2e".utf8))
        for path in [
            "/a%2Fb/raw/x", "/ana/raw/%", "/ana/raw/%4", "/ana/raw/%zz", "/ana/raw/%00",
            "/ana/raw/a//b",
        ] {
            #expect(found(table, path) == nil, "\(path)")
        }
    }

    @Test func `a method that an address does not take is told from an address that is not there`()
    {
        let table = RouteTable.forge
        if case .otherMethods(let methods) = table.find(.delete, "/signin") {
            #expect(Set(methods) == [.get, .post])
        } else {
            Issue.record("DELETE /signin")
        }
        if case .found(let match) = table.find(.head, "/signin") {
            #expect(match.route.id == "signin.show")
        } else {
            Issue.record("HEAD /signin")
        }
    }

    @Test func `names of an operation are unique to what they mean`() {
        var seen: [String: String] = [:]
        for route in RouteTable.forge.routes {
            let key = "\(route.surface) \(route.method) \(route.pattern)"
            #expect(seen.updateValue(route.id, forKey: key) == nil, "\(key) is there twice")
            #expect(!route.summary.isEmpty && !route.id.isEmpty)
        }
    }

    @Test func `first words of the forge's own addresses cannot be handles`() {
        for route in RouteTable.forge.routes {
            guard case .literal(let word)? = route.pattern.parts.first else { continue }
            #expect(throws: ForgeError.self, "/\(word)") { try Handle(word) }
        }
    }

    @Test func `random addresses never trap`() {
        for seed in UInt64(0)..<500 {
            var generator = SeededGenerator(seed: seed)
            let bytes = generator.bytes(Int.random(in: 0...40, using: &generator))
            let odd = String(
                decoding: bytes.map { $0 % 5 == 0 ? UInt8(ascii: "/") : $0 & 0x7F }, as: UTF8.self)
            _ = RouteTable.forge.find(.get, "/" + odd)
            #expect(
                PercentCoding.decode(PercentCoding.encode(bytes))
                    == (bytes.contains(0) ? nil : bytes))
        }
    }

    @Test(arguments: [
        ("/ana/app", "/ana/app"), ("/ana/app/log?path=a", "/ana/app/log?path=a"), ("", "/"),
        ("//evil.test", "/"), ("https://evil.test", "/"), ("/\\evil.test", "/"),
        ("/a\r\nSet-Cookie: x", "/"), ("/signin?to=/signin", "/"), ("evil", "/"),
    ])
    func `after signing in one goes on within this site`(_ text: String, _ address: String) {
        #expect(BrowserCookie.localAddress(text) == address)
    }

    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00Z", "Thursday, 1 January 1970"),
        (951_827_696_000, "2000-02-29T12:34:56Z", "Tuesday, 29 February 2000"),
        (-1, "1969-12-31T23:59:59Z", "Wednesday, 31 December 1969"),
        (1_795_965_599_000, "2026-11-29T15:19:59Z", "Sunday, 29 November 2026"),
    ])
    func `moments are written as the calendar has them`(
        _ millis: Int64, _ iso: String, _ day: String
    ) {
        #expect(Moment(millis).iso == iso)
        #expect(Moment(millis).dayName == day)
    }

    @Test func `moments beyond the calendar are cut, and distances are in words`() {
        #expect(Moment(.min).iso == "0001-01-01T00:00:00Z")
        #expect(Moment(.max).iso == "9999-12-31T23:59:59Z")
        #expect(Moment(0).distance(from: 7_200_000) == "2 hours ago")
        #expect(Moment(86_400_000).distance(from: 0) == "in 1 day")
        #expect(Moment(14 * 86_400_000).distance(from: 3_000) == "in 2 weeks")
        #expect(Moment(0).distance(from: 59_000) == "just now")
        #expect(1_234_567.grouped == "1,234,567" && (-12).grouped == "−12")
        #expect(999.byteSize == "999 bytes" && 999_999.byteSize == "1.0 MB")
    }
}
