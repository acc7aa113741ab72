import Foundation
import HifAPI
import HifWorkspace
import SwiftProtobuf
import Synchronization

/// The tokens of one forge out of the credentials file, renewed in time and by one process at a
/// time.
///
/// Using a refresh token makes another, and using an old one again ends the login. So whoever renews
/// holds the file's lock, and first looks whether somebody else has done it. An answer that was lost
/// harms nobody: the forge gives the same successor again until that was used.
final class StoredCredentials: ForgeCredentials {
    /// Renew a token that has less than this to live.
    private static let marginMillis: Int64 = 60_000

    private let file: CredentialsFile
    private let url: String
    private let limits: RetryLimits
    /// As it was read last: a call costs no look into the file while its token is good.
    private let known = Mutex<StoredForge.Login?>(nil)

    init(file: CredentialsFile, url: String, limits: RetryLimits) {
        self.file = file
        self.url = url
        self.limits = limits
    }

    func accessToken() async throws -> String? {
        if let login = known.withLock({ $0 }), isGood(login) { return login.access }
        guard let forge = try file.forge(url) else { return nil }
        guard let login = forge.login else { return forge.token }
        guard isGood(login) else { return try await renewed(unlike: login.access) }
        known.withLock { $0 = login }
        return login.access
    }

    func accessToken(replacing token: String) async throws -> String? {
        try await renewed(unlike: token)
    }

    private func isGood(_ login: StoredForge.Login) -> Bool {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        return login.accessExpiresMillis - now > StoredCredentials.marginMillis
    }

    /// The access token in the file if it is another one than `old`, which means that some other
    /// process renewed it while we waited for the lock; else a new one.
    private func renewed(unlike old: String) async throws -> String? {
        var renewed: StoredForge.Login?
        do {
            try await file.change(url) { forge in
                guard var login = forge.login else { return }
                if login.access == old {
                    let pair = try await refresh(login.refresh, at: forge.discovery)
                    login = StoredForge.Login(
                        access: pair.accessToken, accessExpiresMillis: pair.accessExpiresMillis,
                        refresh: pair.refreshToken)
                    forge.login = login
                }
                renewed = login
            }
        } catch let error as WorkspaceError where error.code == .unauthenticated {
            throw WorkspaceError(
                .unauthenticated, "your login at \(url) has ended: \(error.message)",
                hint: "hif auth login \(url)")
        }
        known.withLock { $0 = renewed }
        return renewed?.access
    }

    private func refresh(
        _ token: String, at discovery: ForgeDiscovery
    ) async throws -> Micelio_V1_TokenPair {
        try await ForgeConnection.with(
            discovery, credentials: FixedToken(nil), limits: limits
        ) { connection in
            try await connection.call { metadata, options in
                try await Micelio_V1_Auth.Client(wrapping: connection.client).refresh(
                    .with { $0.refreshToken = token }, metadata: metadata, options: options)
            }
        }
    }
}
