import Foundation
import HifCore
import HifRepository
import HifStore
import HifWorkspace

/// One step in this process, so that a profiler sees it and nothing else:
/// `hif-bench profile import REPO STORE`, `profile checkout STORE DIR`, `profile status DIR STORE`,
/// `profile land DIR STORE`, `profile diff DIR STORE FROM TO`, `profile log STORE [PATH]`,
/// `profile tip STORE`, and
/// `profile grow STORE N`, which lands N times one small file, each in a slot of its own.
enum Profile {
    static let world = World(
        now: { Int64(Date().timeIntervalSince1970 * 1000) },
        random: { UInt64.random(in: .min ... .max) },
        pause: { try? await Task.sleep(for: .milliseconds($0)) })

    static func run(_ words: [String]) async throws {
        let start = Child.now()
        try await step(words)
        print(words.first ?? "", Measurement.shown(Child.now() - start))
    }

    private static func open(
        _ path: String, creating: Bool = false
    ) async throws -> (LocalRemote, LocalStore.Project, LocalStore) {
        let store = try await LocalStore(
            try DirectoryStore(path: path), creating: creating, world: world)
        let project: LocalStore.Project
        if let known = try await store.project(named: "ana/bench") {
            project = known
        } else {
            project = try await store.createProject(named: "ana/bench")
        }
        return (LocalRemote(store.repository(project.id) { print($0) }), project, store)
    }

    private static func step(_ words: [String]) async throws {
        switch words.first {
        case "import" where words.count == 3:
            let (remote, project, _) = try await open(words[2], creating: true)
            let importer = try GitImporter(
                try GitSource.open(path: words[1]), into: remote, project: project.id,
                stateDirectory: words[2] + "-state", world: world)
            let start = Child.now()
            var last = ""
            let result = try await importer.run { progress in
                let kind = if case .reading = progress { "reading" } else { "landing" }
                if kind != last { print(kind, Measurement.shown(Child.now() - start)) }
                last = kind
            }
            print("to @\(result.to)")
        case "checkout" where words.count == 3:
            let (remote, project, store) = try await open(words[1])
            try FileManager.default.createDirectory(
                atPath: words[2], withIntermediateDirectories: true)
            try Workspace.create(
                at: Array(words[2].utf8),
                config: WorkspaceConfig(
                    place: .store(path: words[1]), project: project.name, projectID: project.id,
                    storeID: store.id))
            let workspace = try await workspace(words[2], remote)
            let tip = try await remote.newest().position
            _ = try await workspace.changing {
                try await workspace.move(to: tip, operation: "checkout", policy: .refuse)
            }
        case "status" where words.count == 3:
            let (remote, _, _) = try await open(words[2])
            let workspace = try await workspace(words[1], remote)
            print(try workspace.status().changes.count)
        case "land" where words.count == 3:
            let (remote, _, _) = try await open(words[2])
            let workspace = try await workspace(words[1], remote)
            _ = try await workspace.changing { try await workspace.land(goal: "Edit") }
        case "diff" where words.count == 5:
            let (remote, _, _) = try await open(words[2])
            let workspace = try await workspace(words[1], remote)
            var byteCount = 0
            try await workspace.differences(
                from: UInt64(words[3]) ?? 0, to: UInt64(words[4]) ?? 0, below: []
            ) { byteCount += $0.patch(UnifiedDiff()).count }
            print(byteCount)
        case "tip" where words.count == 2:
            let (remote, _, _) = try await open(words[1])
            print(try await remote.repository.foldedTip().tip.position)
        case "grow" where words.count == 3:
            let (remote, _, _) = try await open(words[1])
            for number in 0..<(Int(words[2]) ?? 0) { try await grow(remote, number) }
        case "log" where words.count >= 2:
            let (remote, _, _) = try await open(words[1])
            var query = LandingQuery(limit: 1_000_000)
            if words.count > 2 { query.path = try RepoPath(words[2]) }
            var count = 0
            repeat {
                let page = try await remote.landings(query)
                count += page.entries.count
                query.from = page.next
            } while query.from != nil
            print(count)
        default:
            throw Child.Failed(description: "no such step to profile")
        }
    }

    private static func grow(_ remote: LocalRemote, _ number: Int) async throws {
        var generator = world.generator
        let content = Array("number \(number) \(generator.next())\n".utf8)
        var pack = PackWriter(nonce: PackNonce(high: generator.next(), low: generator.next()))
        let blob = pack.add(.blob, content)
        let path = try RepoPath("grown/\(generator.next() % 1000)/\(generator.next()).txt")
        _ = try await remote.land(
            LandRequest(
                session: SessionID(from: &generator), author: Author(account: "ana", name: "Ana"),
                goal: "Add a file", startedMillis: world.now(), createdPosition: 0,
                operations: [
                    HifCore.Operation(
                        path: path, before: nil,
                        after: Leaf(kind: .file, size: UInt64(content.count), hash: blob.id))
                ], staged: try PackReader(pack.finish().bytes)))
    }

    private static func workspace(_ path: String, _ remote: LocalRemote) async throws -> Workspace {
        try await Workspace(
            root: Array(path.utf8), author: Author(account: "ana", name: "Ana"), world: world
        ) { _ in remote }
    }
}
