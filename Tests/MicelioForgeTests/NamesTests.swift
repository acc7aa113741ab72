import Testing

@testable import MicelioForge

@Suite struct NamesTests {
    @Test(arguments: ["a", "ana", "ana-2", "0x", "a-b-c", String(repeating: "a", count: 39)])
    func `good handles are handles`(_ text: String) throws {
        #expect(try Handle(text).text == text)
    }

    @Test(arguments: [
        "", ".", "..", "%2e%2e%2f", "a/../../b", "Ana", "\u{FF41}dmin", "admin", "api", "mcp",
        "oauth",
        ".well-known", "SKILL.md", "login", "-a", "a-", "a--b", "a_b", "a.b", "a ", " a", "a\0",
        "\u{202E}ana", "\u{1F600}", "con", "lpt1", "a\r\nb", "\u{FC}ber",
        String(repeating: "a", count: 40), String(repeating: "a", count: 256),
    ])
    func `bad handles are refused`(_ text: String) {
        #expect(throws: ForgeError.self) { try Handle(text) }
    }

    @Test(arguments: ["app", "App", "a.b", "a_b-c", "3d", String(repeating: "a", count: 100)])
    func `good project names are names`(_ text: String) throws {
        #expect(try ProjectName(text).text == text)
    }

    @Test(arguments: [
        "", ".", "..", ".app", "-app", "app.", "a..b", "app.git", "App.GIT", "x.hif", "a/b", "a b",
        "a\u{202E}b", "con", "settings", "Sessions", "a\0", "a%2fb", "\u{1F600}",
        String(repeating: "a", count: 101),
    ])
    func `bad project names are refused`(_ text: String) {
        #expect(throws: ForgeError.self) { try ProjectName(text) }
    }

    @Test func `a project is named with exactly one slash`() throws {
        #expect(try ProjectPath("ana/app").description == "ana/app")
        for text in ["ana", "ana/", "/app", "ana/app/", "ana//app", "ana/app/x", "../app", ""] {
            #expect(throws: ForgeError.self) { try ProjectPath(text) }
        }
    }

    @Test func `a refusal never repeats a control character`() {
        let error = #expect(throws: ForgeError.self) { try ProjectName("a\u{1B}[31m\u{202E}") }
        #expect(error?.message.unicodeScalars.contains("\u{1B}") == false)
        #expect(error?.message.unicodeScalars.contains("\u{202E}") == false)
    }
}
