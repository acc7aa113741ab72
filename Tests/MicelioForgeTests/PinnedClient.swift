import Crypto
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import HifCore
import NIOCore
import NIOSSL

/// TLS that trusts exactly one key, as a client does that remembered it at login: no authority, no
/// host name, no dates; the SHA-256 of the certificate's public key decides.
func pinned(to pin: String) -> HTTP2ClientTransport.Posix.TransportSecurity {
    .tls(
        .defaults { tls in
            tls.serverCertificateVerification = .noHostnameVerification
            tls.customVerificationCallback = { certificates, promise in
                guard let leaf = certificates.first,
                    let key = try? leaf.extractPublicKey().toSPKIBytes(),
                    "sha256:" + Array(SHA256.hash(data: key)).hex == pin
                else {
                    promise.succeed(.failed)
                    return
                }
                promise.succeed(
                    .certificateVerified(VerificationMetadata(ValidatedCertificateChain([leaf]))))
            }
        })
}
