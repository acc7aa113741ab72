/// What an account does with its own things. Each takes the grant that only `Access` gives.
extension Forge {
    // MARK: The password typed again

    /// Whether the caller has to type the password again before it decides who may do what. Tokens never
    /// have to: they have scopes for it.
    func needsPassword(_ principal: Principal) -> Bool {
        guard let browser = principal.browser else { return false }
        return now() - browser.confirmedMillis >= Limits.confirmedMillis
    }

    /// Takes the password typed again, if it is needed.
    ///
    /// - Throws: `passwordNeeded` when it is needed and empty, `loginFailed` when it is wrong.
    func confirm(_ principal: Principal, password: String, address: String) async throws {
        guard needsPassword(principal), let browser = principal.browser, let user = principal.user
        else { return }
        guard !password.isEmpty else {
            throw ForgeError(
                .passwordNeeded, "type your password again: it was last asked for a while ago")
        }
        try await check(password, of: user, address: address)
        try await accounts.confirmBrowser(browser, now: now())
    }

    private func check(_ password: String, of user: User, address: String) async throws {
        do {
            _ = try await signIn(
                handle: user.handle.text, password: password, address: address)
        } catch let error as ForgeError where error.code == .loginFailed {
            throw ForgeError(.loginFailed, "that is not your password")
        }
    }

    /// Changes the password. Every browser and device of the account is signed out.
    ///
    /// - Parameter old: the password until now, always asked for.
    package func changePassword(
        _ grant: AccountGrant, old: String, new: String, address: String
    ) async throws {
        try checkNewPassword(new)
        try await check(old, of: grant.user, address: address)
        try await accounts.changePassword(
            of: grant.user, to: try await passwords.hash(new), now: now())
    }

    // MARK: Profile

    package func ownProfile(_ grant: AccountGrant) async throws -> Profile {
        guard let profile = try await accounts.profile(of: grant.user.handle) else {
            throw Accounts.noAccount(grant.user.handle)
        }
        return profile
    }

    /// Changes of a profile what is not nil; an empty address is none.
    package func changeProfile(
        _ grant: AccountGrant, name: String?, email: String?, bio: String?, links: [String]?,
        usesGravatar: Bool? = nil
    ) async throws {
        let old = try await ownProfile(grant)
        let email = email ?? old.user.email ?? ""
        try await accounts.setProfile(
            of: grant.user, displayName: name ?? old.user.displayName,
            email: email.isEmpty ? nil : email, bio: bio ?? old.bio, links: links ?? old.links,
            usesGravatar: usesGravatar)
    }

    // MARK: Devices

    package func deviceLogins(_ grant: AccountGrant) async throws -> [DeviceLogin] {
        try await accounts.deviceLogins(of: grant.user, now: now())
    }

    package func endBrowser(_ id: Int64, _ grant: AccountGrant) async throws {
        guard try await accounts.endBrowser(id, of: grant.user) else {
            throw ForgeError(.notFound, "no browser \(id) is signed in to your account")
        }
    }

    package func endDeviceLogin(_ id: Int64, _ grant: AccountGrant) async throws {
        guard try await accounts.endDeviceLogin(id, of: grant.user, now: now()) else {
            throw ForgeError(.notFound, "no device \(id) is signed in to your account")
        }
    }

    // MARK: Tokens

    package func personalTokens(_ grant: AccountGrant) async throws -> [TokenRecord] {
        try await accounts.personalTokens(of: grant.user)
    }

    /// Makes a token of the caller's account. A token makes none that may do more than itself.
    ///
    /// - Parameters:
    ///   - agent: whose token it is to be, named like an account; empty for a program's. An agent does
    ///     nothing to the account.
    ///   - days: until it ends.
    ///   - isForAll: that the caller knows a scope `verb:*` opens every project, also those to come.
    package func makeToken(
        _ grant: AccountGrant, name: String, agent: String = "", scopes: ScopeSet, days: Int64,
        isForAll: Bool
    ) async throws -> TokenText {
        if !agent.isEmpty {
            _ = try Handle(agent)
            guard !scopes.allows(.account) else {
                throw ForgeError.invalid("an agent does not act on the account: leave account out")
            }
        }
        guard !(name.isEmpty && agent.isEmpty) else {
            throw ForgeError.invalid("a token needs a name")
        }
        guard !scopes.scopes.isEmpty else {
            throw ForgeError.invalid("a token without a scope may do nothing: say what it may")
        }
        guard (1...Int64(Limits.personalTokenDaysMax)).contains(days) else {
            throw ForgeError.invalid("a token ends after 1 to \(Limits.personalTokenDaysMax) days")
        }
        guard scopes.scopes.count <= Limits.tokenScopesMax else {
            throw ForgeError.invalid("a token has at most \(Limits.tokenScopesMax) scopes")
        }
        guard isForAll || !scopes.isForAllProjects else {
            throw ForgeError(
                .unprocessable,
                "this token would open every project that you may use, also those to come: name"
                    + " projects, or say that you want all of them")
        }
        guard grant.principal.scopes.covers(scopes) else {
            throw ForgeError(
                .forbidden, "a token makes none that may do more than itself",
                hint: "make this one on the page /settings/tokens")
        }
        return try await accounts.makePersonalToken(
            of: grant.user, label: agent.isEmpty ? name : agent, isAgent: !agent.isEmpty,
            scopes: scopes, expires: now() + days * 86_400_000,
            now: now())
    }

    package func endToken(_ id: Int64, _ grant: AccountGrant) async throws {
        guard try await accounts.endPersonalToken(id, of: grant.user, now: now()) else {
            throw ForgeError(.notFound, "you have no token \(id)")
        }
    }
}
