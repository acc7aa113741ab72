import HTTPTypes
import Synchronization
import Testing

@testable import MicelioForge

/// Calls operations of the API and expects them to succeed; `TestServer.call` compares what is answered
/// with what is said of it.
final class DescribedCalls: Sendable {
    private let server: TestServer
    let token: String
    private let called = Mutex<Set<String>>([])

    init(_ server: TestServer, token: String) {
        (self.server, self.token) = (server, token)
    }

    /// - Parameter method: POST with a body and GET without one when nil.
    func call(
        _ id: String, _ path: String, _ value: [String: Any]? = nil,
        _ method: HTTPRequest.Method? = nil
    ) async throws -> [String: Any] {
        let method = method ?? (value == nil ? .get : .post)
        let answer = try await server.call(
            method, path, token: token, json: value.map { try server.text($0) })
        return try expect(id, method, path, answer)
    }

    /// With a body that is no JSON.
    func upload(
        _ id: String, _ path: String, _ bytes: [UInt8], type: String
    ) async throws -> [String: Any] {
        let answer = try await server.send(
            .put, path, bytes, type: type, headers: [("Authorization", "Bearer \(token)")])
        return try expect(
            id, .put, path,
            (answer.status, answer.headers, String(decoding: answer.body, as: UTF8.self)))
    }

    private func expect(
        _ id: String, _ method: HTTPRequest.Method, _ path: String,
        _ answer: (status: Int, headers: HTTPFields, body: String)
    ) throws -> [String: Any] {
        guard
            case .found(let match) = RouteTable.forge.find(
                method, String(path.prefix { $0 != "?" }))
        else {
            Issue.record("\(path) is no address")
            return [:]
        }
        #expect(match.route.id == id, "\(path)")
        called.withLock { _ = $0.insert(match.route.id) }
        let wanted = match.route.success?.status
        #expect(answer.status == wanted, "\(id): \(answer.status) \(answer.body.prefix(900))")
        let isJSON = match.route.success?.shape != nil
        #expect((answer.headers[.contentType] == "application/json") == isJSON, "\(id)")
        return isJSON ? try server.object(answer.body) : [:]
    }

    /// Every operation of the API among `routes` has been called.
    func expectAll(of routes: [Route]) {
        let missing = Set(routes.filter { $0.surface == .api }.map(\.id))
            .subtracting(called.withLock { $0 })
        #expect(missing.isEmpty, "not called: \(missing.sorted())")
    }
}
