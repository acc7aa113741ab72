import HifCore

/// What a client shows and keeps while it waits for approval.
package struct DeviceStart: Hashable, Sendable {
    package let deviceCode: TokenText
    package let request: DeviceRequest
    package let verificationURI: String
    /// With the code filled in; the page still asks before it approves anything.
    package let verificationURIComplete: String
    package let intervalSeconds: Int
}

/// Signing in: the functions that every carrier calls. `address` is the caller's, for limits and for
/// the page to show.
extension Forge {
    package func startDevice(
        clientName: String, deviceName: String, address: String
    ) async throws -> DeviceStart {
        try limiters.deviceStarts.count(network(of: address), now: now())
        let code = TokenText(.device)
        let request = try await accounts.insertDeviceRequest(
            code, clientName: Forge.shownName(clientName, else: "a program"),
            deviceName: Forge.shownName(deviceName, else: "a device without a name"),
            address: address, now: now())
        let page = "\(addresses.publicURL)/device"
        return DeviceStart(
            deviceCode: code, request: request, verificationURI: page,
            verificationURIComplete: "\(page)?user_code=\(request.userCode)",
            intervalSeconds: Limits.devicePollSeconds)
    }

    /// Names that a client sends about itself: cut, and harmless on a page or a terminal.
    private static func shownName(_ name: String, else fallback: String) -> String {
        var cut = name
        while cut.utf8.count > Limits.deviceNameBytesMax { cut.removeLast() }
        return cut.isEmpty ? fallback : SafeText.escape(cut)
    }

    package func pollDevice(_ text: String) async throws -> DevicePoll {
        let code = try TokenText(parsing: text)
        guard code.kind == .device else {
            throw ForgeError(.tokenMalformed, "this is not a device code")
        }
        return try await accounts.pollDevice(code, now: now())
    }

    /// The login that waits under a code somebody typed. Each try counts, right or wrong.
    package func pendingDevice(typed text: String, address: String) async throws -> DeviceRequest {
        try limiters.userCodes.count(network(of: address), now: now())
        guard let code = UserCode(typed: text),
            let request = try await accounts.pendingDevice(code, now: now())
        else { throw Forge.noSuchCode }
        return request
    }

    /// As `pendingDevice(typed:address:)`, after a try that was counted already.
    package func waitingDevice(typed text: String) async throws -> DeviceRequest? {
        guard let code = UserCode(typed: text) else { return nil }
        return try await accounts.pendingDevice(code, now: now())
    }

    /// Approves a waiting login as the account whose handle and password these are, unless that needs a
    /// code as well: then nothing is decided yet.
    package func approveDevice(
        typed text: String, handle: String, password: String, address: String
    ) async throws -> SignInStep {
        try limiters.userCodes.count(network(of: address), now: now())
        guard let code = UserCode(typed: text) else { throw Forge.noSuchCode }
        let step = try await beginSignIn(handle: handle, password: password, address: address)
        if case .done(let user) = step { try await approve(code, as: user) }
        return step
    }

    /// As `approveDevice(typed:handle:password:address:)`, after the password was right.
    package func approveDevice(
        typed text: String, ticket: String, code: String, address: String
    ) async throws -> User {
        try limiters.userCodes.count(network(of: address), now: now())
        guard let waiting = UserCode(typed: text) else { throw Forge.noSuchCode }
        let user = try await finishSignIn(ticket: ticket, code: code, address: address)
        try await approve(waiting, as: user)
        return user
    }

    private func approve(_ code: UserCode, as user: User) async throws {
        guard try await accounts.decideDevice(code, approvedBy: user, now: now()) else {
            throw Forge.noSuchCode
        }
    }

    /// Refuses a waiting login. Needs no password: whoever reads the code may stop it.
    package func denyDevice(typed text: String, address: String) async throws {
        try limiters.userCodes.count(network(of: address), now: now())
        guard let code = UserCode(typed: text),
            try await accounts.decideDevice(code, approvedBy: nil, now: now())
        else { throw Forge.noSuchCode }
    }

    private static let noSuchCode = ForgeError(
        .notFound, "no login waits under this code", hint: "a code works once and for 15 minutes")

    /// Checks handle and password. One answer, and one amount of work, for every way to be wrong.
    package func signIn(
        handle text: String, password: String, address: String
    ) async throws -> User {
        try limiters.passwords.count(network(of: address), now: now())
        let failed = ForgeError(.loginFailed, "handle and password do not fit")
        guard password.utf8.count <= Limits.passwordBytesMax else { throw failed }
        let handle = try? Handle(text.lowercased())
        // By account as well: an attacker with many networks still has few tries at one password.
        if let handle { try limiters.passwords.count("account \(handle)", now: now()) }
        var found: (user: User, encoded: String)?
        if let handle { found = try await accounts.passwordHash(of: handle) }
        guard try await passwords.verify(password, against: found?.encoded), let found else {
            throw failed
        }
        if PasswordHash.isOutdated(found.encoded) {
            let stronger = try await passwords.hash(password)
            try await accounts.replacePasswordHash(of: found.user.id, with: stronger)
        }
        return found.user
    }

    package func refresh(_ text: String) async throws -> TokenPair {
        try await accounts.refresh(TokenText(parsing: text), now: now())
    }

    /// Makes a token worthless. Whatever is no token of ours is worthless already.
    package func revoke(_ text: String) async throws {
        guard let token = try? TokenText(parsing: text) else { return }
        try await accounts.revoke(token, now: now())
    }

    package func whoAmI(_ principal: Principal) throws -> (User, TokenRecord?) {
        guard let user = principal.user else { throw Access.unauthenticated }
        return (user, principal.token)
    }
}

/// Links that somebody follows once.
extension Forge {
    package func purpose(ofLink text: String) async throws -> Accounts.LinkPurpose {
        guard let link = try? TokenText(parsing: text), link.kind == .link,
            let purpose = try await accounts.purpose(of: link, now: now())
        else { throw Accounts.deadLink }
        return purpose
    }

    /// Makes the first administrator. The handle matters for set-up only.
    package func useLink(
        _ text: String, handle: String, password: String, repeated: String, address: String
    ) async throws -> User {
        try limiters.passwords.count(network(of: address), now: now())
        let purpose = try await purpose(ofLink: text)
        let link = try TokenText(parsing: text)
        guard password == repeated else {
            throw ForgeError.invalid("the two passwords differ")
        }
        try checkNewPassword(password)
        switch purpose {
        case .setup:
            let handle = try Handle(handle)
            let encoded = try await passwords.hash(password)
            return try await accounts.setUp(
                with: link, handle: handle, passwordHash: encoded, now: now())
        case .password:
            let encoded = try await passwords.hash(password)
            return try await accounts.setPassword(with: link, passwordHash: encoded, now: now())
        }
    }
}
