import HifStore
import Testing

@Suite struct ObjectKeyTests {
    @Test(arguments: [
        "a", "store", "log/0000000000000/0000000000000001", "pack/ab/ab-cd_ef.gh", "a/b/c/d",
        String(repeating: "a", count: 255),
    ])
    func `a well formed key is accepted`(text: String) {
        #expect(ObjectKey(validating: text)?.string == text)
    }

    @Test(arguments: [
        "", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/./b", ".hidden", "a/.tmp",
        "A", "a b", "a\0b", "a\nb", "\u{e4}", "a\\b", "a%2fb", "a:b", "~",
        String(repeating: "a", count: 256),
        String(repeating: "abc/", count: 128) + "d",
    ])
    func `a hostile key is refused`(text: String) {
        #expect(ObjectKey(validating: text) == nil)
    }

    @Test func `512 bytes are the longest key`() {
        let longest = String(repeating: "abc/", count: 127) + "abcd"
        #expect(longest.utf8.count == 512)
        #expect(ObjectKey(validating: longest) != nil)
        #expect(ObjectKey(validating: longest + "e") == nil)
    }

    @Test func `keys sort by their bytes`() {
        let texts = ["a-b", "a.b", "a/b", "a0", "a_b", "aa", "b"]
        #expect(texts.map { ObjectKey($0) }.sorted().map(\.string) == texts)
    }

    @Test func `a suffix may have several segments`() {
        let key = ObjectKey("p").appending("log/1")
        #expect(key == ObjectKey("p/log/1"))
        #expect(key.segments == ["p", "log", "1"])
    }
}
