import Foundation
import Testing

/// Bad input gets one clear sentence, a hint and the right exit code.
@Suite struct WrongInputTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let status: Int32
        let code: String
        /// Part of the message or the hint.
        let says: String
        var directory = "one"

        init(
            _ arguments: String, _ status: Int32, _ code: String, _ says: String,
            in directory: String = "one"
        ) {
            self.arguments = arguments.split(separator: " ").map(String.init)
            self.status = status
            self.code = code
            self.says = says
            self.directory = directory
        }

        var testDescription: String { "hif " + arguments.joined(separator: " ") }
    }

    static let cases = [
        Case("checkout ana/ap", 5, "not_found", "did you mean 'ana/app'"),
        Case("checkout app", 5, "not_found", "ana/app"),
        Case("checkout nobody/nothing", 5, "not_found", "hif project list"),
        Case("checkout ana/app --store nowhere", 5, "not_found", "no hif store"),
        Case("status", 5, "not_a_workspace", "hif init", in: "elsewhere"),
        Case("diff ../x", 2, "path_outside", "outside the workspace"),
        Case("cat /etc/passwd", 2, "path_outside", "outside the workspace"),
        Case("cat .hif/config", 2, "bad_path", "reserved"),
        Case("cat a.text", 5, "not_found", "did you mean 'a.txt'"),
        Case("cat src", 2, "usage", "hif ls src"),
        Case("revert nothing", 5, "not_found", "nothing"),
        Case("revert a.txt", 1, "nothing_to_do", "hif status"),
        Case("blame nothing", 5, "not_found", "hif ls"),
        Case("goto @99", 5, "not_found", "the newest is @1"),
        Case("goto here", 2, "usage", "positions are @5"),
        Case("goto @latest~9", 5, "not_found", "before the beginning"),
        Case("show @0", 5, "not_found", "empty beginning"),
        Case("diff @1 @1 @1", 2, "usage", "two positions"),
        Case("session land", 5, "no_session", "hif session start"),
        Case("session note hello", 5, "no_session", "hif session start"),
        Case("session abandon", 5, "no_session", "hif session start"),
        Case("session show zzz", 2, "usage", "ses_"),
        Case("session show ses_0000000000", 5, "not_found", "no session"),
        Case("land nothing-new", 1, "nothing_to_do", "nothing to land"),
        Case("log --limit 0", 2, "usage", "at least 1"),
        Case("log --limit many", 2, "usage", "limit"),
        Case("log --nonsense", 2, "usage", "nonsense"),
        Case("statsu", 2, "usage", "did you mean: hif status"),
        Case("session strat x", 2, "usage", "did you mean: hif session start"),
        Case("frobnicate", 2, "usage", "there is no command 'frobnicate'"),
        Case("commit -m x", 2, "usage", "hif land"),
        Case("push", 2, "usage", "hif land"),
        Case("pull", 2, "usage", "hif update"),
        Case("stash", 2, "usage", "keep your edits"),
        Case("init ana/other", 1, "already_there", "workspace of 'ana/app'"),
        Case("init ../x/y", 2, "usage", "account/project", in: "elsewhere"),
        Case("init ana/app", 1, "already_there", "hif checkout ana/app", in: "elsewhere"),
        Case(
            "init --store inside ana/new", 1, "refused", "inside the working copy", in: "elsewhere"),
        Case("project create ana/app", 1, "already_there", "already"),
        Case("project create app", 2, "usage", "ana/app"),
        Case("write a.txt", 2, "usage", "where is the content"),
        Case("write ../a.txt -", 2, "path_outside", "outside"),
        Case("write src -", 1, "in_the_way", "is a directory"),
        Case("schema lnd", 5, "not_found", "hif schema land"),
    ]

    private static let box = Result { () throws -> Sandbox in
        let box = Sandbox()
        try box.project(["a.txt": "a\n", "src/b.txt": "b\n"])
        try box.makeDirectory("elsewhere")
        return box
    }

    @Test(arguments: cases)
    func `wrong input is told in a sentence with a hint`(_ wrong: Case) throws {
        let box = try Self.box.get()
        let json = try box.run(
            HifBinary.path, wrong.arguments, in: wrong.directory,
            environment: ["HIF_OUTPUT": "json"])
        #expect(json.status == wrong.status, "\(json.text)")
        let error = try json.error()
        #expect(error["code"] as? String == wrong.code)
        let message = error["message"] as? String ?? ""
        let hint = error["hint"] as? String ?? ""
        #expect((message + "\n" + hint).contains(wrong.says), "\(message) / \(hint)")
        #expect(json.errors.isEmpty)

        let plain = try box.run(HifBinary.path, wrong.arguments, in: wrong.directory)
        #expect(plain.status == wrong.status)
        #expect(plain.output.isEmpty)
        #expect(plain.errors.hasPrefix("hif: "))
        #expect(plain.errors.contains(wrong.says), "\(plain.errors)")
    }

    @Test func `a forge that nobody answers for is told, and nothing is made`() throws {
        let box = Sandbox()
        for words in [
            ["auth", "login", "http://127.0.0.1:1"], ["clone", "http://127.0.0.1:1/a/b"],
        ] {
            let result = try box.run(HifBinary.path, words + ["--json"])
            #expect([1, 4, 6].contains(result.status), "\(result.text)")
            #expect(try result.error()["message"] is String)
        }
        #expect(!box.exists("b"))
    }

    @Test func `a workspace of a newer hif is left alone`() throws {
        let box = Sandbox()
        try box.project(["a.txt": "a\n"])
        let config = try #require(box.read("one/.hif/config"))
        try box.write(
            "one/.hif/config",
            config.replacingOccurrences(of: "\"format\" : 1", with: "\"format\" : 9"))
        for command in ["status", "update"] {
            let result = try box.hif(command, "--json", in: "one")
            #expect(result.status == 1)
            #expect(try result.error()["code"] as? String == "newer_version")
        }
        try box.write("one/.hif/config", "{")
        #expect(try box.hif("status", "--json", in: "one").error()["code"] as? String == "damaged")
    }

    @Test func `a store that is gone or another one is told, and no file is touched`() throws {
        let box = Sandbox()
        try box.project(["a.txt": "a\n"])
        try FileManager.default.moveItem(atPath: box.store, toPath: box.store + "-moved")
        let gone = try box.hif("update", "--json", in: "one")
        #expect(gone.status == 5)
        #expect((try gone.error()["hint"] as? String)?.contains(".hif/config") == true)
        try box.ok("project", "create", "ana/app")
        let other = try box.hif("update", "--json", in: "one")
        #expect(try other.error()["code"] as? String == "history_replaced")
        #expect(box.read("one/a.txt") == "a\n")
    }

    @Test func `a damaged slot is told, and nothing is lost`() throws {
        let box = Sandbox()
        try box.project(["a.txt": "a\n"])
        try box.write("one/a.txt", "edit\n")
        let files = try #require(FileManager.default.enumerator(atPath: box.store))
        var slots: [String] = []
        for case let name as String in files where name.contains("/log/") || name.contains("slot") {
            var isDirectory: ObjCBool = false
            _ = FileManager.default.fileExists(
                atPath: box.store + "/" + name, isDirectory: &isDirectory)
            if !isDirectory.boolValue { slots.append(name) }
        }
        try #require(!slots.isEmpty)
        for slot in slots {
            let path = box.store + "/" + slot
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            chmod(path, 0o600)
            try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: path))
        }
        let result = try box.hif("update", "--json", in: "one")
        #expect(result.status == 1)
        #expect(try result.error()["code"] as? String == "damaged")
        #expect(box.read("one/a.txt") == "edit\n")
    }
}
