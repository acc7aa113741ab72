import GRPCCore
import GRPCProtobuf
import HifCore
import HifWorkspace

/// What the forge, or the way to it, said instead of an answer.
struct ForgeFailure {
    let code: RPCError.Code
    /// The forge's own code, such as `token_expired`; empty when the forge did not speak.
    let reason: String
    private let message: String
    private let hint: String?
    /// Set when the connection failed because the forge answered with another key.
    let refusedPin: String?

    init(_ error: RPCError, refusedPin: String?) {
        code = error.code
        self.refusedPin = error.code == .unavailable ? refusedPin : nil
        let details = try? error.unpackGoogleRPCStatus()?.details.lazy.compactMap(\.errorInfo).first
        reason = details?.reason ?? ""
        hint = (details?.metadata["hint"]).map { SafeText.escape($0) }
        message = SafeText.escape(error.message)
    }

    /// Whether the same call may succeed a moment later.
    var isWorthRetrying: Bool {
        guard refusedPin == nil else { return false }
        return switch code {
        case .unavailable, .aborted, .deadlineExceeded: true
        // The forge asks for patience of minutes, not of moments.
        case .resourceExhausted: false
        default: false
        }
    }

    /// The failure in the client's own terms.
    var error: any Error {
        if let refusedPin {
            return WorkspaceError(
                .certificateChanged,
                "the forge answers with another key (\(refusedPin)) than at login",
                hint: "if its owner says that it was changed, sign in again: hif auth login")
        }
        switch code {
        case .unauthenticated: return said(.unauthenticated)
        case .permissionDenied: return said(.forbidden)
        case .notFound: return said(.notFound)
        case .alreadyExists: return said(.alreadyThere)
        case .invalidArgument, .failedPrecondition, .outOfRange: return said(.usage)
        case .dataLoss: return said(.damaged)
        case .cancelled: return CancellationError()
        case .deadlineExceeded:
            return WorkspaceError(
                .network, "the forge did not answer in time", hint: "try again in a moment")
        case .unavailable where reason.isEmpty:
            return WorkspaceError(
                .network, "the forge cannot be reached: \(message)",
                hint: "is it running, and is the address right?")
        case .unavailable, .resourceExhausted: return said(.network)
        default: return said(.refused)
        }
    }

    private func said(_ code: WorkspaceError.Code) -> WorkspaceError {
        WorkspaceError(code, message, hint: hint)
    }
}
