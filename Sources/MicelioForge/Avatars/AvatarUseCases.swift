/// Pictures of accounts: showing them to everybody, and changing one's own.
extension Forge {
    /// What is shown for an account.
    enum ShownAvatar: Hashable, Sendable {
        case picture(png: [UInt8], tag: String)
        /// Drawn from the name.
        ///
        /// - Parameter isLasting: false while there may soon be a picture.
        case drawn(isLasting: Bool)
    }

    /// The picture of a name: what was uploaded, else what Gravatar has for the account's mail address,
    /// else one that is drawn. A name that nobody has, or somebody who is shut out, has one that is drawn,
    /// so that nothing is learned from it. One row is read.
    func avatar(of handle: Handle, _ size: AvatarPicture.Size) async throws -> ShownAvatar {
        guard keepsAccounts, let source = try await accounts.avatarSource(of: handle, size) else {
            return .drawn(isLasting: true)
        }
        switch source {
        case .uploaded(let png, let tag): return .picture(png: png, tag: tag)
        case .mail(let email):
            switch gravatars?.picture(of: email) {
            case .picture(let picture): return .picture(png: picture[size], tag: picture.tag)
            case .notYet: return .drawn(isLasting: false)
            case .nothing, nil: return .drawn(isLasting: true)
            }
        case .nothing: return .drawn(isLasting: true)
        }
    }

    /// Whether pictures are asked for by mail address at all.
    var asksGravatar: Bool { gravatars != nil }

    // MARK: Changing it

    /// - Returns: the new picture's tag.
    func setAvatar(_ grant: AccountGrant, _ bytes: [UInt8]) async throws -> String {
        try await setAvatar(of: grant.user, bytes)
    }

    func setAvatar(_ grant: OrganisationGrant, _ bytes: [UInt8]) async throws -> String {
        try await setAvatar(of: grant.organisation, bytes)
    }

    private func setAvatar(of user: User, _ bytes: [UInt8]) async throws -> String {
        let picture = try await pictures.make(bytes)
        try await accounts.setAvatar(picture, of: user, now: now())
        return picture.tag
    }

    func removeAvatar(_ grant: AccountGrant) async throws {
        try await removeAvatar(of: grant.user)
    }

    func removeAvatar(_ grant: OrganisationGrant) async throws {
        try await removeAvatar(of: grant.organisation)
    }

    private func removeAvatar(of user: User) async throws {
        guard try await accounts.removeAvatar(of: user) else {
            throw ForgeError(.notFound, "'\(user.handle)' has no picture of its own")
        }
    }
}
