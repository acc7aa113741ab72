import HTTPTypes
import Hummingbird
import Logging

extension ForgeError.Code {
    /// The status that HTTP answers carry. "Not found" and "not allowed to know" are one already.
    var httpStatus: HTTPResponse.Status {
        switch self {
        case .unauthenticated, .tokenMalformed, .tokenUnknown, .tokenExpired, .tokenRevoked,
            .tokenReused, .loginFailed:
            .unauthorized
        case .accountDisabled, .forbidden, .passwordNeeded: .forbidden
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .alreadyExists, .conflict, .sessionClosed, .objected, .baseMoved, .contentChanged:
            .conflict
        case .preconditionFailed: .preconditionFailed
        case .tooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .invalidArgument: .badRequest
        case .unprocessable: .unprocessableContent
        case .rateLimited: .tooManyRequests
        case .unavailable: .serviceUnavailable
        case .unimplemented: .notImplemented
        case .damaged, .internalError: .internalServerError
        }
    }
}

/// What became of a request that was not answered as it wished. What nobody expected is logged, and
/// told as nothing more than a failure.
struct Refusal: Sendable {
    let code: ForgeError.Code
    let status: HTTPResponse.Status
    let message: String
    let hint: String?
    /// The paths that could not land.
    let conflicts: [ConflictView]
    var next: Next?
    /// After which the same call may be sent again, where that is known.
    let retrySeconds: Int?

    /// The call that most likely helps.
    struct Next: Encodable, Hashable, Sendable {
        let method: String
        let href: String
    }

    init(_ error: any Error, logger: Logger) {
        var conflicts: [ConflictView] = []
        var next: Next?
        var cause = error
        if let refused = error as? LandingRefused {
            conflicts = refused.conflicts
            next = refused.next
            cause = refused.error
        } else if let limited = error as? RateLimited {
            cause = limited.verdict.refusal
        }
        let forgeError: ForgeError
        switch cause {
        case let error as ForgeError:
            forgeError = error
            if error.code == .internalError || error.code == .damaged {
                logger.error("request failed", metadata: ["error": "\(error)"])
            }
            status = error.code.httpStatus
        case let error as any HTTPResponseError:
            forgeError = ForgeError(.invalidArgument, error.status.reasonPhrase.lowercased())
            status = error.status
        default:
            logger.error("request failed", metadata: ["error": "\(cause)"])
            forgeError =
                ForgeError(ofDatabase: cause)
                ?? ForgeError(.internalError, "the forge failed; it is not your fault")
            status = forgeError.code.httpStatus
        }
        code = forgeError.code
        message = forgeError.message
        hint = forgeError.hint
        retrySeconds = forgeError.retrySeconds
        self.conflicts = conflicts
        self.next = next
    }

    /// RFC 9457. `code` is stable; `type` is a page that explains it.
    private struct Problem: Encodable {
        let type: String
        let title: String
        let status: Int
        let code: String
        let detail: String?
        let conflicts: [ConflictView]?
        let next: Next?
        let retryAfter: Int?
    }

    func problem(for match: RouteTable.Match?) throws -> Response {
        var response = try Response.json(
            Problem(
                type: "/problems/\(code.rawValue.replacing("_", with: "-"))", title: message,
                status: status.code, code: code.rawValue, detail: hint,
                conflicts: conflicts.isEmpty ? nil : conflicts, next: next ?? usualNext,
                retryAfter: retrySeconds),
            status: status, type: "application/problem+json")
        if status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }

    /// Where somebody goes who got this answer and has no better idea.
    private var usualNext: Next? {
        switch code {
        case .unauthenticated, .tokenMalformed, .tokenUnknown, .tokenExpired, .tokenRevoked:
            Next(method: "POST", href: "/oauth/device_authorization")
        case .notFound: Next(method: "GET", href: "/api/v1/projects")
        case .invalidArgument, .methodNotAllowed, .unprocessable:
            Next(method: "GET", href: "/openapi.json")
        default: nil
        }
    }

    var text: Response {
        var response = Response.text(
            "# \(status.code) \(status.reasonPhrase)\n\n\(MarkdownText.escape(message))\n")
        response.status = status
        return response
    }

    func page(_ frame: Frame) -> Response {
        .page(ErrorPage(refusal: self).page(frame), status: status)
    }
}
