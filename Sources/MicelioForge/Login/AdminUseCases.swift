/// What administrators do on the forge's pages. Each takes the grant that only `Access` gives.
extension Forge {
    /// Accounts and organisations, by handle, after `cursor`.
    func allAccounts(
        _ grant: AdminGrant, after cursor: String, limit: Int
    ) async throws -> (page: [Accounts.Overview], next: String?) {
        let found = try await accounts.overview(after: cursor, limit: limit + 1)
        let page = Array(found.prefix(limit))
        return (page, found.count > limit ? page.last?.user.handle.text : nil)
    }

    func account(_ handle: Handle, _ grant: AdminGrant) async throws -> Accounts.Overview {
        guard let found = try await accounts.overview(of: handle) else {
            throw Accounts.noAccount(handle)
        }
        return found
    }

    /// Shuts an account out, or lets it in again.
    func setDisabled(_ handle: Handle, _ isDisabled: Bool, _ grant: AdminGrant) async throws {
        guard handle != grant.user.handle else {
            throw ForgeError(
                .unprocessable, "that is your own account",
                hint: "another administrator can do it, or micelio admin user disable")
        }
        try await accounts.setDisabled(handle, isDisabled, now: now())
    }

    /// The address with which an account's owner sets a new password, told this once.
    func makeResetLink(_ handle: Handle, _ grant: AdminGrant) async throws -> String {
        let link = try await accounts.makePasswordLink(
            for: handle, lasting: Limits.passwordResetMillis, now: now())
        return "\(addresses.publicURL)/password/\(link.text)"
    }

    func removeSecondFactor(_ handle: Handle, _ grant: AdminGrant) async throws {
        try await accounts.removeSecondFactor(of: handle, now: now())
    }

    /// Every project, by name, with those that were deleted and can be had back.
    func projects(
        _ grant: AdminGrant, after cursor: Int64, limit: Int
    ) async throws -> (page: [ProjectRecord], next: Int64?) {
        let found = try await accounts.allProjects(after: cursor, limit: limit + 1)
        let page = Array(found.prefix(limit))
        return (page, found.count > limit ? page.last?.id : nil)
    }

    /// Gives a deleted project back to its owners, within the time in which they could have it back.
    func restoreProject(_ path: ProjectPath, _ grant: AdminGrant) async throws -> ProjectPath {
        guard let restored = try await accounts.restoreProject(path, now: now()) else {
            throw ForgeError(.notFound, "there is no deleted project \(path) to be had back")
        }
        return restored
    }

    /// Lines of the audit log, newest first.
    func audit(
        _ grant: AdminGrant, before: Int64, limit: Int
    ) async throws -> (page: [AuditEntry], next: Int64?) {
        let found = try await accounts.audit(before: before, limit: limit + 1)
        let page = Array(found.prefix(limit))
        return (page, found.count > limit ? page.last?.id : nil)
    }
}
