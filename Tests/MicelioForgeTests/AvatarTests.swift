import GRDB
import HTTPTypes
import HifCore
import Testing

@testable import MicelioForge

/// Pictures of accounts: uploaded, served, taken away.
@Suite struct AvatarTests {
    private static func multipart(
        _ bytes: [UInt8], filename: String = "me.png"
    ) -> (type: String, body: [UInt8]) {
        let head = """
            --Qx7\r\nContent-Disposition: form-data; name="picture"; filename="\(filename)"\r\n\
            Content-Type: image/png\r\n\r\n
            """
        return (
            "multipart/form-data; boundary=Qx7",
            Array(head.utf8) + bytes + Array("\r\n--Qx7--\r\n".utf8)
        )
    }

    private static func headers(
        _ token: String
    ) -> [(String, String)] { [("Authorization", "Bearer \(token)")] }

    @Test func `a picture is uploaded in settings, shown to all, and taken away again`()
        async throws
    {
        try await TestServer.with { server in
            try await server.account("ana")
            let ana = try await server.browser("ana")
            let before = try await server.send(.get, "/avatars/ana")
            let bytes = try SamplePictures.jpeg(SamplePictures.bands(900, 300), orientation: 1)
            let form = Self.multipart(bytes, filename: "../../accounts.sqlite")
            let cookies = [("Cookie", ana.cookie), ("Sec-Fetch-Site", "same-origin")]
            let sent = try await server.send(
                .post, "/settings/picture", form.body, type: form.type, headers: cookies)
            #expect(sent.status == 303 && sent.headers[.location] == "/settings")

            let picture = try AvatarPicture(bytes)
            for (path, file) in [
                ("/avatars/ana", picture.large), ("/avatars/ana/small", picture.small),
            ] {
                let served = try await server.send(.get, path)
                #expect(served.status == 200 && served.body == file)
                #expect(served.headers[.contentType] == "image/png")
                #expect(served.headers[.cacheControl] == "public, max-age=300")
                #expect(served.headers[.contentSecurityPolicy] == SecurityHeaders.sandbox)
                #expect(served.headers[.xContentTypeOptions] == "nosniff")
                let tag = try #require(served.headers[.eTag])
                #expect(tag == "\"\(picture.tag)\"")
                for known in [tag, "W/\(tag)", "\"x\", \(tag)"] {
                    let same = try await server.send(
                        .get, path, headers: [("If-None-Match", known)])
                    #expect(same.status == 304 && same.body.isEmpty)
                }
                let lasting = try await server.send(.get, "\(path)?v=\(picture.tag)")
                #expect(
                    lasting.headers[.cacheControl] == "public, max-age=31536000, immutable")
                let other = try await server.send(.get, "\(path)?v=0")
                #expect(other.headers[.cacheControl] == "public, max-age=300")
            }
            let page = try await server.http(.get, "/ana")
            #expect(
                page.body.contains(
                    "<img class=\"av\" src=\"/avatars/ana\" width=\"80\" height=\"80\" alt=\"\">"))
            let settings = try await ana.get("/settings").body
            #expect(settings.contains("src=\"/avatars/ana?v=\(picture.tag)\""))
            #expect(settings.contains("action=\"/settings/picture/remove\""))
            let small =
                "<img class=\"av\" src=\"/avatars/ana/small\" width=\"24\" height=\"24\" alt=\"\">"
            #expect(settings.contains(small))

