package import HifCore
package import HifRepository

/// What came of adding to a session.
package struct ToldSession: Sendable {
    package let story: SessionStory
    /// The event that was added, or found.
    package let event: EventID
}

/// What a comment is on, as somebody names it.
package enum CommentPlace: Sendable {
    /// `m3`, `d1` or `c2`.
    case named(String)
    case line(RepoPath, SessionEvent.LineMark.Side, UInt64)
}

/// Talking in a session: notes, decisions, comments and verdicts.
extension OpenProject where Verb == Writing {
    /// Adds something said or decided to an open session.
    ///
    /// - Parameter key: chosen by the caller; the same key adds once. Empty is no key.
    package func tell(
        _ body: SessionEvent.Body, in id: SessionID, agent: String, key: String
    ) async throws -> ToldSession {
        try await tell(in: id, agent: agent, key: key) { _, _ in body }
    }

    /// Adds a comment.
    package func comment(
        _ text: String, on place: CommentPlace, in id: SessionID, agent: String, key: String
    ) async throws -> ToldSession {
        try await tell(in: id, agent: agent, key: key) { story, repository in
            switch place {
            case .named(let name):
                return .comment(on: .event(try OpenProject.event(name, story, id)), text: text)
            case .line(let path, let side, let line):
                let mark = try await OpenProject.mark(path, side, line, story, repository)
                return .comment(on: .line(mark), text: text)
            }
        }
    }

    /// Says what the caller thinks of a decision.
    package func judge(
        _ decision: String, _ verdict: SessionEvent.Verdict, text: String, in id: SessionID,
        agent: String, key: String
    ) async throws -> ToldSession {
        try await tell(in: id, agent: agent, key: key) { story, _ in
            guard decision.hasPrefix("d") else {
                throw ForgeError.invalid("a verdict is on a decision: d1, d2, ...")
            }
            return .verdict(verdict, on: try OpenProject.event(decision, story, id), text: text)
        }
    }

    private func tell(
        in id: SessionID, agent: String, key: String,
        _ make: @escaping @Sendable (SessionStory, Repository) async throws -> SessionEvent.Body
    ) async throws -> ToldSession {
        let repository = repository
        let author = author(agent: agent)
        defer { feed.signal(id, in: grant.project.storeProjectID) }
        return try await completing {
            var story = try await OpenProject.openStory(id, repository)
            let body = try await make(story, repository)
            var generator = repository.world.generator
            let eventID =
                key.isEmpty
                ? EventID(from: &generator) : SessionKeys.event(id, key: "\(author.account) \(key)")
            let known = UInt64(story.eventCount)
            let event = SessionEvent(
                id: eventID, author: author, atMillis: repository.world.now(), body: body)
            // What has a key may be there already, so it is looked for from the start.
            _ = try await repository.append(event, to: id, from: key.isEmpty ? known : 0)
            if !key.isEmpty {
                let found = try await repository.sessions.events(of: id).first { $0.id == eventID }
                if let found, !found.isRepeated(by: event) { throw OpenProject.otherBody }
            }
            for event in try await repository.sessions.events(of: id, from: known) {
                story.tell(event)
            }
            return ToldSession(story: story, event: eventID)
        }
    }

    private static func event(
        _ name: String, _ story: SessionStory, _ id: SessionID
    ) throws(ForgeError) -> EventID {
        guard let event = story.event(named: name) else {
            throw ForgeError(.unprocessable, "the session has no '\(name.prefix(20))'")
        }
        return event
    }

    /// The line that is meant, with what it says.
    private static func mark(
        _ path: RepoPath, _ side: SessionEvent.LineMark.Side, _ line: UInt64,
        _ story: SessionStory, _ repository: Repository
    ) async throws -> SessionEvent.LineMark {
        guard let draft = story.draft,
            let operation = draft.operations.first(where: { $0.path == path })
        else { throw ForgeError(.unprocessable, "the session does not change '\(path)'") }
        guard let leaf = side == .old ? operation.before : operation.after,
            leaf.kind != .directory
        else {
            throw ForgeError(
                .unprocessable, "'\(path)' has no such side: it is added or deleted")
        }
        guard leaf.size <= UInt64(Limits.diffFileBytesMax) else {
            throw ForgeError(.tooLarge, "'\(path)' is too large to be shown by lines")
        }
        let bytes = try await repository.draftContent(
            leaf.hash, packs: draft.packs, newest: try await repository.newest(),
            bytesMax: Limits.diffFileBytesMax)
        let lines = TextLines(bytes)
        guard TextLines.isText(bytes), line > 0, line <= UInt64(lines.count) else {
            throw ForgeError(.unprocessable, "'\(path)' has no line \(line) there")
        }
        let text = lines[Int(line) - 1]
        return SessionEvent.LineMark(
            path: path, side: side, line: line, content: leaf.hash,
            text: String(decoding: text.last == 0x0A ? text.dropLast() : text, as: UTF8.self))
    }
}
