package import HifCore
package import HifRepository

/// How a landing ended for the workspace.
package struct LandReport: Sendable {
    package let landed: Landed
    package let session: SessionID
    /// What became of edits that did not land, and of what others landed meanwhile.
    package let move: MoveReport
}

extension Workspace {
    /// Content up to this size travels with the request; more is uploaded before in packs.
    static let stagedBytesMax: UInt64 = 2 << 20
    /// Size at which an uploaded pack is sealed.
    static let packBytesTarget = 16 << 20
    /// A request to land that is older than this is not on its way any more.
    static let attemptMillisMax: Int64 = 3_600_000
    /// The journal's name for the move that follows a landing.
    static let landOperation = "land"

    /// Lands all changes, or only those of `paths` and below, as the workspace's session or, when it
    /// has none, as a session of its own with this goal.
    ///
    /// Call inside `changing(_:)`. The attempt is written down before it is sent: a lost answer is
    /// found out by the next command, and nothing lands twice.
    ///
    /// - Throws: `WorkspaceError` with code `conflict` and what conflicts; nothing landed then.
    package func land(
        goal: String? = nil, paths: [RepoPath] = [], dryRun: Bool = false
    ) async throws -> LandReport? {
        let changes = try changesToLand(paths)
        guard !changes.isEmpty else {
            try await pushEvents()
            throw WorkspaceError(
                .nothingToDo,
                paths.isEmpty ? "there is nothing to land" : "nothing changed in what was named",
                hint: "hif status")
        }
        // Before anything is asked of the project: what was said waits here if it does not answer.
        try keepAsNote(goal)
        try await checkHistory()
        try await pushEvents()
        let content = try await stage(changes, dryRun: dryRun)
        var request = try landRequest(goal: goal, content)
        request.staged = content.staged
        request.uploadedPacks = content.uploaded
        if dryRun { return nil }
        try write(attempt: request)
        let outcome = try await send(request)
        return try await finish(outcome, request)
    }

    /// The changes of `paths` and below, or all.
    ///
    /// - Throws: `WorkspaceError` with code `unresolved` when one of them is in conflict.
    func changesToLand(_ paths: [RepoPath]) throws -> [WorkingChange] {
        func isNamed(_ path: RepoPath) -> Bool {
            paths.isEmpty || paths.contains { $0 == path || path.isBelow($0) }
        }
        try checkSettled(unresolvedPaths.filter(isNamed))
        return try status().changes.filter { isNamed($0.path) }
    }

    /// Refuses to go on while these paths are in conflict.
    func checkSettled(_ open: [RepoPath]) throws {
        guard !open.isEmpty else { return }
        let names = open.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
        let more = open.count > 5 ? " and \(open.count - 5) more" : ""
        throw WorkspaceError(
            .unresolved, "conflicts are not settled in \(names)\(more)",
            hint: "edit the files, then: hif session resolve")
    }

    /// What is said when a session lands is no goal, since it has one: it joins the conversation, once
    /// however often the landing is tried. It waits here until `pushEvents`.
    private func keepAsNote(_ text: String?) throws {
        guard let session = state.session, let text, !text.allSatisfy(\.isWhitespace),
            text != session.goal, text != session.landingNote
        else { return }
        state.session?.landingNote = text
        let role = author.agent.isEmpty ? "human" : "assistant"
        try queueEvent(.note(role: role, text: text))
    }

    /// Lands the inverse of the landing at `position`, made of these operations, and brings the files
    /// along. The attempt is written down as for `land`; asking again before it is settled sends the
    /// same session, so only one of the two can land.
    func landInverse(
        _ operations: [HifCore.Operation], of position: Position, goal: String
    ) async throws -> LandReport {
        var generator = world.generator
        let last = state.attempts.last { $0.backsOut == position }
        let request = LandRequest(
            session: last.flatMap { SessionID($0.session) } ?? SessionID(from: &generator),
            author: author, goal: goal, startedMillis: last?.startedMillis ?? now,
            createdPosition: last?.createdPosition ?? base.position, operations: operations)
        try write(attempt: request, backsOut: position)
        return try await finish(try await send(request), request)
    }

