import Foundation
import HifAPI
import HifWorkspace
import SwiftProtobuf

/// The tokens of one forge out of the credentials file, renewed in time and by one process at a
/// time.
struct StoredCredentials: ForgeCredentials {
    /// Renew a token that has less than this to live.
    private static let marginMillis: Int64 = 60_000

    let file: CredentialsFile
    let url: String

    func accessToken() async throws -> String? {
        guard let forge = try file.forge(url) else { return nil }
        guard let login = forge.login else { return forge.token }
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        if login.accessExpiresMillis - now > StoredCredentials.marginMillis { return login.access }
        return try await renewed(unlike: login.access)
    }

    func accessToken(replacing token: String) async throws -> String? {
        try await renewed(unlike: token)
    }

    /// The access token in the file if it is another one than `old`, which means that some other
    /// process renewed it while we waited for the lock; else a new one.
    private func renewed(unlike old: String) async throws -> String? {
        var token: String?
        try await file.change(url) { forge in
            guard var login = forge.login else { return }
            if login.access == old {
                let pair = try await refresh(login.refresh, at: forge.discovery)
                login = StoredForge.Login(
                    access: pair.accessToken, accessExpiresMillis: pair.accessExpiresMillis,
                    refresh: pair.refreshToken)
                forge.login = login
            }
            token = login.access
        }
        return token
    }

    private func refresh(
        _ token: String, at discovery: ForgeDiscovery
    ) async throws -> Micelio_V1_TokenPair {
        try await ForgeConnection.with(discovery, credentials: FixedToken(nil)) { connection in
            try await connection.call { metadata, options in
                try await Micelio_V1_Auth.Client(wrapping: connection.client).refresh(
                    .with { $0.refreshToken = token }, metadata: metadata, options: options)
            }
        }
    }
}
