import Foundation
import HTTPTypes
import HifRemote
import HifRepository
import Testing

@testable import MicelioForge

/// The `micelio` program itself, beside a server that runs.
@Suite struct AdminTests {
    /// Where the build put the program: beside the tests.
    private static let program = URL(fileURLWithPath: CommandLine.arguments[0])
        .deletingLastPathComponent().appendingPathComponent("micelio")

    private func micelio(
        _ arguments: [String], data: String
    ) throws -> (code: Int32, output: String, errors: String) {
        let process = Process()
        process.executableURL = AdminTests.program
        process.arguments = arguments + ["--data", data]
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let printed = output.fileHandleForReading.readDataToEndOfFile()
        let complained = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (
            process.terminationStatus, String(decoding: printed, as: UTF8.self),
            String(decoding: complained, as: UTF8.self)
        )
    }

    @Test func `accounts and tokens are made beside a running server`() async throws {
        try await TestServer.with { server in
            let data = server.directory.path + "/data"
            let made = try micelio(
                ["admin", "user", "create", "ana", "--email", "ana@example.test", "--token"],
                data: data)
            #expect(made.code == 0)
            #expect(made.output.contains("\(server.run.http)/password/mic_lnk_"))
            let word = try #require(made.output.split(whereSeparator: \.isWhitespace).last)
            let principal = try await server.forge.authenticator.authenticate(
                authorization: ["Bearer \(word)"])
            #expect(principal.user?.handle.text == "ana")

            let again = try micelio(["admin", "user", "create", "ana"], data: data)
            #expect(again.code == 1 && again.output.isEmpty && again.errors.contains("already"))
            let bad = try micelio(["admin", "user", "create", "Not OK"], data: data)
            #expect(bad.code == 2)
            #expect(try micelio(["admin", "user", "list"], data: data).output.contains("ana\t"))

            let second = try micelio(
                ["admin", "token", "create", "ana", "--scopes", "read:*", "--days", "1"], data: data
            )
            let token = try #require(second.output.split(whereSeparator: \.isWhitespace).last)
            let list = try micelio(["admin", "token", "list", "ana"], data: data).output
            let number = try #require(list.split(separator: "\t").first)
            #expect(list.contains("good\tread:*") && !list.contains(token))
            #expect(
                try micelio(["admin", "token", "revoke", String(number)], data: data).code == 0)
            let code = await refusal {
                _ = try await server.forge.authenticator.authenticate(
                    authorization: ["Bearer \(token)"])
            }
            #expect(code == .tokenRevoked)
            #expect(try micelio(["admin", "token", "revoke", "999"], data: data).code == 5)

            let link = try micelio(["admin", "user", "reset-link", "ana"], data: data).output
            let path = try #require(
                link.firstRange(of: "/password/").map { link[$0.lowerBound...] })
            let page = try await server.http(.get, path.trimmingCharacters(in: .newlines))
            #expect(page.status == 200)
            #expect(try micelio(["admin", "user", "disable", "ana"], data: data).code == 0)
            #expect(try micelio(["admin", "project", "list"], data: data).code == 0)
        }
    }

    @Test func `a mistyped directory is an error and makes nothing`() throws {
        let directory = try TemporaryDirectory()
        let nowhere = directory.path + "/nowhere"
        let answer = try micelio(["admin", "user", "list"], data: nowhere)
        #expect(answer.code == 5 && answer.errors.contains("no forge"))
        let made = try micelio(["admin", "user", "create", "zed", "--token"], data: nowhere)
        #expect(made.code == 5 && made.output.isEmpty && made.errors.contains("--data"))
        #expect(!FileManager.default.fileExists(atPath: nowhere))
    }

    @Test(arguments: [
        (["srve"], "there is no command 'srve'", "micelio help"),
        (["serve", "--dta", "x"], "Unknown option '--dta'", "micelio help serve"),
        (
            ["admin", "user", "lst"], "there is no command 'admin user lst'",
            "micelio help admin user"
        ),
        (
            ["admin", "user", "create"], "Missing expected argument '<handle>'",
            "micelio admin user"
        ),
        (["gc", "--projct", "x"], "Unknown option '--projct'", "micelio help gc"),
    ])
    func `wrong words are told in a sentence with a hint, and end with 2`(
        words: [String], says: String, hint: String
    ) throws {
        let answer = try micelio(words, data: "data")
        #expect(answer.code == 2 && answer.output.isEmpty, "\(answer)")
        let lines = answer.errors.split(separator: "\n")
        #expect(lines.count == 2, "\(answer.errors)")
        #expect(lines.first?.hasPrefix("micelio: \(says)") == true, "\(answer.errors)")
        #expect(lines.last?.hasPrefix("  \(hint)") == true, "\(answer.errors)")
    }

    @Test(arguments: [["--help"], ["help", "admin"], ["admin", "user"], ["--version"]])
    func `help and version are no mistake`(_ words: [String]) throws {
        let process = Process()
        process.executableURL = AdminTests.program
        process.arguments = words
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let printed = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0 && !printed.isEmpty)
    }

    @Test func `roles in a project are given and taken away beside a running server`() async throws
    {
        try await TestServer.with { server in
            let data = server.directory.path + "/data"
            let ana = try await server.token("ana")
            let ben = try await server.token("ben")
            _ = try await server.makeProject("ana/app", isPublic: true)
            func mayWrite() async -> ForgeError.Code? {
                await refusal {
                    let principal = try await server.forge.authenticator.authenticate(
                        authorization: ["Bearer \(ben)"])
                    _ = try await server.forge.access.check(
                        principal, Writing.self, on: ProjectPath("ana/app"))
                }
            }
            func project(_ words: String...) throws -> (code: Int32, output: String, errors: String)
            {
                try micelio(["admin", "project"] + words, data: data)
            }
            #expect(await mayWrite() == .forbidden)
            #expect(try project("grant", "ana/app", "ben", "write").code == 0)
            #expect(await mayWrite() == nil)
            #expect(try project("members", "ana/app").output == "ana\towner\nben\twrite\n")
            #expect(try project("grant", "ana/app", "ben", "read").code == 0)
            #expect(await mayWrite() == .forbidden)
            #expect(try project("revoke", "ana/app", "ben").code == 0)
            #expect(try project("members", "ana/app").output == "ana\towner\n")

            #expect(try project("revoke", "ana/app", "ben").code == 5)
            #expect(try project("grant", "ana/app", "nobodyhere", "write").code == 5)
            #expect(try project("grant", "ana/app", "ana", "write").code == 1)
            let role = try project("grant", "ana/app", "ben", "wrte")
            #expect(role.code == 2 && role.errors.contains("read, write and owner"))
            _ = try await server.call(
                .post, "/api/v1/projects/ana/app/settings/delete", token: ana,
                json: "{\"name\": \"ana/app\"}")
            #expect(try project("list").output.hasPrefix("ana/app\tdeleted\t"))
            for answer in [
                try project("grant", "ana/nope", "ben", "write"),
                try micelio(["gc", "--project", "ana/nope"], data: data),
            ] {
                #expect(answer.code == 5, "\(answer)")
                #expect(answer.errors.contains("micelio admin project list"), "\(answer)")
            }
        }
    }

    @Test func `fsck finds a forge in order, and a slot that was cut short`() async throws {
        try await TestServer.with { server in
            let data = server.directory.path + "/data"
            let token = try await server.token("ana")
            let project = try await server.makeProject("ana/app")
            try await server.connected(token) { connection in
                let remote = try server.remote("ana/app", connection)
                _ = try await remote.submit([.control(.setTags(["empty": 0]))])
            }
            let good = try micelio(["fsck", "--deep"], data: data)
            #expect(good.code == 0 && good.output.contains("ana/app: ok"), "\(good)")
            #expect(good.output.contains("accounts: ok"))

            let log = data + "/store/p/\(project.storeProjectID)/log/0000000000000/"
            let slot = URL(fileURLWithPath: log + "0000000000000001")
            try Data(contentsOf: slot).dropLast(7).write(to: slot)
            let bad = try micelio(["fsck"], data: data)
            #expect(bad.code == 8 && bad.output.contains("ana/app: 1 wrong"), "\(bad)")
            #expect(try micelio(["fsck"], data: data + "/nowhere").code == 5)
        }
    }
}
