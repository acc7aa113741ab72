import GRDB

/// Who does something that the audit log keeps, and from where.
///
/// Carriers set `current` for the request that they answer, and nothing else does. Where nothing set it, it
/// is a command on the forge's own machine.
package struct Actor: Hashable, Sendable {
    /// The account; empty for nobody in particular and for whoever runs the forge.
    package let account: String
    /// What stood for the account: a browser, a token by its last four characters, the command line.
    package let means: String
    /// The caller's address; empty on the command line.
    package let address: String

    @TaskLocal package static var current = Actor(
        account: "", means: "command line", address: "")

    init(account: String, means: String, address: String) {
        self.account = account
        self.means = means
        self.address = address
    }

    /// Whoever sent a request.
    init(_ principal: Principal, address: String) {
        account = principal.user?.handle.text ?? ""
        means =
            if let token = principal.token {
                "\(token.kind.prefix)…\(token.lastFour)"
            } else {
                principal.browser == nil ? "not signed in" : "browser"
            }
        self.address = address
    }
}

/// What the audit log keeps: the acts that decide who may do what. The words stand between who did it and
/// what it was done to.
package enum AuditAct: String, Sendable, CaseIterable {
    case signedUp = "signed up as"
    case invited = "made the invitation"
    case endedInvitation = "revoked the invitation"
    case madeOrganisation = "made the organisation"
    case deletedOrganisation = "deleted the organisation"
    case madeProject = "made the project"
    case madePublic = "made public"
    case madePrivate = "made private"
    case movedProject = "renamed"
    case archivedProject = "archived"
    case unarchivedProject = "opened again"
    case deletedProject = "deleted"
    case restoredProject = "restored"
    case purgedProject = "deleted for good"
    case gaveRole = "gave a role to"
    case tookRole = "took the role of"
    case shutOut = "shut out"
    case letIn = "let in again"
    case setUp = "set the forge up as"
    case madePasswordLink = "made a link for the password of"
    case changedPassword = "changed the password of"
    case turnedSecondFactorOn = "turned two-factor sign-in on for"
    case turnedSecondFactorOff = "turned two-factor sign-in off for"
    case madeRecoveryCodes = "made new recovery codes of"
    case usedRecoveryCode = "used a recovery code of"
    case madeToken = "made a token of"
    case revokedToken = "revoked a token of"
}

/// A line of the audit log.
package struct AuditEntry: Hashable, Sendable {
    package let id: Int64
    package let atMillis: Int64
    package let actor: Actor
    /// The words of an `AuditAct`, perhaps of an older micelio.
    package let act: String
    package let about: String

    init(_ row: Row) {
        id = row["id"]
        atMillis = row["at"]
        actor = Actor(account: row["account"], means: row["means"], address: row["address"])
        act = row["act"]
        about = row["about"]
    }
}

extension Accounts {
    /// Writes lines of the audit log within the transaction that does what they say, so that there is never
    /// one without the other.
    struct AuditPen: Sendable {
        let actor: Actor
        let now: Int64

        /// - Parameter about: names, never a secret and never a text that somebody wrote.
        func note(_ act: AuditAct, _ about: String, in database: Database) throws {
            try database.execute(
                sql: """
                    INSERT INTO audit (at, account, means, address, act, about)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [now, actor.account, actor.means, actor.address, act.rawValue, about])
        }
    }

    /// One transaction that notes in the audit log what it does.
    func auditing<Value: Sendable>(
        _ now: Int64, _ work: @escaping @Sendable (Database, AuditPen) throws -> Value
    ) async throws -> Value {
        // Read here: the transaction runs on a thread without task-local values.
        let pen = AuditPen(actor: Actor.current, now: now)
        return try await pool.write { try work($0, pen) }
    }

    /// Lines of the audit log, newest first.
    ///
    /// - Parameter before: only lines older than that one.
    package func audit(before: Int64 = .max, limit: Int) async throws -> [AuditEntry] {
        try await pool.read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?",
                arguments: [before, limit]
            ).map(AuditEntry.init)
        }
    }
}
