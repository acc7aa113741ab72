import Foundation
import HifCore
import HifWorkspace
import MicelioForge
import Support
import Synchronization
import Testing

@testable import HifRemote

/// Tokens that expire while somebody works. Each `StoredCredentials` stands for a process: they share
/// nothing but the file and its lock.
@Suite struct RenewalTests {
    /// Signs ana in as a device, and keeps that in a credentials file, expired.
    private func login(_ fixture: ForgeFixture) async throws -> CredentialsFile {
        let forge = fixture.forge
        let link = try await forge.accounts.makePasswordLink(for: Handle("ana"), now: forge.now())
        let password = "correct horse"
        _ = try await forge.useLink(
            link.text, handle: "", password: password, repeated: password, address: "")
        let start = try await forge.startDevice(
            clientName: "hif", deviceName: "laptop", address: "")
        _ = try await forge.approveDevice(
            typed: "\(start.request.userCode)", handle: "ana", password: password, address: "")
        guard case .approved(let pair) = try await forge.pollDevice(start.deviceCode.text) else {
            throw WorkspaceError(.refused, "not approved")
        }
        let file = CredentialsFile(path: fixture.directory.path + "/config/credentials")
        try await file.keep(
            StoredForge(
                url: fixture.run.http, discovery: fixture.discovery(), handle: "ana", name: "",
                login: StoredForge.Login(
                    access: pair.access.text, accessExpiresMillis: 0, refresh: pair.refresh.text)))
        return file
    }

    private func credentials(
        _ fixture: ForgeFixture, _ file: CredentialsFile
    ) -> StoredCredentials {
        StoredCredentials(file: file, url: fixture.run.http, limits: ForgeFixture.limits)
    }

    @Test func `of many at once, one renews and the others take what it got`() async throws {
        try await ForgeFixture.with { fixture in
            let file = try await login(fixture)
            let old = try #require(try file.forge(nil)?.login)
            let tokens = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<8 {
                    let credentials = credentials(fixture, file)
                    group.addTask { try await credentials.accessToken() }
                }
                return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
            }
            let new = try #require(try file.forge(nil)?.login)
            #expect(tokens == [new.access] && new.access != old.access)
            let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func `an answer that was lost logs nobody out`() async throws {
        try await ForgeFixture.with { fixture in
            let file = try await login(fixture)
            let old = try #require(try file.forge(nil)?.login)
            // A process asked, and died before it wrote down what it got.
            let lost = try await fixture.forge.refresh(old.refresh)
            let token = try await credentials(fixture, file).accessToken()
            let new = try #require(try file.forge(nil)?.login)
            #expect(new.refresh == lost.refresh.text && token == new.access)
            // And what comes after works.
            try await file.change(fixture.run.http) { $0.login?.accessExpiresMillis = 0 }
            _ = try await credentials(fixture, file).accessToken()
        }
    }

    @Test func `a token that the forge calls expired is renewed, once`() async throws {
        try await ForgeFixture.with { fixture in
            let file = try await login(fixture)
            let credentials = credentials(fixture, file)
            let first = try #require(try await credentials.accessToken())
            #expect(try await credentials.accessToken() == first)
            let second = try await credentials.accessToken(replacing: first)
            #expect(second != first)
            // Somebody else has renewed already: nothing is asked of the forge.
            #expect(try await credentials.accessToken(replacing: first) == second)
        }
    }

    @Test func `a login that was ended elsewhere says so, and how to begin again`() async throws {
        try await ForgeFixture.with { fixture in
            let file = try await login(fixture)
            let old = try #require(try file.forge(nil)?.login)
            try await fixture.forge.revoke(old.refresh)
            do {
                _ = try await credentials(fixture, file).accessToken()
                Issue.record("renewed")
            } catch let error as WorkspaceError {
                #expect(error.code == .unauthenticated && error.message.contains("has ended"))
                #expect(error.hint == "hif auth login \(fixture.run.http)")
            }
        }
    }
}
