import HTTPTypes
import Testing

@testable import MicelioForge

/// Compares what a forge answers with what `/openapi.json` says that it answers. `TestServer` does it with
/// every answer of the API that any test asks for, and with every JSON twin of a page.
enum AnswerCheck {
    static func check(
        _ method: HTTPRequest.Method, _ path: String, _ status: Int, _ headers: HTTPFields,
        _ body: String
    ) {
        let address = String(path.prefix { $0 != "?" && $0 != "#" })
        guard method != .head, case .found(let match) = RouteTable.forge.find(method, address),
            let route = described(match)
        else { return }
        let call = "\(method) \(path): \(status) \(body.prefix(2_000))"
        do {
            switch headers[.contentType] {
            case "application/problem+json":
                let value = try JSONReader.value(Array(body.utf8))
                try OpenAPI.problem.check(value, at: "")
                guard case .object(let fields) = value, case .string(let word)? = fields["code"],
                    let code = ForgeError.Code(rawValue: word)
                else { throw ForgeError.invalid("no code") }
                #expect(route.codes.contains(code), "\(word) is not said of it: \(call)")
                #expect(code.httpStatus.code == status, "\(call)")
            case "application/json":
                guard let shape = route.success?.shape else {
                    throw ForgeError.invalid("no shape is said of it")
                }
                try shape.check(try JSONReader.value(Array(body.utf8)), at: "")
                let isRight = match.route.surface == .page || status == route.success?.status
                #expect(isRight, "\(call)")
            default: break
            }
        } catch {
            Issue.record("\(error): \(call)")
        }
    }

    /// The route of the API that says what this one answers.
    private static func described(_ match: RouteTable.Match) -> Route? {
        if match.route.surface == .api { return match.route }
        guard match.route.surface == .page, match.format == .json else { return nil }
        return RouteTable.forge.routes.first {
            $0.surface == .api && $0.id == match.route.id && $0.method == match.route.method
        }
    }
}
