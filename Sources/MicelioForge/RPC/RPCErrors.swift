import GRPCCore
import GRPCProtobuf
import HifAPI
import Logging
import NIOCore

extension ForgeError.Code {
    /// The gRPC status. Clients tell finer by the reason in the error's details.
    var rpcCode: RPCError.Code {
        switch self {
        case .unauthenticated, .tokenMalformed, .tokenUnknown, .tokenExpired, .tokenRevoked,
            .tokenReused, .loginFailed:
            .unauthenticated
        case .accountDisabled, .forbidden, .passwordNeeded: .permissionDenied
        case .notFound: .notFound
        case .alreadyExists: .alreadyExists
        case .conflict, .baseMoved, .contentChanged: .aborted
        case .sessionClosed, .objected, .unprocessable, .preconditionFailed: .failedPrecondition
        case .invalidArgument, .tooLarge, .methodNotAllowed, .unsupportedMediaType:
            .invalidArgument
        case .rateLimited: .resourceExhausted
        case .unavailable: .unavailable
        case .unimplemented: .unimplemented
        case .damaged: .dataLoss
        case .internalError: .internalError
        }
    }
}

/// What the errors that leave this forge have in common.
enum RPCErrors {
    /// Names this forge as the source of a reason.
    static let domain = "micelio"

    /// What a client gets for an error: a status, a sentence, and the code as `ErrorInfo.reason`,
    /// with the hint beside it. What nobody expected is logged and told without details.
    static func status(for error: any Error, method: MethodDescriptor) -> any Error {
        switch error {
        case let error as ForgeError:
            if error.code == .internalError || error.code == .damaged { log(error, method) }
            return status(for: error)
        case let error as RateLimited: return status(for: error.verdict.refusal)
        case let error as WireError:
            return status(for: ForgeError.invalid(error.message))
        case is RPCError, is GoogleRPCStatus:
            return error
        case is CancellationError, is ChannelError, is NIOAsyncWriterError, is IOError:
            // Nobody hears this answer. Connections end all the time, also in the middle of a call.
            Logger.current.debug(
                "the client has gone", metadata: ["method": "\(method)", "error": "\(error)"])
            return RPCError(code: .cancelled, message: "the client has gone")
        default:
            log(error, method)
            return status(
                for: ForgeError(ofDatabase: error)
                    ?? ForgeError.translating(error) as? ForgeError
                    ?? ForgeError(.internalError, "the forge failed; it is not your fault"))
        }
    }

    private static func status(for error: ForgeError) -> GoogleRPCStatus {
        var details = [
            ErrorDetails.errorInfo(
                reason: error.code.rawValue, domain: domain,
                metadata: error.hint.map { ["hint": $0] } ?? [:])
        ]
        if let seconds = error.retrySeconds {
            details.append(.retryInfo(delay: .seconds(seconds)))
        }
        return GoogleRPCStatus(
            code: error.code.rpcCode, message: error.message, details: details)
    }

    private static func log(_ error: any Error, _ method: MethodDescriptor) {
        Logger.current.error(
            "call failed", metadata: ["method": "\(method)", "error": "\(error)"])
    }
}
