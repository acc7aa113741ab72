import Support
import Testing

@testable import MicelioForge

@Suite struct TokenTextTests {
    @Test func `the checksum is the CRC-32 that everybody uses`() {
        // The check value of the CRC catalogue, and of RFC 3720's relatives.
        #expect(CRC32.checksum(Array("123456789".utf8)) == 0xCBF4_3926)
        #expect(CRC32.checksum([]) == 0)
    }

    @Test(arguments: TokenText.Kind.allCases)
    func `a token says its kind and reads back`(_ kind: TokenText.Kind) throws {
        let token = TokenText(kind)
        #expect(token.text.hasPrefix("mic_\(kind.rawValue)_"))
        #expect(token.text.utf8.count == 8 + 32 + 6)
        #expect(try TokenText(parsing: token.text) == token)
        #expect(!token.description.contains(token.text.dropFirst(8).prefix(10)))
    }

    @Test func `golden: a seeded token`() {
        var generator = SeededGenerator(seed: 1)
        let token = TokenText(.personal, using: &generator)
        var again = SeededGenerator(seed: 1)
        #expect(TokenText(.personal, using: &again) == token)
        #expect(token.hash.count == 64)
    }

    @Test func `every changed character is noticed`() throws {
        let text = Array(TokenText(.access).text)
        for index in text.indices {
            var changed = text
            changed[index] = text[index] == "a" ? "b" : "a"
            #expect(throws: ForgeError.self) { try TokenText(parsing: String(changed)) }
        }
        for count in 0..<text.count {
            #expect(throws: ForgeError.self) { try TokenText(parsing: String(text[..<count])) }
        }
        #expect(throws: ForgeError.self) { try TokenText(parsing: String(text) + "a") }
        #expect(throws: ForgeError.self) { try TokenText(parsing: String(text) + "\n") }
    }

    @Test func `two tokens differ`() {
        #expect(Set((0..<1000).map { _ in TokenText(.personal).text }).count == 1000)
    }

    @Test func `secrets are compared whole`() {
        #expect(isEqualInConstantTime("abc", "abc"))
        #expect(!isEqualInConstantTime("abc", "abd"))
        #expect(!isEqualInConstantTime("abc", "ab"))
        #expect(isEqualInConstantTime("", ""))
    }

    @Test func `a sealed successor opens with the old token only`() throws {
        let old = TokenText(.refresh)
        let next = TokenText(.refresh)
        let sealed = try SuccessorSeal.seal(next, under: old)
        #expect(try SuccessorSeal.open(sealed, with: old) == next)
        #expect(throws: (any Error).self) {
            try SuccessorSeal.open(sealed, with: TokenText(.refresh))
        }
    }
}
