import Crypto
package import GRPCNIOTransportHTTP2Posix
import HifCore
import NIOCore
import NIOSSL
import Synchronization

/// The one key that a forge may answer with, as the client remembered it at login.
///
/// No authority, host name or date decides, only the SHA-256 of the certificate's public key (its
/// SPKI): a forge on one machine has nobody to vouch for it, and a renewed certificate with the same
/// key is the same forge.
package final class PinnedKey: Sendable {
    private let accepted: Mutex<String>
    private let refused = Mutex<String?>(nil)

    /// - Parameter pin: `sha256:` and 64 hexadecimal digits.
    package init(_ pin: String) {
        accepted = Mutex(pin)
    }

    /// The pin of the key that is let in.
    package var pin: String { accepted.withLock { $0 } }

    /// Lets another key in from now on, and no longer the one before.
    func replace(with pin: String) {
        accepted.withLock { $0 = pin }
        refused.withLock { $0 = nil }
    }

    /// The pin of the last key that was refused; nil when none was. Tells a changed key from other
    /// reasons for which no connection came about.
    package var refusedPin: String? { refused.withLock { $0 } }

    /// TLS that lets this key in and no other.
    package var security: HTTP2ClientTransport.Posix.TransportSecurity {
        .tls(
            .defaults { tls in
                // The callback below replaces verification; without this it would not be asked.
                tls.serverCertificateVerification = .noHostnameVerification
                tls.customVerificationCallback = { certificates, promise in
                    guard let leaf = certificates.first, self.accepts(leaf) else {
                        promise.succeed(.failed)
                        return
                    }
                    promise.succeed(
                        .certificateVerified(
                            VerificationMetadata(ValidatedCertificateChain([leaf]))))
                }
            })
    }

    private func accepts(_ certificate: NIOSSLCertificate) -> Bool {
        guard let key = try? certificate.extractPublicKey().toSPKIBytes() else { return false }
        let found = "sha256:" + Array(SHA256.hash(data: key)).hex
        guard found == pin else {
            refused.withLock { $0 = found }
            return false
        }
        return true
    }
}
