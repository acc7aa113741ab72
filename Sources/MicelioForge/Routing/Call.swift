import HTTPTypes
import HifCore
import Hummingbird

/// A request that found its route: who asks, and what the address says, as typed values.
///
/// A name in the address that cannot be one is answered as a thing that does not exist: nothing is
/// learned from the difference.
struct Call: Sendable {
    let forge: Forge
    let request: Request
    let context: WebContext
    let principal: Principal
    let match: RouteTable.Match
    let format: Format
    let query: FormFields
    /// Path and query as they were sent.
    let address: String
    /// The body, when it was read before the handler reads it.
    var readBody: JSONBody?

    var now: Int64 { forge.now() }

    /// The same caller, who reads what another route says of the same address.
    func reading(_ match: RouteTable.Match) -> Call {
        Call(
            forge: forge, request: request, context: context, principal: principal, match: match,
            format: format, query: query, address: address)
    }

    /// The same call, whose body was read.
    func given(_ body: JSONBody) -> Call {
        var call = self
        call.readBody = body
        return call
    }

    /// Names what this call changes, whichever address it has and whoever changes it: by what the address
    /// says of it, else it is the caller's own.
    var changed: String {
        let values = match.values.sorted { $0.key < $1.key }.map { name, value in
            "\(name) \(String(decoding: value, as: UTF8.self).lowercased())"
        }
        let whose = values.isEmpty ? ["\(principal.user?.id ?? 0)"] : values
        return ([match.route.id] + whose).joined(separator: " ")
    }

    /// What the address holds for a name of its pattern.
    ///
    /// - Precondition: the pattern has the name.
    func bytes(_ name: String) -> [UInt8] {
        guard let bytes = match.values[name] else {
            preconditionFailure("the pattern \(match.route.pattern) has no {\(name)}")
        }
        return bytes
    }

    func text(_ name: String) throws -> String {
        guard let text = String(validating: bytes(name), as: UTF8.self) else { throw Call.nothing }
        return text
    }

    func handle(_ name: String = "owner") throws -> Handle {
        guard let handle = try? Handle(text(name)) else { throw Call.nothing }
        return handle
    }

    func project() throws -> ProjectPath {
        guard let name = try? ProjectName(text("project")) else { throw Call.nothing }
        return ProjectPath(owner: try handle(), name: name)
    }

    /// Where a browser goes on that asked for a project by a name that it had; nil when it asked by the one
    /// that it has, and for programs, which get what they asked for.
    func moved(to path: ProjectPath) throws -> Reply? {
        guard request.method == .get, match.route.surface == .page, format == .html,
            try !project().isSame(as: path)
        else { return nil }
        let rest = address.split(separator: "/", maxSplits: 2).dropFirst(2).first
        // What stands behind the name, with its slash, its suffix or its query.
        let tail = rest.map { "/\($0)" } ?? request.uri.query.map { "?\($0)" } ?? ""
        return .redirect("/\(path)\(tail)")
    }

    /// A file's path; nil for the root.
    func path(_ name: String = "path") throws -> RepoPath? {
        let bytes = bytes(name)
        if bytes.isEmpty { return nil }
        guard let path = try? RepoPath(bytes) else { throw Call.nothing }
        return path
    }

    /// `@42` or `@latest`: a position, or nil for whichever is newest.
    func position(_ name: String = "at") throws -> Position? {
        try Call.position(text(name)[...])
    }

    /// - Parameter word: what stands behind the `@`.
    private static func position(_ word: Substring) throws -> Position? {
        if word == "latest" { return nil }
        guard let number = DecimalDigits.number(word) else { throw Call.nothing }
        return Position(number)
    }

    func session() throws -> SessionID {
        guard let id = SessionID(try text("session")) else { throw Call.nothing }
        return id
    }

    /// A position in the query, such as `from=@42`; nil when it is not there.
    func queryPosition(_ name: String) throws -> Position? {
        let text = query[name]
        if text.isEmpty { return nil }
        do {
            return try Call.position(text.hasPrefix("@") ? text.dropFirst() : text[...])
        } catch {
            throw ForgeError.invalid("'\(text.prefix(40))' is no position: one is like @42")
        }
    }

    /// A whole number of the query, from 1 to `max`.
    func queryNumber(_ name: String, else fallback: Int, max: Int) throws -> Int {
        let text = query[name]
        if text.isEmpty { return fallback }
        guard let number = DecimalDigits.number(text), (1...Int64(max)).contains(number) else {
            throw ForgeError.invalid("'\(name)' is a number from 1 to \(max)")
        }
        return Int(number)
    }

    /// The fields of a submitted form; refuses other types and anything over the limit.
    func form() async throws -> FormFields {
        try await request.formFields()
    }

    static let nothing = ForgeError(.notFound, "there is nothing at this address")
}

extension Request {
    /// The fields of a submitted form; refuses other types and anything over the limit.
    func formFields(upTo bytesMax: Int = Limits.formBytesMax) async throws -> FormFields {
        let type = headers[.contentType] ?? ""
        guard type.lowercased().hasPrefix("application/x-www-form-urlencoded") else {
            throw ForgeError(
                .unsupportedMediaType, "this address takes application/x-www-form-urlencoded")
        }
        return try FormFields(try await collected(upTo: bytesMax))
    }

    /// The whole body.
    ///
    /// - Throws: `tooLarge`, with the bound, when it is longer.
    func collected(upTo bytesMax: Int) async throws -> [UInt8] {
        let tooLarge = ForgeError(
            .tooLarge, "the body of this request has at most \(bytesMax) bytes")
        // What says that it is too long is not read at all.
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > bytesMax {
            throw tooLarge
        }
        do {
            return Array(try await body.collect(upTo: bytesMax).readableBytesView)
        } catch let error as any HTTPResponseError where error.status == .contentTooLarge {
            throw tooLarge
        }
    }
}
