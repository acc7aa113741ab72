/// What every request asks of the accounts: whose token this is, and what they are in a project.
///
/// The node that owns the database answers from it; the others ask that node (`RemoteAccounts`).
package protocol AccountsSource: Sendable {
    /// The account and rights behind a token.
    ///
    /// - Throws: `ForgeError` with the reason when there are none.
    func resolve(_ token: TokenText, now: Int64) async throws -> (user: User, token: TokenRecord)

    /// The project of that name, with the caller's role in it; nil when they may not know of it.
    func project(
        _ path: ProjectPath, seenBy principal: Principal
    ) async throws -> Accounts.FoundProject?

    /// The organisation of that name, with the caller's role in it; nil when there is none.
    func organisation(
        _ handle: Handle, seenBy userID: Int64?
    ) async throws -> (organisation: User, role: OrganisationRole?)?

    /// Whether accounts can be asked; for `/readyz`.
    func ping() async throws
}

extension Accounts: AccountsSource {
    package func project(
        _ path: ProjectPath, seenBy principal: Principal
    ) async throws -> FoundProject? {
        try await project(path, seenBy: principal.user?.id)
    }
}
