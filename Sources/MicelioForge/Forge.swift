/// The forge itself, without any carrier: what it needs, handed in. Its functions, the use cases,
/// are in the folders of their subject; web and RPC handlers call them and nothing below them.
package struct Forge: Sendable {
    package let accounts: Accounts
    package let passwords: PasswordHasher
    package let access: Access
    package let authenticator: Authenticator
    package let addresses: Addresses
    package let repositories: ProjectRepositories
    /// Milliseconds since 1970.
    package let now: @Sendable () -> Int64
    let limiters = Limiters()

    package init(
        accounts: Accounts, passwords: PasswordHasher, addresses: Addresses,
        repositories: ProjectRepositories, now: @escaping @Sendable () -> Int64
    ) {
        self.accounts = accounts
        self.passwords = passwords
        self.addresses = addresses
        self.repositories = repositories
        self.now = now
        access = Access(accounts: accounts)
        authenticator = Authenticator(accounts: accounts, now: now)
    }

    struct Limiters: Sendable {
        let userCodes = RateLimiter(Limits.userCodeTries, of: "codes tried")
        let passwords = RateLimiter(Limits.passwordTries, of: "logins tried")
        let deviceStarts = RateLimiter(Limits.deviceStarts, of: "logins begun")
    }
}
