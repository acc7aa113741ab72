/// What the forge answers instead of a result: a code for programs, a sentence for people, and
/// where it helps a hint. Carriers map the code once (`RPCErrors`, `WebErrors`); nothing below them
/// knows of a status number.
package struct ForgeError: Error, Hashable, Sendable {
    package enum Code: String, Hashable, Sendable, CaseIterable {
        /// No credentials where some are needed.
        case unauthenticated
        /// The text is no token of a forge: prefix, length or checksum is wrong.
        case tokenMalformed = "token_malformed"
        /// A well-formed token that this forge does not know.
        case tokenUnknown = "token_unknown"
        case tokenExpired = "token_expired"
        case tokenRevoked = "token_revoked"
        /// A refresh token was used twice: the whole family is revoked.
        case tokenReused = "token_reused"
        case accountDisabled = "account_disabled"
        /// Handle and password do not fit. Says never which of the two.
        case loginFailed = "login_failed"
        /// A browser has to type the password again before this.
        case passwordNeeded = "password_needed"
        /// The caller may see the thing, but not do this to it.
        case forbidden
        /// It does not exist, or the caller may not know that it does.
        case notFound = "not_found"
        /// The address exists for another method.
        case methodNotAllowed = "method_not_allowed"
        case alreadyExists = "already_exists"
        /// Somebody else's landing changed the same lines.
        case conflict
        /// The session has landed or was abandoned.
        case sessionClosed = "session_closed"
        /// Somebody objects to a decision of the session.
        case objected
        /// The session's base is another than the caller believes.
        case baseMoved = "base_moved"
        /// A file is not what the caller believes it to be.
        case contentChanged = "content_changed"
        /// What `If-Match` names is not what is there any more.
        case preconditionFailed = "precondition_failed"
        case tooLarge = "too_large"
        /// The body is of another kind than the address takes.
        case unsupportedMediaType = "unsupported_media_type"
        /// Understood, and not possible in the state things are in.
        case unprocessable
        case invalidArgument = "invalid_argument"
        case rateLimited = "rate_limited"
        case unavailable
        /// Something stored is not what it should be; fsck has to look.
        case damaged
        case unimplemented
        case internalError = "internal"
    }

    package let code: Code
    package let message: String
    package let hint: String?
    /// After which the same call may be sent again, where that is known.
    package let retrySeconds: Int?

    package init(
        _ code: Code, _ message: String, hint: String? = nil, retrySeconds: Int? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.retrySeconds = retrySeconds
    }

    package static func invalid(_ message: String) -> ForgeError {
        ForgeError(.invalidArgument, message)
    }
}

extension ForgeError: CustomStringConvertible {
    package var description: String {
        hint.map { "\(message) (\($0))" } ?? message
    }
}
