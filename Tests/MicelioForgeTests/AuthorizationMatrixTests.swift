import HTTPTypes
import HifCore
import HummingbirdTesting
import NIOCore
import Testing

@testable import MicelioForge

/// Every route with every kind of credential, on a public and a private project. The expectation
/// follows from what the route's row in the table says it needs, and from nothing else: a route
/// whose handler asks for less than its row says fails here.
@Suite struct AuthorizationMatrixTests {
    enum Credential: String, CaseIterable {
        case none, garbage, expired, doubled
        case adminToken, strangerToken, readerToken, writerToken, ownerToken
        /// Of the owner, but good for less.
        case emptyScope, readScope, otherScope
        case ownerBasic, ownerCookie, oldCookie
        /// In the address, where it must not count.
        case ownerQuery

        /// The role of the account behind it; nil for nobody.
        func role(_ isPublic: Bool) -> Role? {
            switch self {
            case .ownerToken, .ownerBasic, .emptyScope, .readScope, .otherScope, .ownerCookie:
                .owner
            case .writerToken: .write
            case .readerToken: .read
            default: isPublic ? .read : nil
            }
        }

        var isRefused: Bool { [.garbage, .expired, .doubled].contains(self) }

        var isSignedIn: Bool {
            ![.none, .garbage, .expired, .doubled, .oldCookie, .ownerQuery].contains(self)
        }

        func allows(_ verb: ScopeSet.Verb) -> Bool {
            switch self {
            case .emptyScope, .otherScope: false
            case .readScope, .none, .oldCookie, .ownerQuery: verb == .read
            default: true
            }
        }
    }

    /// What the credential gives on an address of that kind; cookies count on pages only.
    private static func effective(_ credential: Credential, _ surface: Route.Surface) -> Credential
    {
        credential == .ownerCookie && surface != .page ? .none : credential
    }

    private static func expected(
        _ route: Route, _ credential: Credential, isPublic: Bool
    ) -> ClosedRange<Int>? {
        let credential = effective(credential, route.surface)
        switch route.surface {
        case .plain, .oauth: return nil
        case .page, .api: break
        }
        if credential.isRefused { return credential == .doubled ? 400...400 : 401...401 }
        // Programs are told that a token in an address is not looked at; a page shows what all may see.
        if credential == .ownerQuery, route.surface == .api { return 400...400 }
        switch route.need {
        case .nothing: return nil
        case .account:
            if !credential.isSignedIn { return 401...401 }
            guard credential.allows(.account), credential != .readScope else { return 403...403 }
            if route.method == .get { return 200...303 }
            // What takes a body fails for this one; what takes none names something that is not there.
            if !route.media.isEmpty { return 415...415 }
            return route.body == nil ? 404...404 : 400...400
        case .admin:
            if !credential.isSignedIn { return 401...401 }
            guard credential == .adminToken else { return 404...404 }
            return route.method == .get ? 200...303 : 400...400
        case .organisation(let role):
            if !credential.isSignedIn { return 401...401 }
            let own: OrganisationRole? =
                credential.role(false) == .owner
                ? .owner : credential == .writerToken ? .member : nil
            guard let own, own == .owner || role == .member, credential.allows(.manage),
                credential != .readScope
            else { return 403...403 }
            if route.method == .get { return 200...303 }
            if !route.media.isEmpty { return 415...415 }
            return route.body == nil ? 404...404 : 400...400
        case .project(let role, let scope):
            guard let own = credential.role(isPublic),
                credential.allows(.read) || credential.allows(scope)
            else { return 404...404 }
            guard own >= role else { return credential.isSignedIn ? 403...403 : 401...401 }
            guard credential.allows(scope) else { return 403...403 }
            // What passes is answered, or fails for the body that this test sends on purpose.
            if route.method == .get { return 200...303 }
            return route.body == nil ? 404...404 : 400...400
        }
    }

    private static func address(
        _ route: Route, project: String, session: String, pack: String
    ) -> String {
        "/"
            + route.pattern.parts.map { part in
                switch part {
                case .literal(let word): word
                case .capture("owner", _): "ana"
                case .capture("project", _): project
                case .capture("session", _): session
                case .capture("pack", _): pack
                case .capture("link", _): "x"
                case .capture("number", _): "999999"
                case .capture("member", _): "nobody1"
                case .capture("account", _): "stranger"
                case .capture("organisation", _): route.need == .account ? "nothing1" : "club"
                case .capture(_, let prefix): "\(prefix)1"
                case .rest: route.pattern.description.contains("/tree/") ? "docs" : "docs/a.md"
                }
            }.joined(separator: "/")
    }

