import Foundation
import HifCore
import HifRepository
import HifStore

/// `hif-bench fill STORE [LANDINGS [UNNEEDED]]`: puts many small landings, a slot each, into every
/// project of a store, and packs that nobody needs, without building what is derived. For checks that
/// want a long history and do not want to wait for thousands of commands.
enum Fill {
    static func run(_ arguments: [String]) async throws {
        guard let directory = arguments.first else {
            throw Child.Failed(description: "hif-bench fill STORE [LANDINGS [UNNEEDED]]")
        }
        let landings = arguments.count > 1 ? Int(arguments[1]) ?? 0 : 1_000
        let unneeded = arguments.count > 2 ? Int(arguments[2]) ?? 0 : 0
        let store = try DirectoryStore(path: directory)
        let projects = try FileManager.default.contentsOfDirectory(atPath: directory + "/p")
        for project in projects.sorted() {
            let repository = Repository(
                store: PrefixedStore(store, prefix: ObjectKey("p/\(project)")), world: world)
            try await fill(repository, landings, unneeded)
            print("\(project): \(try await repository.newest().lastPosition) landings")
        }
    }

    private static var world: World {
        World(
            now: { Int64(Date().timeIntervalSince1970 * 1000) },
            random: {
                var generator = SystemRandomNumberGenerator()
                return generator.next()
            },
            pause: { try? await Task.sleep(for: .milliseconds(Int64($0))) })
    }

    private static func fill(
        _ repository: Repository, _ landings: Int, _ unneeded: Int
    ) async throws {
        let author = Author(account: "ana", name: "Ana")
        let base = try await repository.newest().lastPosition
        func session(_ number: Int) -> SessionID {
            SessionID(Blake3.hash(Array("fill \(base) \(number)".utf8)))
        }
        for number in 0..<landings {
            let bytes = Array("line \(base) \(number)\n".utf8)
            let leaf = Leaf(kind: .file, size: UInt64(bytes.count), hash: Blake3.hash(bytes))
            let path = try RepoPath("d\(number % 50)/f\(base)-\(number)")
            var pack = PackWriter(nonce: PackNonce(high: 1, low: UInt64(number)))
            pack.add(.blob, id: leaf.hash, bytes)
            let outcome = try await Lander(repository).land(
                LandRequest(
                    session: session(number), author: author, goal: "Landing \(number)",
                    startedMillis: 0, createdPosition: base + UInt64(number),
                    operations: [HifCore.Operation(path: path, before: nil, after: leaf)],
                    staged: try PackReader(pack.finish().bytes)))
            guard case .landed = outcome else {
                throw Child.Failed(description: "landing \(number): \(outcome)")
            }
        }
        for number in 0..<unneeded {
            // As a landing that was overtaken leaves them: of a session that landed with another.
            var pack = PackWriter(
                session: session(number % max(1, landings)).hash,
                nonce: PackNonce(high: base + 2, low: UInt64(number)))
            pack.add(.blob, Array("nobody needs this \(base) \(number)".utf8))
            _ = try await Lander(repository).upload(pack.finish().bytes, isTrusted: true)
        }
    }
}
