import AsyncHTTPClient
import GRPCCore
import Glibc
import HifCore
import HifWorkspace
import NIOCore
import NIOPosix
import NIOSSL

/// What kept us from speaking to another machine, in kinds that a person can do something about.
enum NetworkFault: Hashable {
    /// The machine is there, and nobody listens.
    case refused
    case unknownName
    case noRoute
    case silence
    /// It was there, and went before it answered.
    case cut
    /// The other end speaks something else than TLS, or no version that we know.
    case noTLS
    /// Nobody whom we trust vouches for the certificate.
    case untrusted
    /// The certificate is for another name.
    case otherName

    /// Reads what the network libraries say, down to the cause of the cause.
    ///
    /// - Returns: nil for what is none of these.
    init?(_ error: any Error) {
        // Whatever is the cause says more than what it caused.
        if let known = NetworkFault.causes(of: error).lazy.compactMap({ NetworkFault($0) }).first {
            self = known
            return
        }
        switch error {
        case let error as IOError:
            guard let known = NetworkFault(errno: error.errnoCode) else { return nil }
            self = known
        case is SocketAddressError.UnknownHost: self = .unknownName
        case is SilenceError: self = .silence
        case let error as HTTPClientError:
            switch error {
            case .connectTimeout, .readTimeout, .writeTimeout, .deadlineExceeded,
                .tlsHandshakeTimeout:
                self = .silence
            case .remoteConnectionClosed, .uncleanShutdown: self = .cut
            default: return nil
            }
        case let error as ChannelError:
            switch error {
            case .connectTimeout: self = .silence
            case .eof, .inputClosed, .ioOnClosedChannel, .alreadyClosed: self = .cut
            default: return nil
            }
        case let error as NIOSSLError:
            guard let known = NetworkFault(tls: error) else { return nil }
            self = known
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            self = .otherName
        case let error as RPCError where error.code == .deadlineExceeded: self = .silence
        // The transport's words for a connection that ended in its handshake, with no cause.
        case let error as RPCError where error.message.contains("closed the connection before"):
            self = .cut
        case let error as RPCError where error.message.contains("keepalive timeout"):
            self = .silence
        default: return nil
        }
    }

    private init?(errno code: CInt) {
        switch code {
        case ECONNREFUSED: self = .refused
        case ECONNRESET, EPIPE, ECONNABORTED: self = .cut
        case EHOSTUNREACH, ENETUNREACH, ENETDOWN, EADDRNOTAVAIL: self = .noRoute
        case ETIMEDOUT: self = .silence
        default: return nil
        }
    }

    private init?(tls error: NIOSSLError) {
        switch error {
        case .handshakeFailed(let reason):
            // BoringSSL keeps its reasons as text.
            let text = "\(reason)"
            if text.contains("CERTIFICATE_VERIFY_FAILED") {
                self = .untrusted
            } else if text.contains("EOF during handshake") {
                self = .cut
            } else {
                self = .noTLS
            }
        case .uncleanShutdown: self = .cut
        case .unableToValidateCertificate: self = .untrusted
        default: return nil
        }
    }

    private static func causes(of error: any Error) -> [any Error] {
        switch error {
        case let error as RPCError: error.cause.map { [$0] } ?? []
        case let error as RuntimeError: error.cause.map { [$0] } ?? []
        case let error as NIOConnectionError:
            [error.dnsAError, error.dnsAAAAError].compactMap { $0 }
                + error.connectionErrors.map(\.error)
        default: []
        }
    }

    /// The fault as a person is told it.
    ///
    /// - Parameter place: whom we wanted to reach: an address, or host and port.
    func error(at place: String) -> WorkspaceError {
        switch self {
        case .refused:
            WorkspaceError(
                .network, "nobody answers at \(place): the connection was refused",
                hint: "is the forge running, and is the address right?")
        case .unknownName:
            WorkspaceError(
                .network, "the name of \(place) is not known on this network",
                hint: "is it spelled right, and is this machine online?")
        case .noRoute:
            WorkspaceError(
                .network, "no way leads to \(place)", hint: "is this machine online?")
        case .silence:
            WorkspaceError(
                .network, "\(place) did not answer in time",
                hint: "try again in a moment; if it stays so, is a firewall in between?")
        case .cut:
            WorkspaceError(
                .network, "the connection to \(place) was cut before the answer came",
                hint: "run the command again")
        case .noTLS:
            WorkspaceError(
                .network, "what answers at \(place) does not speak TLS as we do",
                hint: "is the address right, and is it https there?")
        case .untrusted:
            WorkspaceError(
                .certificateChanged, "nobody whom this machine trusts vouches for \(place)",
                hint: "if it has an authority of its own: hif auth login \(place) --ca FILE")
        case .otherName:
            WorkspaceError(
                .certificateChanged, "the certificate at \(place) is for another name",
                hint: "is this the name that its owner gave you?")
        }
    }
}
