import Foundation
package import HifCore
package import HifRepository

/// How far an import is.
package enum GitImportProgress: Hashable, Sendable {
    /// Contents read and stored in this run, of how many; bytes of them.
    case reading(done: Int, of: Int, bytes: UInt64)
    /// Commits landed, of all on the line.
    case landing(done: Int, of: Int)
}

/// What an import did.
package struct GitImportResult: Sendable {
    /// The newest landing before and after.
    package let from: Position
    package let to: Position
    /// Tags that were given or moved.
    package let tagsSet: Int
    /// Tags that name no commit of the line, or whose name is no text, escaped for showing.
    package let tagsLeftOut: [String]
    /// What could not be kept as it was, in the commits of this run.
    package let report: GitReport

    /// Whether everything had been imported before.
    package var isUpToDate: Bool { from == to && tagsSet == 0 }
}

/// Brings the first-parent line of a git repository into a project: commit n becomes landing `@n`.
///
/// Each commit is a session of its own, with an id derived from project and commit, so that it lands
/// once however often an import is broken off and run again. First every content is read, hashed and
/// uploaded in packs; then the landings are submitted, thousands at a time.
///
/// Memory: some 300 bytes a content and 60 a commit, two packs of 16 MiB, and a batch of
/// landings (`GitImportBatch`); never contents as a whole.
package struct GitImporter {
    private let source: GitSource
    private let remote: any Remote
    private let project: ProjectID
    private let statePath: String
    private let world: World
    private let checkpointBytes: UInt64

    /// Times a landing whose answer was "unknown" is asked for again.
    private static let attemptsMax = 6
    /// Contents asked about with one request.
    private static let lackingPage = 8192

    /// - Parameters:
    ///   - stateDirectory: kept between the imports of one project; made if it is not there. Losing it
    ///     costs reading contents again, nothing else.
    ///   - checkpointBytes: raw bytes of content after which the state is saved.
    package init(
        _ source: GitSource, into remote: any Remote, project: ProjectID, stateDirectory: String,
        world: World, checkpointBytes: UInt64 = GitSource.checkpointBytes
    ) throws {
        self.source = source
        self.remote = remote
        self.project = project
        self.world = world
        self.checkpointBytes = checkpointBytes
        try FileManager.default.createDirectory(
            atPath: stateDirectory, withIntermediateDirectories: true)
        statePath = stateDirectory + "/\(project.hex).import"
    }

    /// Imports what is not imported yet. After any error: run it again.
    ///
    /// - Throws: `GitError` for what is wrong with the repository, `WorkspaceError` with code
    ///   `refused` when the project's history is not the beginning of the line.
    package func run(
        progress: (GitImportProgress) -> Void = { _ in }
    ) async throws -> GitImportResult {
        let line = try GitLine(of: source)
        let tip = try await remote.newest().position
        let landed = try await landedCount(line, tip: tip)
        var report = GitReport()
        if landed < line.count {
            var state = GitImportState.load(from: statePath)
            try await readContents(line, from: landed, &state, progress)
            report = try await land(line, from: landed, state, progress)
        }
        let (tagsSet, leftOut) = try await setTags(line)
        return GitImportResult(
            from: tip, to: max(tip, Position(line.count)), tagsSet: tagsSet, tagsLeftOut: leftOut,
            report: report)
    }

    // MARK: Where to go on

    private func session(_ line: GitLine, _ index: Int) -> SessionID {
        GitImportBatch.session(of: line.commits[index], in: project)
    }

    /// How many commits of the line have landed. Landing n names commit n by its session, and each
    /// was landed onto the one before, so one look-up answers for all.
    private func landedCount(_ line: GitLine, tip: Position) async throws -> Int {
        let count = min(Int(tip), line.count)
        guard count > 0 else { return 0 }
        let detail = try await remote.landing(at: Position(count))
        if detail.landing.session == session(line, count - 1) { return count }
        guard let origin = detail.document?.origin else {
            throw WorkspaceError(
                .refused,
                "this project has landings of its own, such as @\(count):"
                    + " git history can only continue where nothing else has landed",
                hint: "import into a new project")
        }
        throw WorkspaceError(
            .refused,
            "@\(count) is git commit \(origin.commit.hex.prefix(12)), and this line has"
                + " \(line.commits[count - 1].hex.prefix(12)) there: its history was rewritten,"
                + " or it is another repository or branch",
            hint: "import into a new project")
    }

    // MARK: Contents

    /// Reads and uploads what the commits from `first` on bring; afterwards `state` names all of it,
    /// with places for exactly what the project lacks.
    private func readContents(
        _ line: GitLine, from first: Int, _ state: inout GitImportState,
        _ progress: (GitImportProgress) -> Void
    ) async throws {
        let needs = try GitBlobNeeds(source, line: line, from: first)
        // What an earlier run read is believed only where its pack is still there to be named.
        if first > 0 {
            let lacking = try await lacking(Set(state.map.hashes))
            let places = state.places
            state.map.forget { lacking.contains($0) && places[$0] == nil }
        } else {
            let places = state.places
            state.map.forget { places[$0] == nil }
        }
        let path = statePath
        var sink = GitImportSink(
            remote, session: session(line, line.count - 1), places: state.places, world: world
        ) { try $0.save(to: path) }
        try await source.readBlobs(
            needs, into: &sink, map: &state.map, checkpointBytes: checkpointBytes
        ) { progress(.reading(done: $0, of: $1, bytes: $2)) }
        state.places = sink.places
        guard first > 0 else { return }
        // Contents read just now may have been in the project under another name.
        let lacking = try await lacking(Set(state.map.hashes))
        state.places.keep { lacking.contains($0) }
    }

    private func lacking(_ hashes: Set<Hash>) async throws -> Set<Hash> {
        var lacking: Set<Hash> = []
        let sorted = hashes.sorted()
        for start in stride(from: 0, to: sorted.count, by: GitImporter.lackingPage) {
            let page = sorted[start..<min(start + GitImporter.lackingPage, sorted.count)]
            lacking.formUnion(try await remote.lacking(Array(page)))
        }
        return lacking
    }

    // MARK: Landings

    private func land(
        _ line: GitLine, from first: Int, _ state: GitImportState,
        _ progress: (GitImportProgress) -> Void
    ) async throws -> GitReport {
        let owner = session(line, line.count - 1)
        let history = try GitHistory(source, line: line, from: first)
        var mapper = GitMapper(state.map)
        var places = state.places
        var done = first
        progress(.landing(done: done, of: line.count))
        func newBatch() -> GitImportBatch {
            GitImportBatch(
                project: project, owner: owner, createdPosition: Position(done), world: world)
        }
        var batch = newBatch()
        while let step = try history.next() {
            try batch.add(step, try mapper.operations(of: step), places: &places)
            if batch.isFull || step.index == line.count - 1 {
                let (pack, intents) = batch.finish()
                _ = try await remote.upload(pack)
                try await submit(intents)
                done += intents.count
                progress(.landing(done: done, of: line.count))
                batch = newBatch()
            }
        }
        return mapper.report
    }

    /// Lands all of `intents`, each at its position.
    private func submit(_ intents: [LandIntent]) async throws {
        var rest = intents[...]
        for attempt in 1... {
            var trouble = ""
            for answer in try await remote.submit(rest.map { .land($0) }) {
                guard let intent = rest.first else { return }
                if case .landed(let landed) = answer {
                    guard landed.position == intent.position else {
                        throw interrupted("a commit landed as @\(landed.position)")
                    }
                    rest.removeFirst()
                    continue
                }
                // The landings after it name their positions, so they did not land either.
                trouble = try whatNext(answer, intent)
                break
            }
            if rest.isEmpty { return }
            guard attempt < GitImporter.attemptsMax else {
                throw WorkspaceError(
                    .unknown,
                    "it is not known whether @\(rest.first?.position ?? 0) landed: \(trouble)",
                    hint: "run the same command again: it goes on where this one stopped")
            }
            await world.pause(UInt64(50) << UInt64(attempt))
        }
    }

    /// Why it is worth asking again; throws when it is not.
    private func whatNext(_ answer: LandingAnswer, _ intent: LandIntent) throws -> String {
        switch answer {
        case .unknown(let reason): return reason
        case .refused(let reason): throw WorkspaceError(.refused, reason)
        case .reupload:
            try? FileManager.default.removeItem(atPath: statePath)
            throw WorkspaceError(
                .unknown, "the store dropped contents that no landing named yet",
                hint: "run the same command again: it uploads them anew")
        case .conflict(let conflicts, _, let position):
            let path = conflicts.first.map { "'\($0.operation.path)'" } ?? "a path"
            throw interrupted("\(path) is not what the commit before left there, at @\(position)")
        case .abandoned, .controlled, .landed:
            throw interrupted("a commit's session was closed by somebody else")
        }
    }

    private func interrupted(_ what: String) -> WorkspaceError {
        WorkspaceError(
            .refused, "somebody else changed this project during the import: \(what)",
            hint: "import into a new project")
    }

    // MARK: Tags

    private func setTags(_ line: GitLine) async throws -> (set: Int, leftOut: [String]) {
        let known = try await remote.tags()
        var changes: [String: Position?] = [:]
        var leftOut: [String] = []
        for tag in try source.tags(on: line) {
            guard let index = tag.index, let name = String(validating: tag.name, as: UTF8.self),
                name.utf8.count <= ControlState.nameBytesMax
            else {
                leftOut.append(SafeText.escape(tag.name))
                continue
            }
            let position = Position(index) + 1
            if known[name] != position { changes[name] = .some(position) }
        }
        guard !changes.isEmpty else { return (0, leftOut) }
        for attempt in 1... {
            switch try await remote.submit([.control(.setTags(changes))]).first {
            case .controlled?: return (changes.count, leftOut)
            case .refused(let reason)?: throw WorkspaceError(.refused, reason)
            default:
                guard attempt < GitImporter.attemptsMax else {
                    throw WorkspaceError(
                        .unknown, "it is not known whether the tags were set",
                        hint: "run the same command again")
                }
                await world.pause(UInt64(50) << UInt64(attempt))
            }
        }
        return (0, leftOut)
    }
}