            #expect(try await ana.submit("/settings/picture/remove").status == 303)
            #expect(try await server.send(.get, "/avatars/ana").body == before.body)
            #expect(try await ana.submit("/settings/picture/remove").status == 404)
            #expect(try await !ana.get("/settings").body.contains("/settings/picture/remove"))
        }
    }

    @Test func `a file that is no picture is refused on the page, with the form`() async throws {
        try await TestServer.with { server in
            try await server.account("ana")
            let ana = try await server.browser("ana")
            let cookies = [("Cookie", ana.cookie), ("Sec-Fetch-Site", "same-origin")]
            func send(_ bytes: [UInt8], _ type: String) async throws -> (Int, String) {
                let answer = try await server.send(
                    .post, "/settings/picture", bytes, type: type, headers: cookies)
                return (answer.status, String(decoding: answer.body, as: UTF8.self))
            }
            let svg = Self.multipart(Array("<svg xmlns=\"http://www.w3.org/2000/svg\"/>".utf8))
            let one = SamplePictures.pixels(1, 1) { _, _ in SamplePictures.red }
            let bomb = Self.multipart(try SamplePictures.png(one, saying: 65_535, 65_535))
            let nothing = Self.multipart([], filename: "")
            for (form, status, words) in [
                (svg, 422, "This is no PNG, JPEG or WebP"),
                (bomb, 422, "65535 by 65535 pixels"),
                (nothing, 400, "Choose a picture first"),
                (("multipart/form-data", svg.body), 400, "no boundary"),
                ((svg.type, [UInt8]("--Qx7--".utf8)), 400, "The form is damaged"),
            ] as [((type: String, body: [UInt8]), Int, String)] {
                let (code, body) = try await send(form.body, form.type)
                #expect(code == status && body.contains(words), "\(code) \(words)")
                #expect(body.contains("role=\"alert\"") && body.contains("id=\"picture\""))
            }
            // Not from this site's own page.
            let foreign = try await server.send(
                .post, "/settings/picture", svg.body, type: svg.type,
                headers: [("Cookie", ana.cookie), ("Sec-Fetch-Site", "cross-site")])
            #expect(foreign.status == 403)
            let anonymous = try await server.send(
                .post, "/settings/picture", svg.body, type: svg.type,
                headers: [("Sec-Fetch-Site", "same-origin")])
            #expect(anonymous.status == 401)
        }
    }

    @Test func `a program sends the bytes as they are, and is told why they are not taken`()
        async throws
    {
        try await TestServer.with { server in
            let token = try await server.token("ana")
            let path = "/api/v1/me/avatar"
            func put(_ bytes: [UInt8], _ type: String?) async throws -> (Int, String) {
                let answer = try await server.send(
                    .put, path, bytes, type: type, headers: Self.headers(token))
                return (answer.status, String(decoding: answer.body, as: UTF8.self))
            }
            let good = try SamplePictures.png(SamplePictures.bands(30, 30))
            let (status, body) = try await put(good, "image/png")
            let tag = try AvatarPicture(good).tag
            #expect(status == 200 && body == "{\"address\":\"/avatars/ana?v=\(tag)\"}")
            // By what it is, and not by what it is called.
            #expect(
                try await put(
                    SamplePictures.webp(SamplePictures.bands(30, 30)), "image/jpeg; x=y"
                ).0 == 200)
            for type in ["image/gif", "image/svg+xml", "text/html", "application/json", nil] {
                #expect(try await put(good, type).0 == 415, "\(type ?? "")")
            }
            for (bytes, status, code) in [
                (Array("<svg/>".utf8), 422, "unprocessable"),
                ([], 422, "unprocessable"),
                (Array(good.prefix(60)), 422, "unprocessable"),
                (
                    [UInt8](repeating: 0, count: Limits.pictureBytesMax + 1), 413, "too_large"
                ),
            ] {
                let answer = try await put(bytes, "image/png")
                #expect(answer.0 == status)
                #expect(try server.object(answer.1)["code"] as? String == code)
            }
            // The last good one stays.
            #expect(
                try await server.send(.get, "/avatars/ana").headers[.contentType] == "image/png")
            let deleted = try await server.call(.delete, path, token: token)
            #expect(deleted.status == 200)
            #expect(try await server.call(.delete, path, token: token).status == 404)
        }
    }

    @Test func `a name that nobody has, has a picture like any other without one`() async throws {
        try await TestServer.with { server in
            let token = try await server.token("ana")
            _ = try await server.token("ben")
            let bytes = try SamplePictures.png(SamplePictures.bands(30, 30))
            let put = try await server.send(
                .put, "/api/v1/me/avatar", bytes, type: "image/png", headers: Self.headers(token))
            #expect(put.status == 200)
            func lines(_ handle: String) async throws -> [String] {
                let answer = try await server.send(.get, "/avatars/\(handle)")
                return answer.headers.filter { ![.date, .eTag].contains($0.name) }
                    .map { "\($0.name): \($0.value)" } + ["\(answer.status)"]
            }
            #expect(try await lines("ben").count == lines("nobody1").count)
            #expect(try await lines("nobody1").contains("Content-Type: image/svg+xml"))
            try await server.forge.accounts.setDisabled(Handle("ana"), true, now: 1)
            #expect(
                try await server.send(.get, "/avatars/ana").headers[.contentType]
                    == "image/svg+xml")
            try await server.forge.accounts.setDisabled(Handle("ana"), false, now: 1)
            #expect(
                try await server.send(.get, "/avatars/ana").headers[.contentType] == "image/png")
            for name in ["admin", "..", "%2e%2e%2fx", "Ana", "a--b"] {
                #expect(try await server.send(.get, "/avatars/\(name)").status == 404, "\(name)")
            }
            // Whoever asks is not asked for.
            let odd = try await server.send(
                .get, "/avatars/ben", headers: [("Authorization", "Bearer nonsense")])
            #expect(odd.status == 200 && odd.headers[.setCookie] == nil)
        }
    }

    @Test func `a drawn picture follows from the name, and is well-formed`() throws {
        func drawn(_ handle: String) throws -> String {
            String(decoding: DrawnAvatar.file(try Handle(handle)), as: UTF8.self)
        }
        let (ana, again, ben) = (try drawn("ana"), try drawn("ana"), try drawn("ben"))
        #expect(ana == again && ana != ben)
        for text in [ana, ben] {
            #expect(text.hasPrefix("<svg xmlns=") && text.hasSuffix("</svg>\n"))
            #expect(!text.contains("style") && !text.contains("script"))
        }
    }

    @Test func `agents and authors without an account have no account's picture`() {
        func picture(_ account: String, agent: String = "", name: String = "ana") -> String {
            let author = AuthorView(Author(account: account, agent: agent, name: name))
            return SessionPage.Voice(author).picture.text + author.card.text
        }
        #expect(picture("ana").contains("src=\"/avatars/ana/small\""))
        // An imported author is called as somebody here is.
        #expect(!picture("").contains("/avatars/") && picture("").contains("<svg class=\"av\""))
        let agent = SessionPage.Voice(
            AuthorView(Author(account: "ana", agent: "ben", name: "Ana")))
        #expect(agent.picture.text.contains("av agent") && !agent.picture.text.contains("/avatars"))
    }

    @Test func `owners give an organisation a picture, and members do not`() async throws {
        try await TestServer.with { server in
            try await server.account("ana")
            let token = try await server.token("ben")
            let owner = try await server.browser("ana")
            let accounts = try server.forge.accounts
            let user = try #require(try await accounts.user(Handle("ana")))
            let club = try await accounts.createOrganisation(
                Handle("club"), displayName: "", by: user, now: 1)
            _ = try await accounts.setOrganisationMember(
                Handle("ben"), of: club, role: .member, now: 1)
            let form = Self.multipart(try SamplePictures.png(SamplePictures.bands(30, 30)))
            let page = "/organisations/club/picture"
            let sent = try await server.send(
                .post, page, form.body, type: form.type,
                headers: [("Cookie", owner.cookie), ("Sec-Fetch-Site", "same-origin")])
            #expect(sent.status == 303)
            #expect(
                try await server.send(.get, "/avatars/club").headers[.contentType] == "image/png")
            let api = "/api/v1/organisations/club/avatar"
            #expect(try await server.call(.delete, api, token: token).status == 403)
            #expect(try await owner.submit("\(page)/remove").status == 303)
            #expect(
                try await server.send(.get, "/avatars/club").headers[.contentType]
                    == "image/svg+xml")
        }
    }

    @Test func `a backup has the pictures, and they go with their account`() async throws {
        let test = try await TestForge()
        let user = try await test.user("ana")
        let accounts = try test.forge.accounts
        let picture = try AvatarPicture(SamplePictures.png(SamplePictures.bands(30, 30)))
        try await accounts.setAvatar(picture, of: user, now: 1)
        let copy = test.directory.path + "/copy.sqlite"
        try Accounts.copy(from: test.directory.path + "/accounts.sqlite", to: copy)
        let restored = try Accounts(path: copy)
        guard
            case .uploaded(let png, let tag)? = try await restored.avatarSource(
                of: user.handle, .large)
        else {
            Issue.record("no picture")
            return
        }
        #expect(png == picture.large && tag == picture.tag)
        let left = try await restored.pool.write { database in
            try database.execute(sql: "DELETE FROM users WHERE handle = 'ana'")
            return try Int.fetchOne(database, sql: "SELECT count(*) FROM avatars")
        }
        #expect(left == 0)
    }
}
