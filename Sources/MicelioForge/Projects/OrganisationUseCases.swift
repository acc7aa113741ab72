/// Organisations: accounts without a password, whose projects their members share.
extension Forge {
    /// Makes an organisation, which belongs to the caller.
    package func createOrganisation(
        _ grant: AccountGrant, handle: Handle, name: String
    ) async throws -> User {
        try await accounts.createOrganisation(
            handle, displayName: name, by: grant.user, now: now())
    }

    /// The organisations that the caller is in.
    package func memberships(_ grant: AccountGrant) async throws -> [Accounts.Membership] {
        try await accounts.memberships(of: grant.user)
    }

    /// The names under which the caller may make projects: their own first.
    func ownersFor(_ principal: Principal) async throws -> [String] {
        guard let user = principal.user else { return [] }
        return [user.handle.text]
            + (try await accounts.memberships(of: user).map(\.organisation.text))
    }

    /// Takes the caller out of an organisation.
    package func leave(_ organisation: Handle, _ grant: AccountGrant) async throws {
        let found = try await accounts.organisation(organisation, seenBy: grant.user.id)
        guard let found, found.role != nil,
            try await accounts.setOrganisationMember(
                grant.user.handle, of: found.organisation, role: nil, now: now())
        else {
            throw ForgeError(.notFound, "you are not in an organisation '\(organisation)'")
        }
    }

    /// Who is in an organisation: anybody may know.
    package func members(
        ofOrganisation organisation: User
    ) async throws -> [Accounts.OrganisationMember] {
        try await accounts.organisationMembers(of: organisation)
    }

    /// Gives somebody a role in an organisation, or with nil takes them out of it.
    package func setMember(
        _ handle: Handle, _ role: OrganisationRole?, _ grant: OrganisationGrant
    ) async throws {
        guard
            try await accounts.setOrganisationMember(
                handle, of: grant.organisation, role: role, now: now())
        else {
            throw ForgeError(.notFound, "\(handle) is not in \(grant.organisation.handle)")
        }
    }

    /// Deletes an organisation that owns no project. Its handle stays taken.
    ///
    /// - Parameter name: the organisation's, typed by who means it.
    package func delete(_ grant: OrganisationGrant, confirmedBy name: String) async throws {
        guard name.lowercased() == grant.organisation.handle.text else {
            throw ForgeError(
                .unprocessable,
                "to delete the organisation, type its handle: \(grant.organisation.handle)")
        }
        try await accounts.deleteOrganisation(grant.organisation, now: now())
    }

    /// How many projects an organisation owns, without deleted ones.
    func projectCount(_ grant: OrganisationGrant) async throws -> Int {
        try await accounts.projectCount(of: grant.organisation)
    }

    /// What an organisation says of itself.
    package func profile(_ grant: OrganisationGrant) async throws -> Profile {
        try await profile(of: grant.organisation.handle)
    }

    /// Changes of an organisation's profile what is not nil.
    package func changeProfile(
        _ grant: OrganisationGrant, name: String?, bio: String?, links: [String]?
    ) async throws {
        let old = try await profile(grant)
        try await accounts.setProfile(
            of: grant.organisation, displayName: name ?? old.user.displayName, email: nil,
            bio: bio ?? old.bio, links: links ?? old.links)
    }
}
