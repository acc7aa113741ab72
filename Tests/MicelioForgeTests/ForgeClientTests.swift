import Foundation
import HifCore
import HifRemote
import HifRepository
import HifWorkspace
import Synchronization
import Testing

@testable import MicelioForge

/// Signing in as hif does it: discovery, device flow, the credentials file and its renewal.
@Suite struct ForgeClientTests {
    private func client(
        _ server: TestServer, token: String? = nil, file: String = "credentials"
    ) -> ForgeClient {
        ForgeClient(
            file: CredentialsFile(path: server.directory.path + "/config/" + file), token: token,
            deviceName: "laptop")
    }

    private func refused(_ work: () async throws -> Void) async -> WorkspaceError.Code? {
        do {
            try await work()
            return nil
        } catch {
            return (error as? WorkspaceError)?.code
        }
    }

    @Test func `a token signs in, and out`() async throws {
        try await TestServer.with { server in
            let client = client(server)
            let token = try await server.token("ana")
            let account = try await client.login(
                server.run.http + "/", token: token, certificateAuthority: nil, show: { _ in })
            #expect(account.url == server.run.http && account.handle == "ana")
            let path = server.directory.path + "/config/credentials"
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(try await client.status(nil).map(\.handle) == ["ana"])

            let made = try await client.createProject(
                "ana/app", description: "An app", isPublic: false, at: nil)
            #expect(made.name == "ana/app" && !made.isPublic)
            #expect(try await client.projects(at: nil) == [made])
            let config = try await client.find("ana/app", at: nil)
            #expect(config.projectID == made.id && config.place == .forge(url: server.run.http))
            let remote = try await client.open(config)
            #expect(try await remote.newest().position == 0)
            await remote.close()

            #expect(try await client.logout(nil) == [server.run.http])
            #expect(await refused { _ = try await client.projects(at: nil) } == .unauthenticated)
            // A private project is not there for somebody who is not signed in.
            #expect(
                await refused { _ = try await client.find("ana/app", at: server.run.http) }
                    == .notFound)
            // With a token at hand nothing needs to be kept.
            let bare = self.client(server, token: token, file: "other")
            #expect(try await bare.find("ana/app", at: server.run.http).projectID == made.id)
        }
    }

    @Test func `bad tokens say which way they are bad, and are not kept`() async throws {
        try await TestServer.with { server in
            let client = client(server)
            let token = try await server.token("ana")
            try await server.forge.revoke(token)
            for bad in [token, "rubbish", TokenText(.personal).text] {
                let code = await refused {
                    _ = try await client.login(
                        server.run.http, token: bad, certificateAuthority: nil, show: { _ in })
                }
                #expect(code == .unauthenticated)
            }
            #expect(try await client.status(nil).isEmpty)
        }
    }

    @Test func `the device flow signs in, renews, and a logout revokes`() async throws {
        try await TestServer.with { server in
            _ = try await server.token("ana")
            let link = try await server.forge.accounts.makePasswordLink(
                for: Handle("ana"), now: server.forge.now())
            _ = try await server.forge.useLink(
                link.text, handle: "", password: "correct horse", repeated: "correct horse",
                address: "")
            let client = client(server)
            let shown = Mutex<[String]>([])
            async let login = client.login(
                server.run.http, token: nil, certificateAuthority: nil,
                show: { line in shown.withLock { $0.append(line) } })
            var code: String?
            while code == nil {
                try await Task.sleep(for: .milliseconds(20))
                code = shown.withLock { $0.last?.split(separator: " ").last.map(String.init) }
            }
            #expect(shown.withLock { $0[0].contains(server.run.http + "/device?user_code=") })
            _ = try await server.forge.approveDevice(
                typed: try #require(code), handle: "ana", password: "correct horse", address: "")
            #expect(try await login.handle == "ana")

            // The access token runs out: the next call renews it, once for all callers.
            let path = server.directory.path + "/config/credentials"
            let file = CredentialsFile(path: path)
            let old = try #require(try file.forge(nil)?.login)
            try await file.change(server.run.http) { $0.login?.accessExpiresMillis = 0 }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask { _ = try await client.projects(at: nil) }
                }
                try await group.waitForAll()
            }
            let new = try #require(try file.forge(nil)?.login)
            #expect(new.access != old.access && new.refresh != old.refresh)
            // One renewal: the token before the present one still gives the present one.
            #expect(try await server.forge.refresh(old.refresh).refresh.text == new.refresh)

            _ = try await client.logout(server.run.http)
            let dead = await refusal { _ = try await server.forge.refresh(new.refresh) }
            #expect(dead == .tokenRevoked)
        }
    }

    @Test(arguments: [
        "forge.example.org", "ftp://forge", "http://", "http://forge.example.org",
        "http://127.0.0.1.evil.test", "http://user@127.0.0.1", "https://a/b",
        "http://192.0.2.1:4000",
        "https://good\\@evil", "",
    ])
    func `addresses that cannot be, or send logins in the clear, are refused`(_ url: String) {
        #expect(throws: WorkspaceError.self) { try ForgeAddress(url) }
    }

    @Test(arguments: [
        ("HTTP://LocalHost:4000/", "http://localhost:4000", "localhost"),
        ("https://forge.example.org", "https://forge.example.org", "forge.example.org"),
        ("http://[::1]:4000", "http://[::1]:4000", "::1"),
    ])
    func `addresses have one spelling`(_ text: String, _ url: String, _ host: String) throws {
        let address = try ForgeAddress(text)
        #expect(address.url == url && address.host == host)
    }

    @Test func `a damaged or newer credentials file is not overwritten`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/credentials"
        let file = CredentialsFile(path: path)
        for (text, code) in [
            ("{", WorkspaceError.Code.damaged), (#"{"version":2,"forges":[]}"#, .newerVersion),
        ] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            #expect(await refused { _ = try file.forges() } == code)
            #expect(await refused { _ = try await file.forget(nil) } == code)
            #expect(FileManager.default.contents(atPath: path) == Data(text.utf8))
        }
    }

    @Test func `what is no forge is told so`() async throws {
        try await TestServer.with { server in
            // The gRPC port speaks no HTTP/1, and port 1 nothing at all.
            for port in [server.rpcPort, 1] {
                let code = await refused {
                    _ = try await ForgeDiscovery.ask(ForgeAddress("http://127.0.0.1:\(port)"))
                }
                #expect(code == .network)
            }
        }
    }
}
