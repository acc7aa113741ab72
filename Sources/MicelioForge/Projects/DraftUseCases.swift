package import HifCore
package import HifRepository

/// A file as somebody without a checkout wants it.
package struct FileEdit: Sendable {
    package enum Want: Sendable {
        /// The file with this content. Nil for `isExecutable` keeps what it was.
        case content([UInt8], isExecutable: Bool?)
        case deleted
        /// As it is at the base: the session no longer changes it.
        case unchanged
    }

    package enum Expectation: Sendable {
        case anything
        /// There is no file.
        case nothing
        case content(Hash)
    }

    package let path: RepoPath
    package let expected: Expectation
    package let want: Want

    package init(path: RepoPath, expected: Expectation, want: Want) {
        self.path = path
        self.expected = expected
        self.want = want
    }
}

/// Working on a session without a checkout: starting it, changing its draft, and closing it.
extension OpenProject where Verb == Writing {
    /// Starts a session at the newest landing.
    ///
    /// - Parameter key: chosen by the caller; the same key gives the same session again, so a start
    ///   whose answer was lost can be repeated.
    package func start(
        goal: String, agent: String, key: String
    ) async throws -> (id: SessionID, base: Position) {
        guard !LandRequest.goalLine(goal).isEmpty else {
            throw ForgeError.invalid("a session has a goal")
        }
        guard goal.utf8.count <= SessionEvent.textBytesMax else {
            throw ForgeError(.tooLarge, "a goal has at most \(SessionEvent.textBytesMax) bytes")
        }
        let repository = repository
        let author = author(agent: agent)
        return try await completing {
            var generator = repository.world.generator
            let id =
                key.isEmpty
                ? SessionID(from: &generator)
                : SessionID(SessionKeys.session.hash(Array("\(author.account)\n\(key)".utf8)))
            let base = try await repository.newest().lastPosition
            let event = SessionEvent(
                id: SessionKeys.event(id, key: "started"), author: author,
                atMillis: repository.world.now(),
                body: .started(goal: goal, createdPosition: base, key: key))
            _ = try await repository.append(event, to: id)
            let first = try await repository.sessions.event(0, of: id)
            let story = SessionStory(first.map { [$0] } ?? [])
            if !key.isEmpty, let first, !first.isRepeated(by: event) { throw OpenProject.otherBody }
            return (id, story.createdPosition)
        }
    }

    /// Applies edits to the session's draft, all or none.
    ///
    /// - Parameters:
    ///   - expectedDrafts: how many drafts the caller has seen; nil does not ask.
    ///   - base: the position whose files the edits replace, for files that the draft does not
    ///     change yet, or that the caller has looked at anew after a conflict. Nil is the newest.
    package func apply(
        _ edits: [FileEdit], to id: SessionID, agent: String, expectedDrafts: Int?,
        base: Position?
    ) async throws -> SessionStory {
        let repository = repository
        let author = author(agent: agent)
        let gate = drafts
        defer { feed.signal(id, in: grant.project.storeProjectID) }
        return try await completing {
            try await gate.pass(id) {
                let story = try await OpenProject.openStory(id, repository)
                if let expectedDrafts, expectedDrafts != story.draftCount {
                    throw ForgeError(
                        .baseMoved,
                        "the session's files were changed \(story.draftCount) times, not \(expectedDrafts)",
                        hint: "read the session again, then send what is still to be changed")
                }
                let newest = try await repository.newest()
                guard base ?? 0 <= newest.lastPosition else {
                    throw ForgeError(.unprocessable, "there is no position @\(base ?? 0) yet")
                }
                let tree = try await repository.tree(
                    at: base ?? newest.lastPosition, newest: newest)
                let paths = edits.map(\.path)
                let leaves = try await repository.trees.reading(newest: newest) {
                    nodes throws(TreeError) in
                    try tree.get(paths, in: nodes)
                }
                var draft = DraftEdit(story.draft, session: id)
                var nonce = repository.world.generator
                var pack = PackWriter(
                    session: id.hash, nonce: PackNonce(high: nonce.next(), low: nonce.next()))
                for (edit, leaf) in zip(edits, leaves) {
                    try draft.apply(edit, at: leaf, isRebased: base != nil, into: &pack)
                }
                if !pack.isEmpty {
                    draft.packs.append(
                        try await Lander(repository).upload(pack.finish().bytes, isTrusted: true))
                }
                let body = try draft.body()
                _ = try await repository.append(
                    SessionEvent(
                        id: EventID(from: &nonce), author: author,
                        atMillis: repository.world.now(), body: body),
                    to: id, from: 0)
                return SessionStory(try await repository.sessions.events(of: id))
            }
        }
    }

