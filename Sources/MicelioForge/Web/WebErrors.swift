import HTTPTypes
import Hummingbird
import Logging

extension ForgeError.Code {
    /// The status that HTTP answers carry. "Not found" and "not allowed to know" are one already.
    var httpStatus: HTTPResponse.Status {
        switch self {
        case .unauthenticated, .tokenMalformed, .tokenUnknown, .tokenExpired, .tokenRevoked,
            .tokenReused, .loginFailed:
            .unauthorized
        case .accountDisabled, .forbidden: .forbidden
        case .notFound: .notFound
        case .alreadyExists: .conflict
        case .invalidArgument: .badRequest
        case .rateLimited: .tooManyRequests
        case .unavailable: .serviceUnavailable
        case .unimplemented: .notImplemented
        case .damaged, .internalError: .internalServerError
        }
    }
}

/// Turns what handlers throw into pages. What nobody expected is logged and shown as nothing more
/// than a failure.
struct ErrorPages: RouterMiddleware {
    func handle(
        _ request: Request, context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as ForgeError {
            if error.code == .internalError {
                context.logger.error("request failed", metadata: ["error": "\(error)"])
            }
            return Response.page(
                Pages.message("That did not work", error.message, hint: error.hint),
                status: error.code.httpStatus)
        } catch let error as any HTTPResponseError {
            let page =
                error.status == .notFound
                ? Pages.message("Nothing here", "There is no page at this address.")
                : Pages.message("That did not work", error.status.reasonPhrase)
            return Response.page(page, status: error.status)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            context.logger.error("request failed", metadata: ["error": "\(error)"])
            return Response.page(
                Pages.message("That did not work", "The forge failed. It is not your fault."),
                status: .internalServerError)
        }
    }
}

extension Response {
    static func page(_ html: HTML, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "text/html; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: html.text)))
    }

    static func text(_ text: String, type: String = "text/plain; charset=utf-8") -> Response {
        Response(
            status: .ok, headers: [.contentType: type],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
