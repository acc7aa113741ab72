import GRPCCore
import HifAPI
import SwiftProtobuf

/// The carrier of signing in and out.
struct AuthService: Micelio_V1_Auth.SimpleServiceProtocol {
    let forge: Forge

    func startDevice(
        request: Micelio_V1_StartDeviceRequest, context: ServerContext
    ) async throws -> Micelio_V1_StartDeviceReply {
        let start = try await forge.startDevice(
            clientName: request.clientName, deviceName: request.deviceName,
            address: Actor.current.address)
        return .with {
            $0.deviceCode = start.deviceCode.text
            $0.userCode = start.request.userCode.description
            $0.verificationUri = start.verificationURI
            $0.verificationUriComplete = start.verificationURIComplete
            $0.expiresInSeconds = UInt32(Limits.deviceCodeMillis / 1000)
            $0.intervalSeconds = UInt32(start.intervalSeconds)
        }
    }

    func pollDevice(
        request: Micelio_V1_PollDeviceRequest, context: ServerContext
    ) async throws -> Micelio_V1_PollDeviceReply {
        let poll = try await forge.pollDevice(request.deviceCode)
        return .with {
            switch poll {
            case .pending(let interval):
                $0.state = .pending
                $0.intervalSeconds = UInt32(interval)
            case .slowDown(let interval):
                $0.state = .slowDown
                $0.intervalSeconds = UInt32(interval)
            case .denied: $0.state = .denied
            case .expired: $0.state = .expired
            case .approved(let pair):
                $0.state = .approved
                $0.tokens = pair.wire
            }
        }
    }

    func refresh(
        request: Micelio_V1_RefreshRequest, context: ServerContext
    ) async throws -> Micelio_V1_TokenPair {
        try await forge.refresh(request.refreshToken).wire
    }

    func revoke(
        request: Micelio_V1_RevokeRequest, context: ServerContext
    ) async throws -> Micelio_V1_RevokeReply {
        try await forge.revoke(request.token)
        return Micelio_V1_RevokeReply()
    }

    func whoAmI(
        request: Micelio_V1_WhoAmIRequest, context: ServerContext
    ) async throws -> Micelio_V1_WhoAmIReply {
        let principal = Principal.current
        let (user, token) = try forge.whoAmI(principal)
        return .with {
            $0.handle = user.handle.text
            $0.displayName = user.displayName
            $0.isAdmin = user.isAdmin
            $0.scopes = principal.scopes.words
            $0.tokenExpiresMillis = token?.expiresMillis ?? 0
            $0.tokenKind = token?.kind.rawValue ?? ""
        }
    }
}

extension TokenPair {
    var wire: Micelio_V1_TokenPair {
        .with {
            $0.accessToken = access.text
            $0.accessExpiresMillis = accessExpiresMillis
            $0.refreshToken = refresh.text
            $0.refreshExpiresMillis = refreshExpiresMillis
            $0.handle = handle.text
        }
    }
}

extension ServerContext {
    /// The peer's address without its port, from `ipv4:192.0.2.7:51422` or `ipv6:[::1]:51422`.
    var peerAddress: String {
        let parts = remotePeer.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, parts[0].hasPrefix("ipv"),
            let colon = parts[1].lastIndex(of: ":")
        else { return remotePeer }
        return parts[1][..<colon].filter { $0 != "[" && $0 != "]" }
    }
}
