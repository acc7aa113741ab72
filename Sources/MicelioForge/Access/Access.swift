import HifAPI
package import HifCore

/// What somebody may do with a project, weakest first.
package enum Role: String, Sendable, Comparable, CaseIterable {
    case read
    case write
    case owner

    package static func < (left: Role, right: Role) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int {
        switch self {
        case .read: 0
        case .write: 1
        case .owner: 2
        }
    }
}

/// A kind of thing that may be done with a project. Each is a type, so that a function that writes
/// cannot be called with a grant for reading.
package protocol ProjectVerb: Sendable {
    static var role: Role { get }
    static var scope: ScopeSet.Verb { get }
    /// The verb in a sentence: "you may not … ana/app".
    static var words: String { get }
}

package enum Reading: ProjectVerb {
    package static let role = Role.read
    package static let scope = ScopeSet.Verb.read
    package static let words = "read"
}

package enum Writing: ProjectVerb {
    package static let role = Role.write
    package static let scope = ScopeSet.Verb.write
    package static let words = "write to"
}

package enum Managing: ProjectVerb {
    package static let role = Role.owner
    package static let scope = ScopeSet.Verb.manage
    package static let words = "change the settings of"
}

/// Leave to do one kind of thing with one project. Only `Access` makes them, and whatever touches a
/// project asks for one: what has no grant cannot be reached.
package struct ProjectGrant<Verb: ProjectVerb>: Sendable {
    package let principal: Principal
    package let project: ProjectRecord
    /// What the caller may do at most, for showing it.
    package let role: Role

    fileprivate init(principal: Principal, project: ProjectRecord, role: Role) {
        self.principal = principal
        self.project = project
        self.role = role
    }
}

/// Leave to act as an account: on its own settings, or by making projects under its name.
package struct AccountGrant: Sendable {
    package let principal: Principal
    package let user: User

    fileprivate init(principal: Principal, user: User) {
        self.principal = principal
        self.user = user
    }
}

/// Leave to make projects under a name: one's own, or that of an organisation one is in.
package struct PlaceGrant: Sendable {
    package let user: User
    /// The account or organisation that is to own them.
    package let owner: User

    fileprivate init(user: User, owner: User) {
        self.user = user
        self.owner = owner
    }
}

/// Leave to act in an organisation.
package struct OrganisationGrant: Sendable {
    package let principal: Principal
    package let organisation: User
    package let role: OrganisationRole

    fileprivate init(principal: Principal, organisation: User, role: OrganisationRole) {
        self.principal = principal
        self.organisation = organisation
        self.role = role
    }
}

/// Leave to administer the forge.
package struct AdminGrant: Sendable {
    package let principal: Principal
    package let user: User

    fileprivate init(principal: Principal, user: User) {
        self.principal = principal
        self.user = user
    }
}

/// Leave to read one pack of a project, of which nothing else need be known.
package struct PackGrant: Sendable {
    package let storeProjectID: String
    package let pack: Hash
    /// Whether everybody has this leave.
    package let isForAll: Bool

    fileprivate init(storeProjectID: String, pack: Hash, isForAll: Bool) {
        self.storeProjectID = storeProjectID
        self.pack = pack
        self.isForAll = isForAll
    }
}

/// Leave to land in a project what another node of this forge has checked.
struct HandingOnGrant: Sendable {
    let projectID: ProjectID

    fileprivate init(projectID: ProjectID) {
        self.projectID = projectID
    }
}

extension ProjectGrant where Verb == Reading {
    /// Whoever may read a project may read each of its packs.
    package func pack(_ pack: Hash) -> PackGrant {
        PackGrant(
            storeProjectID: project.storeProjectID, pack: pack, isForAll: project.isPublic)
    }
}

