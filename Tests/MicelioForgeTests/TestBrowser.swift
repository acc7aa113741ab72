import HTTPTypes
import HifCore

@testable import MicelioForge

/// A browser that keeps its cookie, as one that is signed in does.
final class TestBrowser {
    let server: TestServer
    private(set) var cookie = ""

    init(_ server: TestServer) {
        self.server = server
    }

    typealias Page = (status: Int, headers: HTTPFields, body: String)

    func get(_ path: String) async throws -> Page {
        keep(try await server.http(.get, path, headers: headers))
    }

    /// A form as this site's own page sends it.
    func submit(_ path: String, _ form: [(String, String)] = []) async throws -> Page {
        keep(try await server.http(.post, path, form: form, headers: headers))
    }

    private var headers: [(String, String)] {
        [("Sec-Fetch-Site", "same-origin")] + (cookie.isEmpty ? [] : [("Cookie", cookie)])
    }

    private func keep(_ page: Page) -> Page {
        if let set = page.headers[.setCookie] { cookie = String(set.prefix { $0 != ";" }) }
        return page
    }
}

extension TestServer {
    static let password = "correct horse"

    /// An account with `TestServer.password`.
    @discardableResult
    func account(_ handle: String, isAdmin: Bool = false) async throws -> User {
        let user = try await forge.accounts.createUser(
            Handle(handle), isAdmin: isAdmin, now: forge.now())
        let link = try await forge.accounts.makePasswordLink(for: user.handle, now: forge.now())
        return try await forge.accounts.setPassword(
            with: link, passwordHash: PasswordHash.make(TestServer.password), now: forge.now())
    }

    /// A browser that is signed in to an account made with `account`.
    func browser(_ handle: String) async throws -> TestBrowser {
        let browser = TestBrowser(self)
        _ = try await browser.submit(
            "/signin", [("handle", handle), ("password", TestServer.password), ("to", "/")])
        return browser
    }
}

extension String {
    /// What stands between the first `start` and the next `end`; nil when there is no such place.
    func between(_ start: String, _ end: String) -> String? {
        guard let from = firstRange(of: start)?.upperBound,
            let to = self[from...].firstRange(of: end)?.lowerBound
        else { return nil }
        return String(self[from..<to])
    }
}
