import HTTPTypes
import Hummingbird

/// The device flow's endpoints for programs (RFC 8628), refresh (RFC 6749, section 6) and revocation
/// (RFC 7009). There are no client secrets: a program that runs on a person's machine cannot keep one.
struct OAuthRoutes {
    let forge: Forge

    static let all: [Route] = [
        .free(
            .post, "/oauth/device_authorization", .oauth, "oauth.device",
            "Begins a login that somebody approves in a browser"
        ) { call in
            let routes = OAuthRoutes(forge: call.forge)
            return .response(
                try await routes.answer {
                    try await routes.start(call.form(), call.context.remoteAddress)
                })
        },
        .free(
            .post, "/oauth/token", .oauth, "oauth.token",
            "Asks whether a login was approved, or renews its tokens"
        ) { call in
            let routes = OAuthRoutes(forge: call.forge)
            return .response(try await routes.answer { try await routes.token(call.form()) })
        },
        .free(.post, "/oauth/revoke", .oauth, "oauth.revoke", "Makes a token worthless") { call in
            let routes = OAuthRoutes(forge: call.forge)
            return .response(
                try await routes.answer {
                    try await call.forge.revoke(call.form()["token"])
                    return Response(status: .ok)
                })
        },
    ]

    private struct DeviceAnswer: Encodable {
        let device_code: String
        let user_code: String
        let verification_uri: String
        let verification_uri_complete: String
        let expires_in: Int64
        let interval: Int
    }

    private func start(_ form: FormFields, _ address: String) async throws -> Response {
        let start = try await forge.startDevice(
            clientName: form["client_id"], deviceName: form["device_name"], address: address)
        return try Response.json(
            DeviceAnswer(
                device_code: start.deviceCode.text,
                user_code: start.request.userCode.description,
                verification_uri: start.verificationURI,
                verification_uri_complete: start.verificationURIComplete,
                expires_in: Limits.deviceCodeMillis / 1000, interval: start.intervalSeconds))
    }

    private struct TokenAnswer: Encodable {
        let access_token: String
        let token_type = "Bearer"
        let expires_in: Int64
        let refresh_token: String
    }

    private struct Refusal: Encodable {
        let error: String
        let error_description: String
        var interval: Int?
    }

    private func token(_ form: FormFields) async throws -> Response {
        switch form["grant_type"] {
        case "urn:ietf:params:oauth:grant-type:device_code":
            return try await answer(forge.pollDevice(form["device_code"]))
        case "refresh_token":
            return try answer(try await forge.refresh(form["refresh_token"]))
        default:
            return try refuse("unsupported_grant_type", "this forge does not know the grant type")
        }
    }

    private func answer(_ poll: DevicePoll) throws -> Response {
        switch poll {
        case .pending(let interval):
            try refuse("authorization_pending", "nobody has approved the code yet", interval)
        case .slowDown(let interval):
            try refuse("slow_down", "wait longer between polls", interval)
        case .denied: try refuse("access_denied", "the login was refused")
        case .expired: try refuse("expired_token", "the code has expired or was used")
        case .approved(let pair): try answer(pair)
        }
    }

    private func answer(_ pair: TokenPair) throws -> Response {
        try Response.json(
            TokenAnswer(
                access_token: pair.access.text,
                expires_in: (pair.accessExpiresMillis - forge.now()) / 1000,
                refresh_token: pair.refresh.text))
    }

    private func refuse(_ code: String, _ text: String, _ interval: Int? = nil) throws -> Response {
        try Response.json(
            Refusal(error: code, error_description: text, interval: interval), status: .badRequest)
    }

    /// Errors here are JSON, for programs.
    private func answer(_ work: () async throws -> Response) async throws -> Response {
        do {
            return try await work()
        } catch let error as ForgeError {
            switch error.code {
            case .tokenMalformed, .tokenUnknown, .tokenExpired, .tokenRevoked, .tokenReused,
                .accountDisabled:
                return try refuse("invalid_grant", error.message)
            case .invalidArgument: return try refuse("invalid_request", error.message)
            case .rateLimited:
                return try Response.json(
                    Refusal(error: "slow_down", error_description: error.message),
                    status: .tooManyRequests)
            default: throw error
            }
        }
    }
}
