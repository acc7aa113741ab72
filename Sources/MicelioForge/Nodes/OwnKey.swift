import Crypto
import GRPCNIOTransportHTTP2Posix
import HifCore
import NIOCore
import NIOSSL

/// TLS to a node of the same forge, which has the same key as this one.
enum OwnKey {
    /// - Parameter pin: `sha256:` and 64 hexadecimal digits, of the key that is let in, and no other.
    static func security(_ pin: String) -> HTTP2ClientTransport.Posix.TransportSecurity {
        .tls(
            .defaults { tls in
                // The callback replaces verification; without this it would not be asked.
                tls.serverCertificateVerification = .noHostnameVerification
                tls.customVerificationCallback = { certificates, promise in
                    guard let leaf = certificates.first,
                        let key = try? leaf.extractPublicKey().toSPKIBytes(),
                        pin == "sha256:" + Array(SHA256.hash(data: key)).hex
                    else {
                        promise.succeed(.failed)
                        return
                    }
                    promise.succeed(
                        .certificateVerified(
                            VerificationMetadata(ValidatedCertificateChain([leaf]))))
                }
            })
    }
}
