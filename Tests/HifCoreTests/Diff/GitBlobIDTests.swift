import HifCore
import Support
import Testing

struct GitBlobIDTests {
    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        ),
    ])
    func `the examples of the standard come out`(text: String, expected: String) {
        var hasher = SHA1()
        hasher.update(Array(text.utf8))
        #expect(hasher.finalized().hex == expected)
    }

    @Test func `a hash may be read off in the middle and pieces may be of any size`() {
        var random = SeededGenerator(seed: 7)
        let bytes = random.bytes(1000)
        var pieces = SHA1()
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Int.random(in: 0...150, using: &random))
            pieces.update(Array(bytes[start..<end]))
            var whole = SHA1()
            whole.update(Array(bytes[..<end]))
            #expect(pieces.finalized() == whole.finalized(), "after \(end) bytes")
            start = end
        }
    }

    @Test func `ids of blobs are git's, around every edge of a block`() throws {
        let oracle = try GitOracle()
        var random = SeededGenerator(seed: 11)
        let sizes = Array(0...140) + [1000, 65_536]
        var expected: [String] = []
        for size in sizes {
            let content = random.bytes(size)
            try oracle.write(content, to: "\(size)")
            expected.append(GitBlobID.hash(of: content).hex)
        }
        try oracle.write(Array(sizes.map { "\($0)\n" }.joined().utf8), to: "paths")
        let ids = try oracle.shell("git hash-object --no-filters --stdin-paths < paths").text
        #expect(ids.split(separator: "\n").map(String.init) == expected)
    }
}
