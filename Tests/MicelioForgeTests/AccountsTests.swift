import Foundation
import GRDB
import Testing

@testable import MicelioForge

@Suite struct AccountsTests {
    @Test func `a handle is given out once`() async throws {
        let test = try await TestForge()
        let user = try await test.user("ana")
        #expect(try await test.forge.accounts.user(Handle("ana")) == user)
        #expect(await refusal { try await test.user("ana") } == .alreadyExists)
        #expect(try await test.forge.accounts.user(Handle("bob")) == nil)
        #expect(try await test.forge.accounts.users().map(\.handle.text) == ["ana"])
    }

    @Test(arguments: ["x", "@", "a@", "@b", "a@b@c", "a b@c", "a@b\n", "a@b,c@d"])
    func `what is no mail address is refused`(_ email: String) async throws {
        let test = try await TestForge()
        let code = await refusal {
            _ = try await test.forge.accounts.createUser(Handle("ana"), email: email, now: 0)
        }
        #expect(code == .invalidArgument)
    }

    @Test func `a database of a newer version is refused`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/accounts.sqlite"
        do {
            let accounts = try Accounts(path: path)
            try await accounts.pool.write { database in
                try database.execute(
                    sql: "INSERT INTO grdb_migrations (identifier) VALUES ('9999 of the future')")
            }
            try accounts.pool.close()
        }
        let error = #expect(throws: ForgeError.self) { try Accounts(path: path) }
        #expect(error?.message.contains("newer") == true)
    }

    @Test func `opening again keeps what is there, and the files are private`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/accounts.sqlite"
        let first = try Accounts(path: path)
        _ = try await first.createUser(Handle("ana"), now: 1)
        // A second process in all but name: another pool on the same file, at the same time.
        let second = try Accounts(path: path)
        #expect(try await second.user(Handle("ana")) != nil)
        _ = try await second.createUser(Handle("bob"), now: 2)
        #expect(try await first.users().count == 2)
        for suffix in ["", "-wal", "-shm"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path + suffix)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func `no secret lies in the database`() async throws {
        let test = try await TestForge()
        try await test.user("ana")
        let secrets = [
            try await test.token(of: "ana").text,
            try await test.forge.accounts.makePasswordLink(for: Handle("ana"), now: 0).text,
            try #require(try await test.forge.accounts.makeSetupLink(now: 0)).text,
            try await test.forge.startDevice(clientName: "", deviceName: "", address: "")
                .deviceCode.text,
        ]
        for suffix in ["", "-wal"] {
            let path = test.directory.path + "/accounts.sqlite" + suffix
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            for secret in secrets {
                #expect(bytes.range(of: Data(secret.utf8)) == nil)
            }
        }
    }

    @Test func `disabling an account ends its tokens and links for good`() async throws {
        let test = try await TestForge()
        let accounts = try test.forge.accounts
        try await test.user("ana")
        let token = try await test.token(of: "ana")
        let link = try await accounts.makePasswordLink(for: Handle("ana"), now: test.clock.now)
        try await accounts.setDisabled(Handle("ana"), true, now: test.clock.now)
        #expect(
            await refusal { _ = try await accounts.resolve(token, now: test.clock.now) }
                == .accountDisabled)
        #expect(try await accounts.purpose(of: link, now: test.clock.now) == nil)
        try await accounts.setDisabled(Handle("ana"), false, now: test.clock.now)
        #expect(
            await refusal { _ = try await accounts.resolve(token, now: test.clock.now) }
                == .tokenRevoked)
    }

    @Test func `set-up makes one administrator and its link works once`() async throws {
        let test = try await TestForge()
        let accounts = try test.forge.accounts
        let stale = try #require(try await accounts.makeSetupLink(now: 0))
        let link = try #require(try await accounts.makeSetupLink(now: 0))
        #expect(try await accounts.purpose(of: stale, now: 0) == nil)
        #expect(try await accounts.purpose(of: link, now: 0) == .setup)
        // Looking does not use it up.
        #expect(try await accounts.purpose(of: link, now: 0) == .setup)
        let user = try await test.forge.useLink(
            link.text, handle: "root-of-all", password: "long enough", repeated: "long enough",
            address: "")
        #expect(user.isAdmin)
        #expect(try await accounts.purpose(of: link, now: 0) == nil)
        #expect(try await accounts.makeSetupLink(now: 0) == nil)
        let code = await refusal {
            _ = try await test.forge.useLink(
                link.text, handle: "second", password: "long enough", repeated: "long enough",
                address: "")
        }
        #expect(code == .notFound)
        _ = try await test.forge.signIn(
            handle: "Root-Of-All", password: "long enough", address: "")
    }

    @Test func `a password link expires, is single, and signs out`() async throws {
        let test = try await TestForge()
        let accounts = try test.forge.accounts
        let user = try await test.user("ana")
        let pair = try await accounts.pool.write { database in
            try Accounts.beginLogin(
                user, clientName: "", deviceName: "", address: "", now: test.clock.now,
                in: database)
        }
        let old = try await accounts.makePasswordLink(for: user.handle, now: test.clock.now)
        let link = try await accounts.makePasswordLink(for: user.handle, now: test.clock.now)
        #expect(try await accounts.purpose(of: old, now: test.clock.now) == nil)
        #expect(
            try await accounts.purpose(
                of: link, now: test.clock.now + Limits.passwordLinkMillis) == nil)
        for (password, repeated) in [("short", "short"), ("long enough", "long enouhg")] {
            let code = await refusal {
                _ = try await test.forge.useLink(
                    link.text, handle: "", password: password, repeated: repeated, address: "")
            }
            #expect(code == .invalidArgument)
        }
        _ = try await test.forge.useLink(
            link.text, handle: "", password: "long enough", repeated: "long enough", address: "")
        #expect(try await accounts.purpose(of: link, now: test.clock.now) == nil)
        #expect(
            await refusal { _ = try await accounts.resolve(pair.access, now: test.clock.now) }
                == .tokenRevoked)
        #expect(
            await refusal { _ = try await accounts.refresh(pair.refresh, now: test.clock.now) }
                == .tokenRevoked)
    }

    @Test func `a wrong password, an unknown handle and a bad one answer the same`() async throws {
        let test = try await TestForge()
        try await test.user("ana")
        try await test.setPassword("correct horse", of: "ana")
        try await test.user("bob")
        for (handle, password) in [
            ("ana", "wrong"), ("nobody1", "correct horse"), ("../ana", "correct horse"),
            ("bob", ""), ("ana", String(repeating: "a", count: 2000)), ("", ""),
        ] {
            let code = await refusal {
                _ = try await test.forge.signIn(handle: handle, password: password, address: handle)
            }
            #expect(code == .loginFailed, "\(handle)")
        }
        let user = try await test.forge.signIn(
            handle: "ana", password: "correct horse", address: "")
        #expect(user.handle.text == "ana")
    }

    @Test func `an outdated hash is replaced at login`() async throws {
        let test = try await TestForge()
        let user = try await test.user("ana")
        let weak = PasswordHash.Parameters(memoryKiB: 8_192, passes: 1, lanes: 1)
        try await test.forge.accounts.replacePasswordHash(
            of: user.id, with: PasswordHash.make("correct horse", parameters: weak))
        _ = try await test.forge.signIn(handle: "ana", password: "correct horse", address: "")
        let stored = try await test.forge.accounts.passwordHash(of: user.handle)
        #expect(stored.map { PasswordHash.isOutdated($0.encoded) } == false)
    }

    @Test func `an account has few tries, whatever networks they come from`() async throws {
        let test = try await TestForge()
        try await test.user("ana")
        try await test.setPassword("correct horse", of: "ana")
        for index in 0..<Limits.passwordTries.tries {
            _ = await refusal {
                _ = try await test.forge.signIn(
                    handle: "ana", password: "wrong", address: "10.0.\(index).1")
            }
        }
        let code = await refusal {
            _ = try await test.forge.signIn(
                handle: "ana", password: "correct horse", address: "192.0.2.1")
        }
        #expect(code == .rateLimited)
    }
}
