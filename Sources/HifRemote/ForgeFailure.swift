import GRPCCore
import GRPCProtobuf
import HifCore
import HifWorkspace

/// What the forge, or the way to it, said instead of an answer.
struct ForgeFailure {
    private enum Cause {
        case status(RPCError.Code)
        case silence(seconds: Int64)
        /// The forge answered with another key: its pin.
        case otherKey(String)
        /// The connection could not be used at all.
        case noConnection
    }

    private let cause: Cause
    /// The forge's own code, such as `token_expired`; empty when the forge did not speak.
    let reason: String
    private let message: String
    private let hint: String?
    /// Host and port of the forge.
    private let place: String
    private let fault: NetworkFault?

    /// - Parameters:
    ///   - place: whom the call went to, as people are told.
    ///   - refusedPin: of the last key that was refused, if one was.
    /// - Returns: nil for what is no failure of forge or network.
    init?(_ error: any Error, place: String, refusedPin: String?) {
        self.place = place
        fault = NetworkFault(error)
        switch error {
        case let error as SilenceError:
            cause = .silence(seconds: error.seconds)
            (reason, message, hint) = ("", "", nil)
        case let error as RPCError:
            let details = try? error.unpackGoogleRPCStatus()?.details.lazy
                .compactMap(\.errorInfo).first
            reason = details?.reason ?? ""
            hint = (details?.metadata["hint"]).map { SafeText.escape($0) }
            message = SafeText.escape(error.message)
            if let refusedPin, error.code == .unavailable, reason.isEmpty {
                cause = .otherKey(refusedPin)
            } else {
                cause = .status(error.code)
            }
        case let error as RuntimeError:
            (reason, message, hint) = ("", SafeText.escape(error.message), nil)
            cause = .noConnection
        default: return nil
        }
    }

    /// The key that the forge answered with, when it was refused.
    var refusedPin: String? {
        guard case .otherKey(let pin) = cause else { return nil }
        return pin
    }

    /// Whether the same call may succeed a moment later. Silence was long enough as it is.
    var isWorthRetrying: Bool {
        switch cause {
        // Rate limits are of minutes, not of moments.
        case .status(let code): code == .unavailable || code == .aborted || isBrokenStream(code)
        case .silence, .otherKey, .noConnection: false
        }
    }

    /// What the transport says of a connection that broke under a call. A forge's own errors have a
    /// reason.
    private func isBrokenStream(_ code: RPCError.Code) -> Bool {
        reason.isEmpty && (code == .internalError || code == .unknown || code == .cancelled)
    }

    /// The failure in the client's own terms.
    ///
    /// - Parameter forge: the web address of the forge, as `hif auth login` takes it.
    func error(at forge: String) -> WorkspaceError {
        switch cause {
        case .silence(let seconds):
            return WorkspaceError(
                .network, "\(place) has said nothing for \(seconds) s",
                hint: "try again in a moment")
        case .otherKey(let pin):
            return WorkspaceError(
                .certificateChanged,
                "the server's certificate changed: \(forge) answers with the key \(pin)",
                hint: "if whoever runs the forge says that this is right: hif auth login \(forge)")
        case .noConnection:
            return unreachable(forge)
                ?? WorkspaceError(.network, "no connection to \(place): \(message)")
        case .status(let code): return error(code, forge)
        }
    }

    private func error(_ code: RPCError.Code, _ forge: String) -> WorkspaceError {
        switch code {
        case .unauthenticated:
            let advice = hint.flatMap { $0.contains("hif auth login") ? nil : $0 } ?? "sign in"
            return WorkspaceError(
                .unauthenticated, message, hint: "\(advice): hif auth login \(forge)")
        case .permissionDenied: return said(.forbidden)
        case .notFound: return said(.notFound)
        case .alreadyExists: return said(.alreadyThere)
        case .invalidArgument, .failedPrecondition, .outOfRange: return said(.usage)
        case .dataLoss:
            return said(.damaged, "whoever runs the forge has to look: micelio fsck --deep")
        case .unimplemented where reason.isEmpty:
            return WorkspaceError(
                .refused, "the forge does not know this request: it is older than this hif",
                hint: "whoever runs the forge has to install a newer micelio")
        case .deadlineExceeded:
            return NetworkFault.silence.error(at: place)
        case .unavailable, .internalError, .unknown, .cancelled:
            guard reason.isEmpty else {
                return said(code == .unavailable ? .network : .refused)
            }
            return unreachable(forge)
                ?? WorkspaceError(
                    .network, "\(place) cannot be reached: \(message)",
                    hint: "is the forge running, and is the address right?")
        case .resourceExhausted where !reason.isEmpty: return said(.network)
        default: return said(.refused)
        }
    }

    /// A fault of the network; nil when it was none. A forge that was started again may listen at
    /// another port than the one that the last login kept.
    private func unreachable(_ forge: String) -> WorkspaceError? {
        guard let error = fault?.error(at: place), fault == .refused, forge != place else {
            return fault?.error(at: place)
        }
        return WorkspaceError(
            error.code, error.message,
            hint: "is the forge running? If it is, elsewhere than before: hif auth login \(forge)")
    }

    private func said(
        _ code: WorkspaceError.Code, _ usual: String? = nil
    ) -> WorkspaceError {
        WorkspaceError(code, message, hint: hint ?? usual)
    }
}