    private func landRequest(goal: String?, _ content: StagedChanges) throws -> LandRequest {
        if let session = state.session, let id = session.sessionID {
            return LandRequest(
                session: id, author: author, goal: session.goal,
                startedMillis: session.startedMillis, createdPosition: session.createdPosition,
                eventCount: session.eventCount, operations: content.operations)
        }
        guard let goal, !goal.allSatisfy(\.isWhitespace) else {
            throw WorkspaceError(
                .noSession, "there is no session here to land",
                hint: "hif session start \"what you want to do\", or: hif land \"what you did\"")
        }
        if let last = state.attempts.last(where: { $0.backsOut == nil }),
            let id = SessionID(last.session)
        {
            // An attempt without a session that is not settled: the same id again, so that only one
            // of the two can land.
            return LandRequest(
                session: id, author: author, goal: goal, startedMillis: last.startedMillis,
                createdPosition: last.createdPosition, operations: content.operations)
        }
        var generator = world.generator
        return LandRequest(
            session: SessionID(from: &generator), author: author, goal: goal, startedMillis: now,
            createdPosition: base.position, operations: content.operations)
    }

    /// Sends a request; content that the project turns out to lack is uploaded once more.
    private func send(_ request: LandRequest) async throws -> LandOutcome {
        let outcome = try await remote.land(request)
        if case .unknown = outcome {
            // Asking again is always safe, and usually gets the answer that was lost.
            return try await remote.land(request)
        }
        return outcome
    }

    private func finish(
        _ outcome: LandOutcome, _ request: LandRequest
    ) async throws -> LandReport {
        switch outcome {
        case .landed(let landed):
            let move = try await settle(landed, session: request.session)
            return LandReport(landed: landed, session: request.session, move: move)
        case .conflict, .refused, .lacking, .abandoned, .unknown:
            // Not landed by this request, as far as is known. An earlier copy of it may still be on
            // its way, so the attempt is kept until its session is closed.
            throw error(for: outcome)
        }
    }

    /// The error that tells a person what an outcome other than a landing means.
    private func error(for outcome: LandOutcome) -> WorkspaceError {
        switch outcome {
        case .conflict(let conflicts, let position):
            let count = conflicts.count == 1 ? "a path was" : "\(conflicts.count) paths were"
            return WorkspaceError(
                .conflict,
                "\(count) changed since @\(base.position), up to @\(position), and not in a way that merges",
                hint: "hif update", conflicts: conflicts)
        case .abandoned:
            return WorkspaceError(
                .refused, "this session was abandoned", hint: "hif session start \"...\"")
        case .lacking(let hashes):
            return WorkspaceError(
                .refused, "the project lacks \(hashes.count) contents that were sent",
                hint: "run the command again")
        case .refused(let reason):
            return WorkspaceError(
                .refused, reason,
                hint: "nothing has landed: mend this, then run the same command again")
        case .unknown(let reason):
            return WorkspaceError(
                .unknown, "it is not known whether this landed: \(reason)",
                hint: "run the command again: it finds out, and lands nothing twice")
        case .landed: return WorkspaceError(.unknown, "landed")
        }
    }

    // MARK: After the answer

    /// Takes in that a session landed: what it sent becomes the base, edits made since stay edits,
    /// and what others landed comes in.
    func settle(_ landed: Landed, session: SessionID) async throws -> MoveReport {
        let attempts = state.attempts.filter { $0.session == session.full }
        let isInverse = attempts.last?.backsOut != nil
        // What was sent is what the files hold, but for the inverse of a landing.
        let sent =
            try isInverse
            ? []
            : attempts.last { $0.sourceDigest == landed.sourceDigest.hex }
                .map { try operations(of: $0) } ?? []
        if !isInverse { state.lastLanding = lastLanding(landed, session, attempts) }
        let from = base
        guard from.position < landed.position else {
            // The files went beyond it already, and took it in on the way.
            if state.session?.sessionID == session { state.session = nil }
            try forgetAttempts(of: session)
            return MoveReport(from: from.position, to: from.position)
        }
        let tip = try await remote.newest()
        let target = try await remote.tree(at: landed.position)
        let simple =
            landed.position == from.position + 1 && landed.mergedPaths.isEmpty && !isInverse
        let basis =
            simple
            ? target : try await trees.applying(sent, to: from.tree, at: from.position)
        // Rows of what was sent: the file has that content unless it was edited since, which the
        // next scan finds out by reading it.
        let rows = sent.map { IndexUpdate(path: $0.path, leaf: $0.after) }
        var index = try self.index.updating(rows)
        let report: MoveReport
        if basis == target {
            index.basePosition = landed.position
            index.baseRoot = target.root
            keep(index)
            try saveIndex()
            report = MoveReport(from: from.position, to: landed.position)
            state.basePosition = landed.position
            state.baseEpoch = tip.epoch
            state.baseSlotHash = tip.slotHash.hex
        } else {
            keep(index)
            let move = PendingMove(
                from: basis, fromPosition: from.position, to: target, toPosition: landed.position)
            report = try await run(
                move, operation: isInverse ? "backout" : Workspace.landOperation, policy: .merge,
                tip: tip, resuming: isLandCutShort && !isInverse)
        }
        if state.session?.sessionID == session { state.session = nil }
        try forgetAttempts(of: session)
        return report
    }