    /// Lands the session's draft.
    ///
    /// - Parameter overrules: land although somebody objects to a decision.
    package func land(
        _ id: SessionID, agent: String, overrules: Bool = false
    ) async throws -> LandOutcome {
        let repository = repository
        let author = author(agent: agent)
        defer { feed.signal(id, in: grant.project.storeProjectID) }
        return try await completing {
            let story = try await OpenProject.openStory(id, repository, allowsLanded: true)
            let objection = overrules ? nil : story.objections.first
            let isReady = objection == nil && story.draft?.operations.isEmpty == false
            if !isReady {
                // Asked again, a landing is told as it was, whatever stands in the way of another.
                let standing = try await repository.standing(
                    of: id, createdAt: story.createdPosition)
                if case .closed(.landed(let landed)) = standing { return .landed(landed) }
            }
            guard let draft = story.draft, !draft.operations.isEmpty else {
                throw ForgeError(
                    .unprocessable, "the session changes nothing here",
                    hint: "send files to it first, or land it from the checkout that has them")
            }
            if let objection {
                throw ForgeError(
                    .objected, "\(objection.origin.voice) objects to d\(objection.decision)",
                    hint: "answer it and have it taken back, or overrule it")
            }
            return try await Lander(repository).land(
                LandRequest(
                    session: id, author: author, goal: story.goal,
                    startedMillis: story.startedMillis, createdPosition: story.createdPosition,
                    eventCount: UInt64(story.eventCount), operations: draft.operations,
                    uploadedPacks: draft.packs))
        }
    }

    /// Closes a session that will not land.
    package func abandon(_ id: SessionID, agent: String, reason: String) async throws {
        let repository = repository
        let author = author(agent: agent)
        defer { feed.signal(id, in: grant.project.storeProjectID) }
        try await completing {
            let story = try await OpenProject.openStory(id, repository)
            let intent = Intent.abandon(
                Abandon(
                    session: id, author: author, reason: reason,
                    atMillis: repository.world.now()),
                createdPosition: story.createdPosition)
            switch try await repository.submit(intent) {
            case .abandoned: try? await repository.sessions.unmarkOpen(id)
            case .landed(let landed): throw OpenProject.closed("landed at @\(landed.position)")
            case .unknown(let reason):
                throw ForgeError(
                    .unavailable, "it may be closed or not: \(reason)", hint: "ask again")
            default: throw ForgeError(.unavailable, "the session could not be closed")
            }
        }
    }

    /// The story of a session that can still be worked on.
    static func openStory(
        _ id: SessionID, _ repository: Repository, allowsLanded: Bool = false
    ) async throws -> SessionStory {
        let story = SessionStory(try await repository.sessions.events(of: id))
        switch try await repository.standing(of: id, createdAt: story.createdPosition) {
        case .open: break
        case .closed(.landed(let landed)):
            if !allowsLanded { throw closed("landed at @\(landed.position)") }
        case .closed(.abandoned): throw closed("was abandoned")
        case .unknown(let reason): throw ForgeError(.unavailable, reason, hint: "ask again")
        }
        guard story.eventCount > 0 || allowsLanded else {
            throw ForgeError(.notFound, "there is no session \(id)")
        }
        return story
    }

    /// A key stands for one call. Who sends another under it has lost count.
    static var otherBody: ForgeError {
        ForgeError(
            .unprocessable, "this Idempotency-Key came with another body before",
            hint: "send what is new with a key that is new")
    }

    private static func closed(_ how: String) -> ForgeError {
        ForgeError(
            .sessionClosed, "the session \(how)",
            hint: "start another one for what is still to be done")
    }
}

/// Ids that follow from what a caller chose, so that a repeated call finds what the first one made.
enum SessionKeys {
    static let session = Blake3Context("micelio session key v1")
    private static let events = Blake3Context("micelio event key v1")

