import GRPCCore
import HifAPI
import SwiftProtobuf
import Synchronization

/// The accounts as a node without a database has them: asked of the node that keeps it, with the client's
/// own token, and remembered for `Limits.accountsCacheMillis`.
///
/// So a token that is revoked, an account that is disabled or a role that is taken away is refused by
/// every node after that time at the latest, and so is everybody once the keeper of the accounts has been
/// away for that long. Refusals are never remembered.
final class RemoteAccounts: AccountsSource {
    private struct Cache<Key: Hashable, Value> {
        private var entries: [Key: (value: Value, untilMillis: Int64)] = [:]

        func value(_ key: Key, now: Int64) -> Value? {
            guard let entry = entries[key], now < entry.untilMillis,
                // A clock that was set back must not make it last.
                entry.untilMillis - now <= Limits.accountsCacheMillis
            else { return nil }
            return entry.value
        }

        mutating func keep(_ value: Value, for key: Key, now: Int64) {
            if entries.count >= Limits.accountsCacheEntriesMax {
                entries = entries.filter { now < $0.value.untilMillis }
                if entries.count >= Limits.accountsCacheEntriesMax { entries = [:] }
            }
            entries[key] = (value, now + Limits.accountsCacheMillis)
        }
    }

    private struct ProjectKey: Hashable {
        let path: ProjectPath
        /// Hash of the token; empty for nobody in particular.
        let token: String
    }

    private let links: NodeLinks
    private let keeper: HostPort
    private let now: @Sendable () -> Int64
    private let identities = Mutex(Cache<String, (user: User, token: TokenRecord)>())
    private let projects = Mutex(Cache<ProjectKey, Accounts.FoundProject>())

    /// - Parameter keeper: where gRPC of the node listens that keeps the accounts.
    init(_ links: NodeLinks, keeper: HostPort, now: @escaping @Sendable () -> Int64) {
        self.links = links
        self.keeper = keeper
        self.now = now
    }

    func resolve(
        _ token: TokenText, now: Int64
    ) async throws -> (user: User, token: TokenRecord) {
        let key = token.hash
        if let known = identities.withLock({ $0.value(key, now: now) }) {
            // It may have expired meanwhile.
            try Accounts.checkUsable(known.user, known.token, now: now)
            return known
        }
        let identity = try await asking { nodes, options in
            try await nodes.identify(
                Micelio_V1_IdentifyRequest(), metadata: ["authorization": "Bearer \(token.text)"],
                options: options)
        }
        let found = (try User(identity), try TokenRecord(identity))
        identities.withLock { $0.keep(found, for: key, now: now) }
        return found
    }

    func project(
        _ path: ProjectPath, seenBy principal: Principal
    ) async throws -> Accounts.FoundProject? {
        let credential = Credential.current
        let key = ProjectKey(path: path, token: credential?.token.hash ?? "")
        let now = now()
        if let known = projects.withLock({ $0.value(key, now: now) }) { return known }
        do {
            let reply = try await asking { nodes, options in
                try await nodes.findProject(
                    .with { $0.name = path.wire }, metadata: Credential.metadata, options: options)
            }
            let found = try Accounts.FoundProject(reply)
            projects.withLock { $0.keep(found, for: key, now: now) }
            return found
        } catch let error as ForgeError where error.code == .notFound {
            return nil
        }
    }

    /// Organisations are an affair of the node that keeps the accounts, and so is all that asks for them.
    func organisation(
        _ handle: Handle, seenBy userID: Int64?
    ) async throws -> (organisation: User, role: OrganisationRole?)? {
        throw ForgeError(
            .unavailable, "this node keeps no accounts",
            hint: "ask the node that does: its address is what --accounts says here")
    }

    func ping() async throws {
        // As nobody in particular: the answer that there is no such project is one.
        do {
            _ = try await asking { nodes, options in
                try await nodes.findProject(Micelio_V1_FindProjectRequest(), options: options)
            }
        } catch let error as ForgeError
            where error.code == .invalidArgument || error.code == .notFound
        {
            return
        }
    }

    /// Asks the keeper.
    ///
    /// - Throws: `ForgeError` as the keeper said it, or that it does not answer.
    private func asking<Value: Sendable>(
        _ call: (NodeLinks.Nodes, CallOptions) async throws -> Value
    ) async throws -> Value {
        var options = CallOptions.defaults
        options.timeout = .seconds(Limits.nodeAnswerSeconds)
        do {
            return try await call(links.nodes(at: keeper), options)
        } catch let error as RPCError {
            throw ForgeError.told(error)
        }
    }
}

extension User {
    fileprivate init(_ wire: Micelio_V1_Identity) throws {
        self.init(
            id: wire.userID, handle: try Handle(wire.handle), displayName: wire.displayName,
            email: wire.email.isEmpty ? nil : wire.email, isAdmin: wire.isAdmin,
            createdMillis: wire.createdMillis)
    }
}

extension TokenRecord {
    fileprivate init(_ wire: Micelio_V1_Identity) throws {
        guard let kind = TokenText.Kind(rawValue: wire.tokenKind) else {
            throw WireError("a token of kind '\(wire.tokenKind)'")
        }
        self.init(
            id: wire.tokenID, handle: wire.handle, kind: kind, lastFour: wire.tokenLastFour,
            label: wire.tokenLabel,
            scopes: try ScopeSet(parsing: wire.scopes.joined(separator: " ")),
            createdMillis: wire.tokenCreatedMillis,
            expiresMillis: wire.tokenExpiresMillis == 0 ? nil : wire.tokenExpiresMillis)
    }
}

extension Accounts.FoundProject {
    fileprivate init(_ wire: Micelio_V1_FoundProject) throws {
        let role: Role? =
            switch wire.memberRole {
            case .read: .read
            case .write: .write
            case .owner: .owner
            default: nil
            }
        self.init(
            project: ProjectRecord(
                id: wire.projectID, storeProjectID: wire.project.projectID,
                path: try ProjectPath(wire: wire.project.name), ownerID: wire.ownerID,
                description: wire.project.description_p,
                isPublic: wire.project.visibility == .public,
                createdMillis: wire.project.createdMillis),
            memberRole: role)
    }
}
