import HifCore
import Support
import Testing

@Suite struct TreeKeyTests {
    @Test(
        arguments: [
            ("a", [0, 0x61]),
            ("a/b", [0x61, 0, 0x62]),
            ("a/b/c", [0x61, 1, 0x62, 0, 0x63]),
            ("a\u{1}b/\u{2}", [0x61, 2, 2, 0x62, 0, 2, 3]),
            ("\u{1}", [0, 2, 2]),
        ] as [(String, [UInt8])])
    func `a key is the directory, a mark and the name`(text: String, bytes: [UInt8]) {
        #expect(TreeKey(path(text)).bytes == bytes)
    }

    @Test func `every path comes back from its key, whatever bytes its names hold`() {
        var generator = SeededGenerator(seed: 1)
        for round in 0..<2_000 {
            let names = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                (0..<Int.random(in: 1...9, using: &generator)).map { _ in
                    [1, 2, 3, 0x2E, 0x2F + 1, 0xFF, 0xFE].randomElement(using: &generator)! as UInt8
                }
            }
            guard let original = try? RepoPath(Array(names.joined(separator: [0x2F]))) else {
                continue
            }
            #expect(TreeKey(original).path == original, "round \(round)")
        }
    }

    @Test func `the longest path has the longest key`() throws {
        var bytes = Array(
            repeatElement([UInt8](repeating: 1, count: 255), count: 16).joined(separator: [0x2F]))
        bytes.append(0x2F)
        #expect(bytes.count == 4_096)
        bytes.removeLast()
        bytes[254] = 0x61
        let longest = path(bytes)
        let key = TreeKey(longest)
        #expect(key.bytes.count <= TreeKey.bytesMax)
        #expect(key.path == longest)
    }

    @Test func `directories' entries are contiguous, and so is all below them`() {
        let names = [
            "a", "a.b", "a/x", "a/y", "a/b/c", "a/b/d", "a\u{1}", "a\u{2}/q", "a0", "b", "b/a",
        ]
        let sorted = names.sorted { TreeKey(path($0)) < TreeKey(path($1)) }
        #expect(
            sorted == [
                "a", "a\u{1}", "a.b", "a0", "b", "a/x", "a/y", "a/b/c", "a/b/d", "a\u{2}/q", "b/a",
            ])
    }
}