    private func lastLanding(
        _ landed: Landed, _ session: SessionID, _ attempts: [WorkspaceState.Attempt]
    ) -> WorkspaceState.LastLanding {
        let openGoal = state.session?.sessionID == session ? state.session?.goal : nil
        return WorkspaceState.LastLanding(
            session: session.full, position: landed.position,
            goal: openGoal ?? attempts.last?.goal ?? "", wasStarted: openGoal != nil)
    }

    /// Finds out what became of landings whose answer never came.
    func settleAttempts() async throws {
        let sessions = state.attempts.reduce(into: [String]()) { names, attempt in
            if !names.contains(attempt.session) { names.append(attempt.session) }
        }
        for name in sessions {
            guard let session = SessionID(name),
                let attempt = state.attempts.last(where: { $0.session == name })
            else { continue }
            switch try await remote.closing(of: session, createdAt: attempt.createdPosition) {
            case .landed(let landed)?:
                let landing = lastLanding(landed, session, [attempt])
                let move = try await settle(landed, session: session)
                settledNow.append(
                    SettledLanding(landing: landing, backsOut: attempt.backsOut, move: move))
            case .abandoned?:
                if state.session?.sessionID == session { state.session = nil }
                try forgetAttempts(of: session)
            case nil:
                // Not landed, and nothing that was sent so long ago is still on its way.
                if now - attempt.sentMillis > Workspace.attemptMillisMax {
                    try forgetAttempts(of: session)
                }
            }
        }
        if isLandCutShort {
            try Journal(hifDirectory: hifDirectory).finish()
            isLandCutShort = false
        }
    }

    // MARK: Attempts on disk

    private func write(attempt request: LandRequest, backsOut: Position? = nil) throws {
        let digest = request.sourceDigest
        let file = "attempt-\(digest.hex.prefix(16))"
        let landed = request.operations.map { LandedOperation($0, location: nil) }
        try FileEffects().replaceOwn(
            Array(file.utf8), with: OperationList.encode(landed), in: hifDirectory)
        state.attempts.removeAll { $0.sourceDigest == digest.hex }
        state.attempts.append(
            WorkspaceState.Attempt(
                session: request.session.full, goal: request.goal,
                startedMillis: request.startedMillis, createdPosition: request.createdPosition,
                sentMillis: now, sourceDigest: digest.hex, file: file,
                backsOut: backsOut))
        try saveState()
    }

    private func operations(of attempt: WorkspaceState.Attempt) throws -> [HifCore.Operation] {
        guard let bytes = try hifDirectory.contents(Array(attempt.file.utf8)) else {
            throw WorkspaceError(.damaged, "'.hif/\(attempt.file)' is missing")
        }
        return try OperationList.decode(bytes, packCount: 0).map(\.operation)
    }

    func forgetAttempts(of session: SessionID) throws {
        let gone = state.attempts.filter { $0.session == session.full }
        state.attempts.removeAll { $0.session == session.full }
        try saveState()
        for attempt in gone {
            try? FileEffects().remove(Array(attempt.file.utf8), in: hifDirectory)
        }
    }

    /// Paths that `update` left in conflict.
    package var unresolvedPaths: [RepoPath] {
        state.unresolved.compactMap { [UInt8](hex: $0).flatMap { try? RepoPath($0) } }
    }
}
