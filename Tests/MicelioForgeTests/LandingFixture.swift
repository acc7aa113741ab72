import HifCore
import HifRepository
import HifWorkspace
import Support

extension LandRequest {
    /// Lands files with these texts, in a session of its own; equal seeds make equal sessions.
    ///
    /// - Parameter base: what stands at a path before; nothing where it names none.
    static func writing(
        _ files: [(path: String, text: String)], base: [String: Leaf] = [:], seed: UInt64,
        position: Position = 0, goal: String = "Write files"
    ) throws -> LandRequest {
        var generator = SeededGenerator(seed: seed)
        let session = SessionID(from: &generator)
        var writer = PackWriter(
            session: session.hash,
            nonce: PackNonce(high: generator.next(), low: generator.next()))
        var operations: [HifCore.Operation] = []
        for (path, text) in files.sorted(by: { $0.path < $1.path }) {
            let bytes = Array(text.utf8)
            let entry = writer.add(.blob, bytes)
            operations.append(
                HifCore.Operation(
                    path: try RepoPath(path), before: base[path],
                    after: Leaf(kind: .file, size: UInt64(bytes.count), hash: entry.id)))
        }
        return LandRequest(
            session: session, author: Author(account: "somebody-else", name: "X"), goal: goal,
            startedMillis: 1, createdPosition: position, operations: operations,
            staged: try PackReader(writer.finish().bytes))
    }
}
