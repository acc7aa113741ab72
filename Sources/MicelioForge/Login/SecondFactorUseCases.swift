/// What a right password leads to.
package enum SignInStep: Sendable {
    case done(User)
    /// A code is asked for; who types it brings the ticket along.
    case needsCode(ticket: TokenText)
}

/// Two-factor sign-in.
extension Forge {
    /// As `signIn`, which checks the password alone, and then whether a code is needed.
    package func beginSignIn(
        handle: String, password: String, address: String
    ) async throws -> SignInStep {
        let user = try await signIn(handle: handle, password: password, address: address)
        guard try await accounts.hasSecondFactor(user) else { return .done(user) }
        return .needsCode(ticket: tickets.make(for: user, now: now()))
    }

    /// Ends a sign-in with a code of the app, or a recovery code.
    ///
    /// - Throws: `loginFailed` for a wrong code; `unauthenticated` when the ticket is worth nothing any more.
    package func finishSignIn(
        ticket: String, code: String, address: String
    ) async throws -> User {
        try limiters.codes.count(network(of: address), now: now())
        guard let ticketed = tickets.spend(ticket, now: now()),
            // What they were when the password was typed may have changed since.
            let user = try await accounts.user(ticketed.handle), user.disabledMillis == nil
        else {
            throw ForgeError(
                .unauthenticated, "this sign-in took too long or too many tries",
                hint: "begin again with handle and password")
        }
        try limiters.codes.count("account \(user.handle)", now: now())
        guard try await accounts.useCode(code, of: user, now: now()) else {
            throw ForgeError(.loginFailed, "the code does not fit, or was used before")
        }
        tickets.end(ticket)
        return user
    }

    /// How many recovery codes the caller has left; nil without two-factor sign-in.
    package func recoveryCodesLeft(_ grant: AccountGrant) async throws -> Int? {
        try await accounts.recoveryCodesLeft(of: grant.user)
    }

    /// Turns two-factor sign-in on.
    ///
    /// - Parameters:
    ///   - secret: what the app was given.
    ///   - code: what the app says now.
    /// - Returns: the recovery codes, told this once.
    package func turnSecondFactorOn(
        _ grant: AccountGrant, secret text: String, code: String
    ) async throws -> [String] {
        guard let secret = Base32.decode(text), secret.count == TimeCode.secretBytes else {
            throw ForgeError.invalid("the secret is damaged: open the page again")
        }
        try limiters.codes.count("account \(grant.user.handle)", now: now())
        guard let step = TimeCode.match(code, of: secret, now: now(), after: 0) else {
            throw ForgeError(
                .loginFailed, "the code does not fit: does the clock of the device go right?")
        }
        let codes = (0..<RecoveryCode.count).map { _ in RecoveryCode.make() }
        try await accounts.setSecondFactor(
            of: grant.user, secret: secret, step: step,
            recoveryHashes: codes.compactMap { RecoveryCode.hash(typed: $0) }, now: now())
        return codes
    }

    /// Makes new recovery codes; those before work no more.
    package func makeRecoveryCodes(_ grant: AccountGrant) async throws -> [String] {
        let codes = (0..<RecoveryCode.count).map { _ in RecoveryCode.make() }
        try await accounts.setRecoveryCodes(
            of: grant.user, hashes: codes.compactMap { RecoveryCode.hash(typed: $0) }, now: now())
        return codes
    }

    package func turnSecondFactorOff(_ grant: AccountGrant) async throws {
        try await accounts.removeSecondFactor(of: grant.user.handle, now: now())
    }
}