    static func event(_ session: SessionID, key: String) -> EventID {
        let bytes = events.hash(session.hash.bytes + Array(key.utf8))
        return EventID(high: bytes.word0, low: bytes.word1)
    }
}

/// A draft while edits are applied to it.
private struct DraftEdit {
    private let session: SessionID
    private var operations: [RepoPath: Operation] = [:]
    var packs: [Hash]

    init(_ draft: SessionStory.Draft?, session: SessionID) {
        self.session = session
        packs = draft?.packs ?? []
        for operation in draft?.operations ?? [] { operations[operation.path] = operation }
    }

    /// - Parameters:
    ///   - leaf: what is at the edit's path at the base.
    ///   - isRebased: the caller names the base, and so has seen what is there now.
    mutating func apply(
        _ edit: FileEdit, at leaf: Leaf?, isRebased: Bool, into pack: inout PackWriter
    ) throws(ForgeError) {
        let meant = leaf == .directory ? nil : leaf
        let before: Leaf? =
            if let known = operations[edit.path], !isRebased { known.before } else { meant }
        let current: Leaf? =
            if let known = operations[edit.path], !isRebased { known.after } else { meant }
        try check(edit, current)
        let after: Leaf?
        switch edit.want {
        case .unchanged: after = before
        case .deleted:
            guard current != nil else {
                throw ForgeError(
                    .contentChanged, "'\(edit.path)' cannot be deleted: there is no such file")
            }
            after = nil
        case .content(let bytes, let isExecutable):
            // What is larger is stored in chunks, which nobody makes here.
            guard bytes.count <= Limits.editedFileBytesMax else {
                throw ForgeError(
                    .tooLarge,
                    "'\(edit.path)' has \(bytes.count) bytes: a file that is sent here has at most \(Limits.editedFileBytesMax)",
                    hint: "land larger ones from a checkout, with hif")
            }
            let id = Blake3.hash(bytes)
            let kind: Leaf.Kind =
                isExecutable.map { $0 ? .executable : .file }
                ?? (current?.kind == .executable ? .executable : .file)
            after = Leaf(kind: kind, size: UInt64(bytes.count), hash: id)
            if pack.entry(of: id, kind: .blob) == nil { _ = pack.add(.blob, id: id, bytes) }
        }
        operations[edit.path] =
            before == after ? nil : Operation(path: edit.path, before: before, after: after)
    }

    private func check(_ edit: FileEdit, _ current: Leaf?) throws(ForgeError) {
        let found = current.map(\.hash.hex) ?? "nothing"
        switch edit.expected {
        case .anything: return
        case .nothing where current == nil: return
        case .content(let hash) where current?.hash == hash: return
        case .nothing, .content:
            throw ForgeError(
                .contentChanged, "'\(edit.path)' is not what you expect: it is \(found)",
                hint: "read the file again, then send what is still to be changed")
        }
    }

    /// Refuses a file below another file. In byte order whatever begins with a path follows it, so one pass
    /// with those that the next path begins with is enough, however deep the paths are.
    private func checkNesting(_ paths: [RepoPath]) throws(ForgeError) {
        var begun: [RepoPath] = []
        for path in paths {
            while let last = begun.last, !path.bytes.starts(with: last.bytes) { begun.removeLast() }
            if let file = begun.first(where: { path.isBelow($0) }) {
                throw ForgeError(
                    .unprocessable,
                    "the session would have '\(file)' as a file and '\(path)' below it",
                    hint: "delete one of them, or take it out with \"revert\": true")
            }
            begun.append(path)
        }
    }

    func body() throws(ForgeError) -> SessionEvent.Body {
        let sorted = operations.values.sorted { $0.path < $1.path }
        try checkNesting(sorted.filter { $0.after != nil }.map(\.path))
        guard sorted.count <= SessionEvent.operationsMax else {
            throw ForgeError(
                .tooLarge,
                "a session without a checkout changes at most \(SessionEvent.operationsMax) paths")
        }
        guard packs.count <= SessionEvent.packsMax else {
            throw ForgeError(
                .tooLarge, "the session's files were changed \(packs.count) times",
                hint: "land it, or go on in a new session")
        }
        return .changed(sorted, packs: packs)
    }
}
