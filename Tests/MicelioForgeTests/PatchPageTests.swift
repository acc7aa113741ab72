import Foundation
import HTTPTypes
import HifCore
import Testing

@testable import MicelioForge

/// A comparison as a patch, beside git.
@Suite struct PatchPageTests {
    /// Runs git in a directory; nil where there is no git.
    private static func git(_ words: [String], in directory: String) throws -> Int32? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git"] + words
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus == 127 ? nil : process.terminationStatus
    }

    @Test func `git applies what is at an address with diff behind it`() async throws {
        try await TestServer.with { server in
            let token = try await server.token("ana")
            _ = try await server.makeProject("ana/app", isPublic: true)
            try await server.plant(
                "ana/app", token: token,
                [
                    ("a b/text.txt", Array("one\ntwo\nthree\n".utf8), .file),
                    ("gone.txt", Array("x\n".utf8), .file), ("run.sh", Array("x\n".utf8), .file),
                    ("same.txt", Array("s\n".utf8), .file),
                ])
            let start = try await server.call(
                .post, "/api/v1/projects/ana/app/sessions", token: token, json: #"{"goal": "g"}"#)
            let session = try server.object(start.body)["session"] as? String ?? ""
            let path = "/api/v1/projects/ana/app/sessions/\(session)"
            _ = try await server.call(
                .post, path + "/files", token: token,
                json: server.text(
                    [
                        "files": [
                            ["path": "a b/text.txt", "content": "one\n2\nthree"],
                            ["path": "gone.txt", "delete": true],
                            ["path": "run.sh", "content": "x\n", "executable": true],
                            ["path": "new/\u{FC}.bin", "content_base64": "AAECAwT/"],
                        ] as [[String: Any]]
                    ]))
            let landed = try await server.call(.post, path + "/land", token: token, json: "{}")
            #expect(landed.status == 200, "\(landed.body)")

            let patch = try await server.call(.get, "/ana/app/diff/@1/@2.diff")
            #expect(patch.status == 200)
            #expect(patch.headers[.contentType] == "text/plain; charset=utf-8")
            #expect(patch.headers[.contentSecurityPolicy]?.contains("sandbox") == true)
            let again = try await server.call(
                .get, "/ana/app/diff/@1/@2.diff",
                headers: [("If-None-Match", patch.headers[.eTag] ?? "")])
            #expect(again.status == 304)
            let page = try await server.call(.get, "/ana/app/diff/@1/@2")
            #expect(page.body.contains("href=\"/ana/app/diff/@1/@2.diff\""))
            let part = try await server.call(.get, "/ana/app/diff/@1/@2.diff?path=run.sh")
            #expect(part.body.contains("new mode 100755") && !part.body.contains("gone.txt"))
            #expect(try await server.call(.get, "/ana/app/diff/@2/@2.diff").body.isEmpty)
            // Where no patch is, there is none.
            for path in ["/ana/app.diff", "/ana/app/log.diff", "/ana/app/diff/@1/@9.diff"] {
                #expect(try await server.call(.get, path).status == 404, "\(path)")
            }

            let directory = try TemporaryDirectory()
            let work = directory.path
            func write(_ name: String, _ text: String) throws {
                let place = URL(fileURLWithPath: work + "/" + name)
                try FileManager.default.createDirectory(
                    at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: place)
            }
            for (name, text) in [
                ("a b/text.txt", "one\ntwo\nthree\n"), ("gone.txt", "x\n"), ("run.sh", "x\n"),
                ("same.txt", "s\n"), ("p.diff", patch.body),
            ] { try write(name, text) }
            guard let status = try PatchPageTests.git(["apply", "p.diff"], in: work) else { return }
            #expect(status == 0)
            func read(_ name: String) -> Data? {
                FileManager.default.contents(atPath: work + "/" + name)
            }
            #expect(read("a b/text.txt") == Data("one\n2\nthree".utf8))
            #expect(read("gone.txt") == nil)
            #expect(read("new/\u{FC}.bin") == Data([0, 1, 2, 3, 4, 255]))
            #expect(FileManager.default.isExecutableFile(atPath: work + "/run.sh"))
        }
    }
}
