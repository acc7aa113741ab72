import Foundation
import HifWorkspace
import MicelioForge
import Support
import Testing

@testable import HifRemote

/// Every way of not reaching a forge is a sentence of its own, in the words of the person who typed
/// the address, and never what a library says.
@Suite(.timeLimit(.minutes(5))) struct NetworkFaultTests {
    private func error(_ work: () async throws -> Void) async -> WorkspaceError? {
        do {
            try await work()
            return nil
        } catch {
            return error as? WorkspaceError
        }
    }

    /// What somebody is told who signs in at `url`.
    private func asking(_ url: String, authority: String? = nil) async -> WorkspaceError? {
        await error {
            _ = try await ForgeDiscovery.ask(
                try ForgeAddress(url), certificateAuthority: authority)
        }
    }

    /// What somebody is told whose forge was at `host` and `port`.
    ///
    /// - Parameter patience: seconds until silence is an answer; longer than a busy machine takes to
    ///   find out anything else.
    private func calling(
        _ host: String, _ port: Int, patience: Int = 90
    ) async throws -> WorkspaceError? {
        var limits = ForgeFixture.limits
        limits.attempts = 1
        limits.callSeconds = patience
        let discovery = ForgeDiscovery(
            host: host, port: port, pin: "sha256:" + String(repeating: "0", count: 64), storeID: "")
        return try await ForgeConnection.with(
            discovery, credentials: FixedToken(nil), limits: limits
        ) { connection in
            let remote = ForgeRemote(
                connection, owner: "ana", name: "app", storeID: TestProject.storeID)
            return await error { _ = try await remote.newest() }
        }
    }

    private func expect(
        _ error: WorkspaceError?, _ code: WorkspaceError.Code = .network, says words: String,
        _ place: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let text = error?.message ?? "nothing"
        #expect(error?.code == code, "\(text)", sourceLocation: sourceLocation)
        #expect(
            text.contains(words) && text.contains(place), "\(text)",
            sourceLocation: sourceLocation)
        #expect(error?.hint?.isEmpty == false, sourceLocation: sourceLocation)
        // Words of the libraries.
        for word in ["errno", "Error", "channel", "Channel", "descriptor", "handshake"] {
            #expect(!text.contains(word), "\(text)", sourceLocation: sourceLocation)
        }
    }

    @Test func `nobody listens`() async throws {
        await expect(asking("http://127.0.0.1:1"), says: "refused", "http://127.0.0.1:1")
        await expect(asking("https://127.0.0.1:1"), says: "refused", "https://127.0.0.1:1")
        try await expect(calling("127.0.0.1", 1), says: "refused", "127.0.0.1:1")
    }

    @Test func `there is no such name`() async throws {
        await expect(
            asking("https://no-such-host.invalid"), says: "name", "no-such-host.invalid")
        try await expect(
            calling("no-such-host.invalid", 4001), says: "name", "no-such-host.invalid:4001")
    }

    @Test func `nobody says anything`() async throws {
        let silent = try Meddler(to: nil, [])
        defer { silent.stop() }
        try await expect(
            calling("127.0.0.1", silent.port, patience: 2), says: "did not answer in time",
            "127.0.0.1:\(silent.port)")
    }

    @Test func `the connection is cut`() async throws {
        try await ForgeFixture.with { fixture in
            let cutting = try Meddler(
                to: fixture.rpcPort, Array(repeating: .cut(after: 0), count: 999))
            defer { cutting.stop() }
            let place = "127.0.0.1:\(cutting.port)"
            try await expect(calling("127.0.0.1", cutting.port), says: "cut", place)
            await expect(asking("http://\(place)"), says: "cut", place)
            await expect(asking("https://\(place)"), says: "cut", place)
        }
    }

    @Test func `what answers is not whom we trust, or speaks no TLS`() async throws {
        try await ForgeFixture.with { fixture in
            // The forge's own certificate, which no authority signed.
            let place = "127.0.0.1:\(fixture.rpcPort)"
            let untrusted = await asking("https://\(place)")
            expect(untrusted, .certificateChanged, says: "vouches", place)
            #expect(untrusted?.hint?.contains("--ca") == true)
            // HTTP without TLS.
            let plain = String(fixture.run.http.dropFirst("http://".count))
            let error = await asking("https://\(plain)")
            #expect(error?.code == .network && error?.message.contains(plain) == true)
            try await expect(
                calling("127.0.0.1", Int(plain.split(separator: ":")[1])!), says: "TLS", plain)

            for authority in ["/nowhere", fixture.directory.path + "/data/run.json"] {
                let said = await asking("https://\(place)", authority: authority)
                #expect(said?.code == .usage && said?.hint?.contains("--ca") == true)
            }
        }
    }
}