    @Test func `every route asks of every caller what its row in the table says`() async throws {
        // It asks for more than one network may, on a machine that is quick enough.
        try await TestServer.with({ $0.allowances = .none }) { server in
            let forge = server.forge
            var tokens: [String: String] = [:]
            for handle in ["ana", "writer", "reader", "stranger"] {
                tokens[handle] = try await server.token(handle)
            }
            let owner = try Handle("ana")
            func personal(_ scopes: ScopeSet, expires: Int64? = nil) async throws -> String {
                try await forge.accounts.createPersonalToken(
                    for: owner, label: "", scopes: scopes, expires: expires, now: forge.now()
                ).text
            }
            let empty = try await personal(.none)
            let reading = try await personal(ScopeSet(parsing: "read:*"))
            let other = try await personal(ScopeSet(parsing: "read:ana/else write:ana/else"))
            let expired = try await personal(.everything, expires: 1)
            let user = try #require(try await forge.accounts.user(owner))
            let root = try await forge.accounts.createUser(
                Handle("overseer"), isAdmin: true, now: forge.now())
            let admin = try await forge.accounts.createPersonalToken(
                for: root.handle, label: "", scopes: .everything, expires: nil, now: forge.now()
            ).text
            let cookie = try await forge.accounts.beginBrowser(
                user, replacing: nil, browser: "", address: "", now: forge.now())
            let club = try await forge.accounts.createOrganisation(
                Handle("club"), displayName: "", by: user, now: forge.now())
            _ = try await forge.accounts.setOrganisationMember(
                Handle("writer"), of: club, role: .member, now: forge.now())
            var sessions: [String: String] = [:]
            var packs: [String: String] = [:]
            for project in ["open", "closed"] {
                let record = try await server.makeProject(
                    "ana/\(project)", isPublic: project == "open")
                try await forge.accounts.setMember(Handle("writer"), of: record, role: .write)
                try await forge.accounts.setMember(Handle("reader"), of: record, role: .read)
                try await server.land(
                    "ana/\(project)", token: tokens["ana"] ?? "", goal: "Begin",
                    [("docs/a.md", "x\n")])
                let start = try await server.call(
                    .post, "/api/v1/projects/ana/\(project)/sessions", token: tokens["ana"],
                    json: "{\"goal\": \"Stay open\"}")
                packs[project] = try await server.packs(of: record).first?.hex
                sessions[project] = try server.object(start.body)["session"] as? String
            }

            func fields(_ credential: Credential) -> HTTPFields {
                var fields = HTTPFields()
                func bearer(_ token: String?) { fields[.authorization] = "Bearer \(token ?? "")" }
                switch credential {
                case .none, .ownerQuery: break
                case .garbage: bearer("mic_pat_nothing")
                case .expired: bearer(expired)
                case .doubled:
                    bearer(tokens["ana"])
                    fields.append(
                        HTTPField(name: .authorization, value: "Bearer \(tokens["ana"] ?? "")"))
                case .adminToken: bearer(admin)
                case .strangerToken: bearer(tokens["stranger"])
                case .readerToken: bearer(tokens["reader"])
                case .writerToken: bearer(tokens["writer"])
                case .ownerToken: bearer(tokens["ana"])
                case .emptyScope: bearer(empty)
                case .readScope: bearer(reading)
                case .otherScope: bearer(other)
                case .ownerBasic:
                    fields[.authorization] =
                        "Basic \(Base64.encode(Array("x:\(tokens["ana"] ?? "")".utf8)))"
                case .ownerCookie: fields[.cookie] = "micelio=\(cookie.text)"
                case .oldCookie: fields[.cookie] = "micelio=\(TokenText(.browser).text)"
                }
                return fields
            }

            let client = TestClient(host: "127.0.0.1", port: server.httpPort)
            client.connect()
            var count = 0
            for route in RouteTable.forge.routes
            where !route.pattern.description.contains("everywhere") {
                for project in ["open", "closed"] {
                    for credential in Credential.allCases {
                        guard
                            let wanted = AuthorizationMatrixTests.expected(
                                route, credential, isPublic: project == "open")
                        else { continue }
                        var path = AuthorizationMatrixTests.address(
                            route, project: project, session: sessions[project] ?? "",
                            pack: packs[project] ?? "")
                        if credential == .ownerQuery {
                            path +=
                                "?token=\(tokens["ana"] ?? "")&access_token=\(tokens["ana"] ?? "")"
                        }
                        var headers = fields(credential)
                        headers[HTTPField.Name("Sec-Fetch-Site")!] = "same-origin"
                        var body: ByteBuffer?
                        if route.method != .get {
                            headers[.contentType] = "application/json"
                            body = ByteBuffer(string: "{\"unknown\": 1}")
                        }
                        let response = try await client.execute(
                            TestClient.Request(
                                path, method: route.method, headers: headers, body: body))
                        count += 1
                        #expect(
                            wanted.contains(response.status.code),
                            "\(route.method) \(path) with \(credential): \(response.status.code), not \(wanted)"
                        )
                    }
                }
            }
            try await client.shutdown()
            #expect(count > 500, "only \(count) combinations were tried")
        }
    }

    @Test func `every call of the API is described, and nothing else`() throws {
        let document = OpenAPI.document(.forge, publicURL: "http://forge.test")
        guard case .object(let fields) = document, case .object(let paths)? = fields["paths"] else {
            Issue.record("no paths")
            return
        }
        var described: Set<String> = []
        for (path, methods) in paths {
            guard case .object(let methods) = methods else { continue }
            for method in methods.keys { described.insert("\(method.uppercased()) \(path)") }
        }
        let answered = RouteTable.forge.routes.filter { $0.surface == .api }
            .map { "\($0.method.rawValue) \($0.pattern)" }
        #expect(described == Set(answered) && answered.count == described.count)
        for route in RouteTable.forge.routes where route.surface == .api {
            #expect(route.pattern.description.hasPrefix("/api/v1/"), "\(route.pattern)")
            #expect(
                [.get, .delete].contains(route.method) || route.body != nil || !route.media.isEmpty,
                "\(route.id) declares no body")
            #expect(
                route.success != nil,
                "\(route.id) does not say what it answers: .answering(shape) after the route")
        }
    }
}
