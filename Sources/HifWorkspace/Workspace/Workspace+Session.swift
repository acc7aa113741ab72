package import HifCore
package import HifRepository

extension Workspace {
    /// Starts a session here. With a key, the same key gives the same session again.
    ///
    /// Call inside `changing(_:)`.
    /// - Throws: `WorkspaceError.alreadyThere` when another session is open here.
    package func startSession(goal: String, key: String?) async throws -> WorkspaceState.OpenSession
    {
        guard !goal.allSatisfy(\.isWhitespace) else {
            throw WorkspaceError(
                .usage, "a session needs a goal", hint: "hif session start \"what you want to do\"")
        }
        var generator = world.generator
        let id: SessionID
        if let key {
            id = SessionID(
                Blake3.deriveKey(
                    context: "hif session key v1", Array("\(config.projectID)\n\(key)".utf8)))
            if let open = state.session, open.id == id.full { return open }
        } else {
            id = SessionID(from: &generator)
        }
        if let open = state.session {
            throw WorkspaceError(
                .alreadyThere, "a session is open here: \(SafeText.escape(open.goal))",
                hint: "hif session land, or: hif session abandon")
        }
        if key != nil, let known = try await knownSession(id) {
            state.session = known
            try saveState()
            return known
        }
        // A project that cannot be reached is no obstacle: the base is a landing that exists, and
        // the event waits here.
        let created = (try? await remote.newest().position) ?? base.position
        var session = WorkspaceState.OpenSession(
            id: id.full, goal: goal, startedMillis: now, createdPosition: created, eventCount: 0)
        let event = SessionEvent(
            id: EventID(from: &generator), author: author, atMillis: session.startedMillis,
            body: .started(goal: goal, createdPosition: created, key: key ?? ""))
        session.waitingEvents = [event.encode()]
        state.session = session
        state.lastLanding = nil
        try saveState()
        try? await pushEvents()
        return state.session ?? session
    }

    /// A session that was started under its key before, here or elsewhere, and is still open.
    private func knownSession(_ id: SessionID) async throws -> WorkspaceState.OpenSession? {
        let events = try await remote.events(of: id, from: 0)
        guard let first = events.first,
            case .started(let goal, let created, _) = first.body
        else { return nil }
        let hint = "use another --key for other work"
        switch try await remote.closing(of: id, createdAt: created) {
        case .landed(let landed)?:
            throw WorkspaceError(
                .sessionClosed, "the session with this key has landed, at @\(landed.position)",
                hint: hint, closed: .init(session: id, position: landed.position))
        case .abandoned?:
            throw WorkspaceError(
                .sessionClosed, "the session with this key was abandoned", hint: hint,
                closed: .init(session: id, position: nil))
        case nil: break
        }
        return WorkspaceState.OpenSession(
            id: id.full, goal: goal, startedMillis: first.atMillis, createdPosition: created,
            eventCount: UInt64(events.count))
    }

    /// Adds to the session's conversation. Written here first; returns whether the project has it.
    ///
    /// Call inside `changing(_:)`.
    package func addEvent(_ body: SessionEvent.Body) async throws -> Bool {
        guard state.session != nil else { throw noSession }
        try queueEvent(body)
        do {
            try await pushEvents()
            return true
        } catch let error as WorkspaceError where error.code == .network {
            return false
        }
    }

    /// Adds to a session that is not the one open here; answers how many events it has then.
    package func addEvent(
        _ body: SessionEvent.Body, to session: SessionID
    ) async throws -> UInt64 {
        var generator = world.generator
        let event = SessionEvent(
            id: EventID(from: &generator), author: author, atMillis: now, body: body)
        return try await remote.appendEvent(event, to: session, from: 0) + 1
    }

    /// Adds to the session's conversation what `pushEvents` sends.
    func queueEvent(_ body: SessionEvent.Body) throws {
        var generator = world.generator
        let event = SessionEvent(
            id: EventID(from: &generator), author: author, atMillis: now, body: body)
        state.session?.waitingEvents.append(event.encode())
        try saveState()
    }

    /// Sends events that wait here, in order. Sending one twice is recognised by its id.
    func pushEvents() async throws {
        while let session = state.session, let id = session.sessionID,
            let bytes = session.waitingEvents.first
        {
            let event = try SessionEvent(decoding: bytes)
            let number = try await remote.appendEvent(event, to: id, from: session.eventCount)
            state.session?.waitingEvents.removeFirst()
            state.session?.eventCount = number + 1
            try saveState()
        }
    }

    /// Closes the session without landing. The files stay as they are.
    package func abandonSession(reason: String) async throws -> SessionID {
        guard let session = state.session, let id = session.sessionID else { throw noSession }
        let abandon = Abandon(session: id, author: author, reason: reason, atMillis: now)
        switch try await remote.abandon(abandon, createdPosition: session.createdPosition) {
        case .abandoned:
            state.session = nil
            // Whoever lands after this does not mean the session before.
            state.lastLanding = nil
            try forgetAttempts(of: id)
            return id
        case .landed(let landed):
            _ = try await settle(landed, session: id)
            throw WorkspaceError(
                .refused, "the session has landed already, at @\(landed.position)")
        case .refused(let reason): throw WorkspaceError(.refused, reason)
        case .conflict, .controlled, .reupload, .unknown:
            throw WorkspaceError(
                .unknown, "it is not known whether the session was abandoned",
                hint: "run the command again")
        }
    }

    /// Declares conflicts settled: all of them, or those of `paths`. Files that still hold conflict
    /// markers are refused unless `force`. A rehearsal answers the same and changes nothing.
    package func resolve(
        _ paths: [RepoPath], force: Bool, isRehearsal: Bool = false
    ) throws -> [RepoPath] {
        let settled = unresolvedPaths.filter { path in
            paths.isEmpty || paths.contains { $0 == path || path.isBelow($0) }
        }
        for path in settled where !force {
            guard let (_, bytes) = try fileContent(path, bytesMax: LeafMerge.bytesMax) else {
                continue
            }
            if let line = Workspace.markerLine(bytes) {
                throw WorkspaceError(
                    .unresolved, "'\(path)' still holds conflict markers, at line \(line)",
                    hint: "edit it, or say that it is meant so: hif session resolve --force")
            }
        }
        if isRehearsal { return settled }
        let names = Set(settled.map { $0.bytes.hex })
        state.unresolved.removeAll { names.contains($0) }
        try saveState()
        return settled
    }

    /// The number, from 1, of the first line that is a conflict marker of ours.
    private static func markerLine(_ bytes: [UInt8]) -> Int? {
        let lines = TextLines(bytes)
        let markers = ["<<<<<<< yours", ">>>>>>> @"].map { Array($0.utf8) }
        for number in 0..<lines.count {
            let line = lines[number]
            if markers.contains(where: { line.starts(with: $0) }) { return number + 1 }
        }
        return nil
    }

    package var noSession: WorkspaceError {
        WorkspaceError(
            .noSession, "there is no session here",
            hint: "hif session start \"what you want to do\"")
    }
}
