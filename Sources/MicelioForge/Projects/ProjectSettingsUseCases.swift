import HifCore

/// What owners change about a project. Each takes the grant that only `Access` gives.
extension Forge {
    /// Changes what is not nil.
    package func changeProject(
        _ grant: ProjectGrant<Managing>, description: String?, topics: [Topic]?, isPublic: Bool?
    ) async throws {
        try await accounts.changeProject(
            grant.project, description: description, topics: topics, isPublic: isPublic, now: now())
    }

    /// Gives a project another name; the old one leads to it.
    package func rename(
        _ grant: ProjectGrant<Managing>, to name: ProjectName
    ) async throws -> ProjectPath {
        let path = ProjectPath(owner: grant.project.path.owner, name: name)
        try await move(grant, to: path, ownerID: grant.project.ownerID)
        return path
    }

    /// Gives a project to another owner, under whose name the caller may make projects: themselves, or an
    /// organisation that they are in. Nobody else is given what they did not ask for.
    package func transfer(
        _ grant: ProjectGrant<Managing>, to owner: Handle
    ) async throws -> ProjectPath {
        let place = try await access.checkCreating(grant.principal, under: owner)
        let path = ProjectPath(owner: owner, name: grant.project.path.name)
        try await move(grant, to: path, ownerID: place.owner.id)
        return path
    }

    private func move(
        _ grant: ProjectGrant<Managing>, to path: ProjectPath, ownerID: Int64
    ) async throws {
        guard let user = grant.principal.user else { throw Access.unauthenticated }
        try await accounts.moveProject(
            grant.project, to: path, ownerID: ownerID, keeping: user, now: now())
    }

    package func setArchived(_ grant: ProjectGrant<Managing>, _ isArchived: Bool) async throws {
        try await accounts.setArchived(grant.project, isArchived, now: now())
    }

    /// Hides a project from everybody; its owners have it back for `Limits.deletedProjectMillis`.
    ///
    /// - Parameter name: the project's, typed by who means it.
    package func delete(_ grant: ProjectGrant<Managing>, confirmedBy name: String) async throws {
        guard name.lowercased() == "\(grant.project.path)".lowercased() else {
            throw ForgeError(
                .unprocessable, "to delete the project, type its name: \(grant.project.path)")
        }
        try await accounts.deleteProject(grant.project, now: now())
    }

    package func deletedProjects(
        _ grant: AccountGrant
    ) async throws -> [Accounts.DeletedProject] {
        try await accounts.deletedProjects(of: grant.user, now: now())
    }

    package func restoreProject(_ id: Int64, _ grant: AccountGrant) async throws -> ProjectPath {
        guard let path = try await accounts.restoreProject(id, of: grant.user, now: now()) else {
            throw ForgeError(.notFound, "you have no deleted project \(id)")
        }
        return path
    }

    package func members(
        _ grant: ProjectGrant<Managing>
    ) async throws -> [Accounts.Member] {
        try await accounts.members(of: grant.project)
    }

    /// Gives somebody a role in a project, or with nil takes it away.
    package func setMember(
        _ handle: Handle, _ role: Role?, _ grant: ProjectGrant<Managing>
    ) async throws {
        guard handle != grant.project.path.owner else {
            throw ForgeError(
                .unprocessable, "\(grant.project.path) belongs to \(handle)",
                hint: "transfer the project to change that")
        }
        guard try await accounts.setMember(handle, of: grant.project, role: role, now: now()) else {
            throw ForgeError(.notFound, "\(handle) has no role in \(grant.project.path)")
        }
    }
}
