import Foundation
import Testing

@testable import MicelioForge

@Suite struct PasswordTests {
    @Test func `the hash is that of the reference`() throws {
        // As Debian's argon2 prints it: -id -t 2 -m 16 -p 1 -l 32.
        let parameters = PasswordHash.Parameters(memoryKiB: 65_536, passes: 2, lanes: 1)
        #expect(
            try PasswordHash.make(
                "password", parameters: parameters, salt: Array("somesalt".utf8))
                == "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ"
                + "$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/argon2")))
    func `the command-line tool makes the same hash`() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/argon2")
        process.arguments = [
            "sixteen byte sal", "-id", "-t", "2", "-k", "19456", "-p", "1", "-l", "32", "-e",
        ]
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        input.fileHandleForWriting.write(Data("correct horse".utf8))
        input.fileHandleForWriting.closeFile()
        let printed = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(
            try PasswordHash.make("correct horse", salt: Array("sixteen byte sal".utf8))
                == printed.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    @Test func `only the right password fits, and a damaged hash fits none`() throws {
        let hash = try PasswordHash.make("correct horse")
        #expect(hash.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
        #expect(PasswordHash.verify("correct horse", against: hash))
        #expect(!PasswordHash.verify("correct horsf", against: hash))
        #expect(!PasswordHash.verify("", against: hash))
        for damaged in ["", "$", String(hash.dropLast(3)), "$argon2id$v=19$m=9999999999,t=2,p=1$"] {
            #expect(!PasswordHash.verify("correct horse", against: damaged))
        }
        #expect(try PasswordHash.make("correct horse") != hash)
    }

    @Test func `a weaker hash is known as outdated`() throws {
        #expect(!PasswordHash.isOutdated(try PasswordHash.make("x")))
        let weak = PasswordHash.Parameters(memoryKiB: 8_192, passes: 1, lanes: 1)
        #expect(PasswordHash.isOutdated(try PasswordHash.make("x", parameters: weak)))
    }

    @Test func `without an account there is still one verification, and it fails`() async throws {
        let hasher = try PasswordHasher(threads: TestForge.threads)
        #expect(try await !hasher.verify("no account has this password", against: nil))
        let hash = try await hasher.hash("correct horse")
        #expect(try await hasher.verify("correct horse", against: hash))
    }

    @Test func `more logins than may wait are sent away`() async throws {
        let hasher = try PasswordHasher(threads: TestForge.threads)
        let codes = await withTaskGroup(of: ForgeError.Code?.self) { group in
            for _ in 0..<(Limits.passwordQueueMax + 8) {
                group.addTask {
                    await refusal { _ = try await hasher.verify("x", against: nil) }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        // How many were under way at once depends on the machine; nothing else may come out.
        #expect(codes.allSatisfy { $0 == nil || $0 == .unavailable })
        #expect(codes.count { $0 == nil } >= Limits.passwordQueueMax)
    }

    @Test func `new passwords have bounds`() {
        #expect(throws: ForgeError.self) { try checkNewPassword("123456789") }
        #expect(throws: Never.self) { try checkNewPassword("1234567890") }
        #expect(throws: Never.self) { try checkNewPassword(String(repeating: "a", count: 1024)) }
        #expect(throws: ForgeError.self) {
            try checkNewPassword(String(repeating: "a", count: 1025))
        }
    }
}
