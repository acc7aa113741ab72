import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import GRPCProtobuf
import HifAPI
import HifCore
import SwiftProtobuf
import Testing

@testable import MicelioForge

/// The server as hif sees it: gRPC over TLS with a pinned key.
@Suite struct RPCTests {
    private typealias Client = GRPCClient<HTTP2ClientTransport.Posix>

    private func bearer(_ token: String) -> Metadata {
        ["authorization": "Bearer \(token)"]
    }

    /// Status and reason of the error that a call throws.
    private func failure(_ call: () async throws -> Void) async -> (RPCError.Code, String)? {
        do {
            try await call()
            return nil
        } catch let error as RPCError {
            let details = try? error.unpackGoogleRPCStatus()?.details.first?.errorInfo
            return (error.code, details?.reason ?? "")
        } catch {
            return (.unknown, "\(error)")
        }
    }

    @Test func `a client that pins the key gets in, and no other`() async throws {
        try await TestServer.with { server in
            try await server.rpc { client in
                let auth = Micelio_V1_Auth.Client(wrapping: client)
                let start = try await auth.startDevice(
                    .with {
                        $0.clientName = "hif"
                        $0.deviceName = "laptop"
                    })
                let poll = try await auth.pollDevice(.with { $0.deviceCode = start.deviceCode })
                #expect(poll.state == .pending)
            }
            let other = "sha256:" + String(repeating: "0", count: 64)
            try await server.rpc(pin: other) { client in
                let auth = Micelio_V1_Auth.Client(wrapping: client)
                var options = CallOptions.defaults
                options.timeout = .seconds(5)
                options.waitForReady = false
                let refused = await failure {
                    _ = try await auth.startDevice(.init(), options: options)
                }
                #expect(refused?.0 == .unavailable || refused?.0 == .deadlineExceeded)
            }
        }
    }

    @Test func `the key stays the same over restarts, and its file is private`() async throws {
        let directory = try TemporaryDirectory()
        let first = try ServerKey.selfSigned(in: directory.path + "/tls")
        let second = try ServerKey.selfSigned(in: directory.path + "/tls")
        #expect(first == second)
        let attributes = try FileManager.default.attributesOfItem(atPath: first.keyPath)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let other = try ServerKey.selfSigned(in: directory.path + "/other")
        #expect(other.pin != first.pin)
        #expect(throws: ForgeError.self) {
            try ServerKey(certificatePath: first.keyPath, keyPath: first.keyPath)
        }
        #expect(throws: ForgeError.self) {
            try ServerKey(certificatePath: first.certificatePath, keyPath: "/nowhere")
        }
    }

    @Test func `every bad token has its reason`() async throws {
        try await TestServer.with { server in
            let accounts = try server.forge.accounts
            let now = server.forge.now()
            let ana = try await accounts.createUser(Handle("ana"), now: now)
            func token(_ expires: Int64? = nil) async throws -> TokenText {
                try await accounts.createPersonalToken(
                    for: ana.handle, label: "", scopes: .everything, expires: expires, now: now)
            }
            let good = try await token()
            let expired = try await token(now - 1)
            let revoked = try await token()
            try await accounts.revoke(revoked, now: now)
            let rows: [(String?, RPCError.Code, String)] = [
                (nil, .unauthenticated, "unauthenticated"),
                ("rubbish", .unauthenticated, "token_malformed"),
                (TokenText(.personal).text, .unauthenticated, "token_unknown"),
                (expired.text, .unauthenticated, "token_expired"),
                (revoked.text, .unauthenticated, "token_revoked"),
            ]
            try await server.rpc { client in
                let auth = Micelio_V1_Auth.Client(wrapping: client)
                for (token, code, reason) in rows {
                    let found = await failure {
                        _ = try await auth.whoAmI(
                            .init(), metadata: token.map { bearer($0) } ?? [:])
                    }
                    #expect(found?.0 == code && found?.1 == reason, "\(reason): \(found as Any)")
                }
                let answer = try await auth.whoAmI(.init(), metadata: bearer(good.text))
                #expect(answer.handle == "ana" && answer.tokenKind == "pat")
                #expect(answer.scopes == ScopeSet.everything.words)
                var two = bearer(good.text)
                two.addString("Bearer \(good.text)", forKey: "authorization")
                let found = await failure { _ = try await auth.whoAmI(.init(), metadata: two) }
                #expect(found?.0 == .invalidArgument)
            }
        }
    }

    @Test func `projects over the wire`() async throws {
        try await TestServer.with { server in
            let accounts = try server.forge.accounts
            let now = server.forge.now()
            var tokens: [String: Metadata] = [:]
            for handle in ["ana", "eve"] {
                let user = try await accounts.createUser(Handle(handle), now: now)
                tokens[handle] = bearer(
                    try await accounts.createPersonalToken(
                        for: user.handle, label: "", scopes: .everything, expires: nil, now: now
                    ).text)
            }
            let (ana, eve) = (tokens["ana"] ?? [:], tokens["eve"] ?? [:])
            try await server.rpc { client in
                let projects = Micelio_V1_Projects.Client(wrapping: client)
                func name(_ owner: String, _ name: String) -> Micelio_V1_ProjectName {
                    .with {
                        $0.owner = owner
                        $0.name = name
                    }
                }
                let made = try await projects.create(
                    .with {
                        $0.name = name("ana", "app")
                        $0.description_p = "An app"
                    }, metadata: ana)
                #expect(made.role == .owner && made.projectID.count == 32)
                #expect(made.storeID == server.forge.repositories.storeID.hex)
                let got = try await projects.get(
                    .with { $0.name = name("ana", "app") }, metadata: ana)
                #expect(got == made)

                let hidden = await failure {
                    _ = try await projects.get(
                        .with { $0.name = name("ana", "app") }, metadata: eve)
                }
                let missing = await failure {
                    _ = try await projects.get(
                        .with { $0.name = name("ana", "apq") }, metadata: eve)
                }
                #expect(hidden?.0 == .notFound && missing?.0 == .notFound)
                #expect(hidden?.1 == missing?.1)
                let again = await failure {
                    _ = try await projects.create(
                        .with { $0.name = name("ana", "APP") }, metadata: ana)
                }
                #expect(again?.0 == .alreadyExists)
                let bad = await failure {
                    _ = try await projects.get(
                        .with { $0.name = name("..", "etc") }, metadata: ana)
                }
                #expect(bad?.0 == .invalidArgument)
                let list = try await projects.list(.init(), metadata: ana)
                #expect(list.projects == [made] && list.nextCursor.isEmpty)
                #expect(try await projects.list(.init(), metadata: eve).projects.isEmpty)
            }
        }
    }

    @Test func `a message over the limit is refused, and the server goes on`() async throws {
        try await TestServer.with { server in
            try await server.rpc { client in
                let auth = Micelio_V1_Auth.Client(wrapping: client)
                let found = await failure {
                    _ = try await auth.revoke(
                        .with {
                            $0.token = String(repeating: "a", count: WireLimits.messageBytesMax)
                        })
                }
                // The transport drops the connection, so what the client sees depends on timing.
                #expect(found != nil)
            }
            try await server.rpc { client in
                _ = try await Micelio_V1_Auth.Client(wrapping: client).startDevice(.init())
            }
        }
    }

    @Test func `plaintext works when it is asked for`() async throws {
        try await TestServer.with({ $0.encryption = .plaintext }) { server in
            #expect(server.run.pin == nil)
            try await server.rpc { client in
                let auth = Micelio_V1_Auth.Client(wrapping: client)
                _ = try await auth.startDevice(.init())
            }
        }
    }
}
