import HifCore
import HifRepository
import HifStore

/// Landings to offer: each edits one to three small files that no other edits, as agents do that
/// work on different things. Made before the clock starts, since clients make them elsewhere.
struct LandingLoad {
    static let author = Author(account: "ana", agent: "bench", name: "Ana")
    /// Content of every file before its edit.
    private static let before = Array("as it was\n".utf8)

    let files: Int
    private var random = SplitMix(state: 7)
    private var nextFile = 0

    init(files: Int) {
        self.files = files
    }

    private static func path(_ file: Int) -> RepoPath {
        // Neighbours in time are no neighbours in the tree.
        let scattered = file &* 7_919 % 1_000_003
        return try! RepoPath("src/part\(scattered % 97)/unit\(scattered % 1_009)/file\(file).txt")
    }

    private static func leaf(_ bytes: [UInt8]) -> Leaf {
        Leaf(kind: .file, size: UInt64(bytes.count), hash: Blake3.hash(bytes))
    }

    /// The landing that makes the project: all files, with the same content.
    mutating func first() throws -> LandRequest {
        let leaf = LandingLoad.leaf(LandingLoad.before)
        var pack = PackWriter(nonce: PackNonce(high: random.next(), low: random.next()))
        _ = pack.add(.blob, LandingLoad.before)
        return request(
            (0..<files).map { Operation(path: LandingLoad.path($0), before: nil, after: leaf) },
            try PackReader(pack.finish().bytes), isFirst: true)
    }

    mutating func next() throws -> LandRequest {
        var pack = PackWriter(nonce: PackNonce(high: random.next(), low: random.next()))
        let before = LandingLoad.leaf(LandingLoad.before)
        let operations = (0..<1 + random.below(3)).map { _ in
            let content = text()
            _ = pack.add(.blob, content)
            defer { nextFile += 1 }
            // When every file was edited once, new ones are added.
            return Operation(
                path: LandingLoad.path(nextFile), before: nextFile < files ? before : nil,
                after: LandingLoad.leaf(content))
        }
        return request(operations, try PackReader(pack.finish().bytes))
    }

    private mutating func request(
        _ operations: [Operation], _ staged: PackReader, isFirst: Bool = false
    ) -> LandRequest {
        LandRequest(
            session: SessionID(
                Hash(
                    word0: random.next(), word1: random.next(), word2: random.next(),
                    word3: random.next())),
            author: LandingLoad.author, goal: "Change what has to be changed",
            startedMillis: 1_700_000_000_000, createdPosition: isFirst ? 0 : 1,
            operations: operations.sorted { $0.path < $1.path }, staged: staged)
    }

    /// 200 to 1,400 bytes of words.
    private mutating func text() -> [UInt8] {
        var text: [UInt8] = []
        let length = 200 + random.below(1_200)
        while text.count < length {
            text += Array("word\(random.below(5_000)) ".utf8)
            if random.below(8) == 0 { text.append(UInt8(ascii: "\n")) }
        }
        return text
    }
}
