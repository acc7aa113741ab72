import HifCore
package import HifRepository

/// A project as its members see it.
package struct ProjectView: Hashable, Sendable {
    package let project: ProjectRecord
    /// What the one who asked may do.
    package let role: Role
    package let storeID: String
}

/// Making and finding projects: the functions that every carrier calls.
extension Forge {
    /// Makes a project under the caller's own name, or that of an organisation that they are in.
    ///
    /// The genesis is written before the row: a crash between them leaves an unnamed genesis, which
    /// harms nobody, and never a name without a project behind it.
    package func createProject(
        _ path: ProjectPath, description: String, isPublic: Bool, as principal: Principal
    ) async throws -> ProjectView {
        let grant = try await access.checkCreating(principal, under: path.owner)
        guard description.utf8.count <= Limits.descriptionBytesMax else {
            throw ForgeError.invalid(
                "a description has at most \(Limits.descriptionBytesMax) bytes")
        }
        // One that had the name gives it up; one that has it does not. Before anything is written.
        try await accounts.checkFree(path)
        let id = try await repositories.create(path)
        try await accounts.insertProject(
            path, ownerID: grant.owner.id, maker: grant.owner.isOrganisation ? grant.user : nil,
            storeProjectID: id, description: description, isPublic: isPublic, now: now())
        guard let found = try await accounts.project(path, seenBy: grant.user.id) else {
            throw ForgeError(.internalError, "the new project cannot be read back")
        }
        return ProjectView(project: found.project, role: .owner, storeID: repositories.storeID.hex)
    }

    package func project(_ path: ProjectPath, as principal: Principal) async throws -> ProjectView {
        let grant = try await access.check(principal, Reading.self, on: path)
        return ProjectView(
            project: grant.project, role: grant.role, storeID: repositories.storeID.hex)
    }

    /// A page of the projects that the caller may see.
    ///
    /// - Returns: the page, and the cursor of the next one; nil on the last page.
    package func projects(
        of owner: Handle?, limit: Int, cursor: String, as principal: Principal
    ) async throws -> (page: [ProjectView], next: String?) {
        let limit = limit == 0 ? Limits.pageItemsMax : min(limit, Limits.pageItemsMax)
        guard limit > 0, let after = cursor.isEmpty ? 0 : Int64(cursor) else {
            throw ForgeError.invalid("the cursor or the limit is not valid")
        }
        let storeID = repositories.storeID.hex
        let found = try await accounts.projects(
            seenBy: principal.user?.id, owner: owner, after: after, limit: limit + 1)
        let page = found.prefix(limit).compactMap { found -> ProjectView? in
            guard principal.scopes.allows(.read, on: found.project.path),
                let role = Access.role(of: principal, in: found)
            else { return nil }
            return ProjectView(project: found.project, role: role, storeID: storeID)
        }
        let last = found.count > limit ? found.prefix(limit).last : nil
        return (page, last.map { "\($0.project.id)" })
    }

    /// The newest landing of a project that `projects` listed; nil when nothing has landed.
    package func newestLanding(
        of view: ProjectView, as principal: Principal
    ) async throws -> LandingPage.Entry? {
        try await open(view.project.path, for: Reading.self, as: principal)
            .landings(LandingQuery(limit: 1)).entries.first
    }

    /// The account of that name, for its page. Disabled accounts have none.
    package func profile(of handle: Handle) async throws -> Profile {
        guard let profile = try await accounts.profile(of: handle) else {
            throw Accounts.noAccount(handle)
        }
        return profile
    }
}
