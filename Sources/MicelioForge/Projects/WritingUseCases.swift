import HifAPI
package import HifCore
package import HifRepository

/// Writing to a project: the functions that every carrier calls.
extension OpenProject where Verb == Writing {
    /// Refuses what was prepared for another store: positions and packs mean nothing here.
    package func expectStore(_ id: String) throws(ForgeError) {
        guard id == storeID else {
            throw ForgeError(
                .invalidArgument, "this was prepared for another store than this forge's",
                hint: "the forge was restored or replaced: hif update takes the new history in")
        }
    }

    /// The caller as history names them. Nobody writes in another's name: what a client sends as
    /// account is not looked at. With the token of an agent, it is that agent.
    package func author(agent: String) -> Author {
        let user = grant.principal.user
        let agent = grant.principal.token.flatMap { $0.kind == .agent ? $0.label : nil } ?? agent
        let handle = user?.handle.text ?? ""
        let name = user.map { $0.displayName.isEmpty ? handle : $0.displayName } ?? ""
        return Author(account: handle, agent: agent, name: name, email: user?.email ?? "")
    }

    /// The author of an imported commit: a name and an address, and never an account.
    package static func imported(_ author: Author) -> Author {
        Author(account: "", name: author.name, email: author.email)
    }

    /// Stores a pack; answers its name. Every record in it is checked first.
    package func upload(_ pack: [UInt8], named name: Hash) async throws {
        let repository = repository
        meter.count(received: pack.count)
        try await completing {
            let id = try await Lander(repository).upload(pack)
            guard id == name else {
                throw ForgeError.invalid("the pack's bytes hash to \(id), not \(name)")
            }
        }
    }

    package func land(_ request: LandRequest) async throws -> LandOutcome {
        let repository = repository
        defer { feed.signal(request.session, in: grant.project.storeProjectID) }
        let outcome = try await completing { try await Lander(repository).land(request) }
        var landings = 0
        if case .landed = outcome { landings = 1 }
        meter.count(landings: landings, received: request.staged?.bytes.count ?? 0)
        return outcome
    }

    /// Submits intents that the caller prepared whole, in order. What they claim about packs is
    /// checked before: a wrong place in the index would spoil the content for everybody.
    package func submit(_ intents: [Intent]) async throws -> [LandingAnswer] {
        let repository = repository
        let feed = feed
        let project = grant.project.storeProjectID
        let meter = meter
        return try await completing {
            try await IntentCheck(repository: repository).check(intents)
            let answers = try await repository.submit(intents)
            for (intent, answer) in zip(intents, answers) {
                guard let session = intent.closedSession(by: answer) else { continue }
                // The mark is advisory: a session that stays listed costs a look.
                try? await repository.sessions.unmarkOpen(session)
                feed.signal(session, in: project)
            }
            meter.count(
                landings: answers.count { answer in
                    if case .landed = answer { true } else { false }
                })
            return answers
        }
    }

    /// Appends an event in the caller's name; answers its number.
    package func append(
        _ event: SessionEvent, to session: SessionID, from known: UInt64
    ) async throws -> UInt64 {
        let repository = repository
        let signed = SessionEvent(
            id: event.id, author: author(agent: event.author.agent), atMillis: event.atMillis,
            body: event.body)
        defer { feed.signal(session, in: grant.project.storeProjectID) }
        return try await completing {
            try await repository.append(signed, to: session, from: known).number
        }
    }
}

extension Intent {
    /// The session that is closed now, if `answer` closed one.
    func closedSession(by answer: LandingAnswer) -> SessionID? {
        switch (self, answer) {
        case (.land(let land), .landed), (.land(let land), .abandoned): land.session
        case (.abandon(let abandon, _), .landed), (.abandon(let abandon, _), .abandoned):
            abandon.session
        default: nil
        }
    }
}