/// The one place where leave is given. Denies by default: a case that no line below allows is not
/// allowed.
///
/// "It does not exist" and "you may not see it" are one answer, found by the same query, so that
/// neither words nor time tell which names exist. Who may see a project but not do the rest is told
/// so, because they know of it anyway.
package struct Access: Sendable {
    let accounts: any AccountsSource

    /// Leave for `verb` on the project named `path`.
    package func check<Verb: ProjectVerb>(
        _ principal: Principal, _ verb: Verb.Type, on path: ProjectPath
    ) async throws -> ProjectGrant<Verb> {
        let asked = path
        let found = try await accounts.project(asked, seenBy: principal)
        // Scopes are for the name that the project has now, by whichever it was asked for.
        guard let found, let role = Access.role(of: principal, in: found),
            principal.scopes.allows(.read, on: found.project.path)
                || principal.scopes.allows(Verb.scope, on: found.project.path)
        else {
            throw Access.notFound(asked)
        }
        let path = found.project.path
        guard role >= Verb.role else {
            throw principal.user == nil
                ? Access.unauthenticated
                : ForgeError(
                    .forbidden, "you may not \(Verb.words) \(path)",
                    hint: Access.howToGrant(Verb.role, on: path, to: principal.user))
        }
        guard principal.scopes.allows(Verb.scope, on: path) else {
            throw ForgeError(
                .forbidden, "this token may not \(Verb.words) \(path)",
                hint: "it needs the scope \(Verb.scope.rawValue):\(path)")
        }
        guard !found.project.isArchived || Verb.scope != .write else {
            throw ForgeError(
                .unprocessable, "\(path) is archived: it can only be read",
                hint: "an owner can open it again: /\(path)/settings")
        }
        return ProjectGrant(principal: principal, project: found.project, role: role)
    }

    /// A project that the caller may know of, for another node that is to give leave by the same rules.
    /// Whoever has a token for any use of the project may know of it.
    func find(
        _ path: ProjectPath, for principal: Principal
    ) async throws -> Accounts.FoundProject {
        let found = try await accounts.project(path, seenBy: principal)
        guard let found, Access.role(of: principal, in: found) != nil,
            ScopeSet.Verb.allCases.contains(where: {
                principal.scopes.allows($0, on: found.project.path)
            })
        else { throw Access.notFound(path) }
        return found
    }

    private static func howToGrant(_ role: Role, on path: ProjectPath, to user: User?) -> String {
        let handle = user.map { "\($0.handle)" } ?? "HANDLE"
        return "an owner gives the role on /\(path)/settings, or whoever runs the forge: "
            + "micelio admin project grant \(path) \(handle) \(role.rawValue)"
    }

    /// Leave to act as the account that signed in.
    package func checkAccount(_ principal: Principal) throws(ForgeError) -> AccountGrant {
        guard let user = principal.user else { throw Access.unauthenticated }
        guard principal.scopes.allows(.account) else {
            throw ForgeError(
                .forbidden, "this token may not act on the account",
                hint: "it needs the scope account:*")
        }
        return AccountGrant(principal: principal, user: user)
    }

    /// Leave to administer the forge. For who may not, there is nothing to administer.
    package func checkAdmin(_ principal: Principal) throws(ForgeError) -> AdminGrant {
        guard let user = principal.user else { throw Access.unauthenticated }
        guard user.isAdmin, principal.scopes.allows(.account), principal.scopes.allows(.manage)
        else {
            throw ForgeError(.notFound, "there is nothing at this address")
        }
        return AdminGrant(principal: principal, user: user)
    }

    /// Leave to do in an organisation what its members with at least that role do. There is no secret in
    /// which organisations exist: their pages are for everybody.
    package func checkOrganisation(
        _ principal: Principal, _ handle: Handle, atLeast role: OrganisationRole
    ) async throws -> OrganisationGrant {
        guard let user = principal.user else { throw Access.unauthenticated }
        guard let found = try await accounts.organisation(handle, seenBy: user.id) else {
            throw ForgeError(.notFound, "there is no organisation '\(handle)'")
        }
        guard let own = found.role, own.projectRole >= role.projectRole else {
            throw ForgeError(
                .forbidden, "you are not one of the \(role.rawValue)s of '\(handle)'",
                hint: "its owners can make you one: /\(handle)")
        }
        guard principal.scopes.allows(.manage, onAllOf: handle) else {
            throw ForgeError(
                .forbidden, "this token may not manage '\(handle)'",
                hint: "it needs the scope manage:\(handle)/*")
        }
        return OrganisationGrant(
            principal: principal, organisation: found.organisation, role: own)
    }

    /// Leave to make projects under `owner`: one's own name, or that of an organisation one is in.
    package func checkCreating(
        _ principal: Principal, under owner: Handle
    ) async throws -> PlaceGrant {
        guard let user = principal.user else { throw Access.unauthenticated }
        var place = user
        if user.handle != owner {
            let found = try await accounts.organisation(owner, seenBy: user.id)
            guard let found, found.role != nil else {
                throw ForgeError(
                    .forbidden, "you may not make projects under '\(owner)'",
                    hint: "your own are named \(user.handle)/…")
            }
            place = found.organisation
        }
        guard principal.scopes.allows(.manage, onAllOf: owner) else {
            throw ForgeError(
                .forbidden, "this token may not make projects",
                hint: "it needs the scope manage:\(owner)/*")
        }
        return PlaceGrant(user: user, owner: place)
    }

    /// Leave for the pack that an address names which was given to somebody who may read it.
    ///
    /// A signature that is wrong and one that is too old are one answer, and the same as for a pack that
    /// does not exist.
    func check(
        _ signed: SignedPack, by signer: PackSigner, now: Int64
    ) throws(ForgeError) -> PackGrant {
        guard signer.isGenuine(signed), now / 1_000 < signed.expires else {
            throw ForgeError(.notFound, "this address opens nothing, or no longer")
        }
        return PackGrant(
            storeProjectID: signed.storeProjectID, pack: signed.pack, isForAll: true)
    }

    /// Leave for a node of this forge, which asked for its client's leave before. Without TLS there is no
    /// `proof` that one could know, and no leave.
    func checkNode(
        _ header: Micelio_V1_ForwardHeader, _ proof: NodeProof?
    ) throws(ForgeError) -> HandingOnGrant {
        guard let proof, proof.isShown(in: header.proof) else {
            throw ForgeError(.forbidden, "only the nodes of this forge hand landings on")
        }
        guard let id = ProjectID(hex: header.projectID) else {
            throw .invalid("'\(header.projectID)' is no project's id")
        }
        return HandingOnGrant(projectID: id)
    }

    /// What a node without accounts is to believe of somebody's part in a project: in an archived one all
    /// are readers there, for it does not know of archives.
    static func told(_ found: Accounts.FoundProject) -> (ownerID: Int64, role: Role?) {
        guard found.project.isArchived else { return (found.project.ownerID, found.memberRole) }
        return (0, .read)
    }

    /// The strongest role somebody has; nil when they may not know of the project.
    static func role(of principal: Principal, in found: Accounts.FoundProject) -> Role? {
        if let user = principal.user {
            if user.id == found.project.ownerID { return .owner }
            if let role = found.memberRole { return role }
        }
        return found.project.isPublic ? .read : nil
    }

    package static let unauthenticated = ForgeError(
        .unauthenticated, "you are not signed in", hint: "sign in: hif auth login")

    package static func notFound(_ path: ProjectPath) -> ForgeError {
        ForgeError(
            .notFound, "there is no project \(path), or you may not see it",
            hint: "hif project list")
    }
}
