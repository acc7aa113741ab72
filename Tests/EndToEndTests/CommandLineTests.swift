import Foundation
import Testing

/// What the command line does around the commands: its output, its words, its hints.
@Suite struct CommandLineTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let status: Int32
        /// Part of what is said on standard error.
        let says: String

        init(_ arguments: String, _ status: Int32, _ says: String) {
            self.arguments = arguments.split(separator: " ").map(String.init)
            self.status = status
            self.says = says
        }

        var testDescription: String { "hif " + arguments.joined(separator: " ") }
    }

    static let cases = [
        Case("help nosuch", 2, "no command 'nosuch'"),
        Case("help commit", 2, "hif land"),
        Case("log -p", 2, "hif show @N --patch"),
        Case("log --oneline", 2, "a line already"),
        Case("log a.txt", 2, "hif log --path a.txt"),
        Case("log @1", 2, "hif show @1"),
        Case("log -3", 2, "hif log --limit 3"),
        Case("log --limit -1", 2, "at least 1"),
        Case("log --author nobody", 0, "No landing is like that"),
        Case("land -m x", 2, "hif land \"what you did\""),
        Case("land x made.log", 1, "echo '!/made.log' >> .hifignore"),
        Case("show --stat", 2, "hif diff"),
        Case("status -s", 2, "short already"),
        Case("blame -L 1 a.txt", 2, "whole file"),
        Case("checkout @1", 2, "hif goto @1"),
        Case("checkout -- a.txt", 2, "hif revert"),
        Case("checkout http://127.0.0.1:1/ana", 2, "names no project"),
        Case("checkout ana/app . --at @0", 1, "hif goto @0"),
        Case("session resolve nosuch", 5, "no 'nosuch'"),
        Case("auth login http://127.0.0.1:1", 4, "--token"),
        Case("revert lnk/b.txt", 1, "nothing changed"),
        Case("revert a.txt --at @9", 5, "the newest is @1"),
        Case("revert nosuch --at @1", 5, "no 'nosuch'"),
        Case("apply nosuch", 5, "cannot read 'nosuch'"),
        Case("apply a.txt", 1, "line 1 of the patch: there is no change in it"),
        Case("status --fields position", 2, "--fields goes with --json"),
        Case("log --limit abc", 2, "hint: hif log [--path"),
        Case("log -n1", 2, "hint: hif log --limit 1\n"),
        Case(
            "checkout http://127.0.0.1:1/ana/app dir --store x", 2,
            "hif checkout ana/app --store DIR"),
        Case("session abandon ses_1234567", 2, "abandon takes the reason"),
        Case("backout @0 x", 5, "empty beginning"),
        Case("import a.txt ana/new", 5, "'a.txt' is a file"),
        Case("import http://127.0.0.1:1/x.git ana/new", 6, "git clone"),
    ]

    private static let box = Result { () throws -> Sandbox in
        let box = Sandbox()
        try box.project(["a.txt": "a\n", "src/b.txt": "b\n", ".hifignore": "*.log\n/lnk\n"])
        try box.write("one/made.log", "x")
        symlink("src", box.path + "/one/lnk")
        return box
    }

    @Test(arguments: cases)
    func `a word that means something elsewhere is answered with what does it here`(
        _ wrong: Case
    ) throws {
        let result = try Self.box.get().run(HifBinary.path, wrong.arguments, in: "one")
        #expect(result.status == wrong.status, "\(result.errors)")
        #expect(result.errors.contains(wrong.says), "\(result.errors)")
    }

    @Test(arguments: ["version", "-v", "--version"])
    func `the version is told, however it is asked for`(_ word: String) throws {
        let result = try Self.box.get().ok(word, in: "one")
        #expect(result.text.hasPrefix("0."))
    }

    @Test(arguments: ["cat a.txt", "ls", "log", "status --json", "skill", "help", "nosuch --json"])
    func `output that cannot be written is told, and the exit code is not 0`(
        _ words: String
    ) throws {
        let box = try Self.box.get()
        let result = try box.run(
            "sh", ["-c", "\"$0\" \(words) > /dev/full", HifBinary.path], in: "one")
        #expect(result.status != 0)
        #expect(result.errors.contains("cannot write to standard output: No space left"))
    }

    @Test func `a reader that went away is no error`() throws {
        let result = try Self.box.get().run(
            "bash", ["-c", "\"$0\" skill | true; exit ${PIPESTATUS[0]}", HifBinary.path],
            in: "one")
        #expect(result.status == 0)
        #expect(result.errors.isEmpty)
    }

    @Test func `text that is not UTF-8 is refused, not repaired`() throws {
        let box = Sandbox()
        try box.project(["a.txt": "a\n"])
        try box.ok("session", "start", "Work", in: "one")
        let notes = try box.hif("session", "note", "-", in: "one", input: [0x61, 0xFF, 0x0A])
        #expect(notes.status == 2)
        #expect(notes.errors.contains("not UTF-8"))
        for command in ["session note", "land", "session decide", "session abandon"] {
            let result = try box.run(
                "sh", ["-c", "\"$0\" \(command) \"$(printf 'caf\\351')\"", HifBinary.path],
                in: "one")
            #expect(result.status == 2, "\(command)")
            #expect(result.errors.contains("not UTF-8"), "\(result.errors)")
        }
    }

    @Test func `what diff writes apply takes, from a pipe, and in JSON`() throws {
        let box = Sandbox()
        try box.project(["a.txt": "a\n", "d/b.txt": "b\n"])
        try box.write("one/a.txt", "A\n")
        try box.write("one/new", [0, 1, 2, 255])
        try box.remove("one/d/b.txt")
        let patch = try box.ok("diff", in: "one").output
        try box.ok("checkout", "ana/app", "two")
        let rehearsed = try box.ok("apply", "-", "--dry-run", "--json", in: "two", input: patch)
        #expect(try rehearsed.data()["dry_run"] as? Bool == true)
        #expect(box.read("two/a.txt") == "a\n")
        try box.ok("apply", "-", in: "two", input: patch)
        #expect(try box.ok("diff", in: "two").output == patch)

        let listed = try box.ok("ls", "--json", "--fields", "path,hash", in: "two").data()
        let entries = try #require(listed["entries"] as? [[String: Any]])
        #expect(entries.allSatisfy { Set($0.keys) == ["path", "hash"] })
        let hash = try #require(entries.first { $0["path"] as? String == "a.txt" }?["hash"])
        let edits = """
            {"expect_base": 1, "edits": [
              {"op": "write", "path": "a.txt", "content": "B\\n", "expect": "\(hash)"}]}
            """
        // What is there now is not what was landed.
        let stale = try box.hif("apply", "-", "--json", in: "two", input: Array(edits.utf8))
        #expect(stale.status == 3)
        #expect(try stale.error()["code"] as? String == "does_not_apply")
        try box.ok("revert", "a.txt", in: "two")
        try box.ok("apply", "-", in: "two", input: Array(edits.utf8))
        #expect(box.read("two/a.txt") == "B\n")
    }

    @Test(arguments: [
        (#"{"#, "not JSON"), (#"{}"#, "'edits' is missing"), (#"{"edits": []}"#, "no edits"),
        (#"{"edits": [{"op": 1}]}"#, "edit 0"),
        (#"{"edits": [{"op": "write", "path": "a"}]}"#, "edit 0: it needs one of content"),
        (#"{"edits": [{"op": "move", "path": "a"}]}"#, "'write' or 'delete'"),
        (#"{"edits": [{"op": "delete", "path": "../a"}]}"#, "edit 0"),
        (#"{"edits": [{"op": "delete", "path": "a", "expect": "12"}]}"#, "BLAKE3"),
        (#"{"edits": [{"op": "write", "path": "a", "content_b64": "?"}]}"#, "base64"),
    ])
    func `a list of edits that is none is refused with the place`(
        text: String, says: String
    ) throws {
        let result = try Self.box.get().hif("apply", "-", in: "one", input: Array(text.utf8))
        #expect(result.status == 2)
        #expect(result.errors.contains(says), "\(result.errors)")
    }

    @Test func `only the fields that were asked for are told`() throws {
        let box = try Self.box.get()
        let log = try box.ok("log", "--json", "--fields", "position,goal", in: "one").data()
        let landings = try #require(log["landings"] as? [[String: Any]])
        #expect(landings.allSatisfy { Set($0.keys) == ["position", "goal"] })
        #expect(Set(log.keys) == ["landings", "truncated", "next_cursor"])
        let line = try box.ok("log", "--stream", "--fields", "goal", in: "one").text
        #expect(line == "{\"goal\":\"First files\"}\n")
        let unknown = try box.hif("log", "--json", "--fields", "postion", in: "one")
        #expect(unknown.status == 2)
        #expect(try (unknown.error()["hint"] as? String)?.contains("position") == true)
    }

    @Test func `a store is not made among files that are none of its own`() throws {
        let box = Sandbox()
        try box.write("full/letter.txt", "dear")
        try box.makeDirectory("work")
        let result = try box.hif("init", "--store", box.path + "/full", "ana/new", in: "work")
        #expect(result.status == 1)
        #expect(result.errors.contains("holds other files"))
        #expect(!box.exists("full/store"))
        #expect(!box.exists("work/.hif"))
    }

    @Test func `git leaves the workspace's own directory alone`() throws {
        let box = Sandbox()
        try box.project(["a.txt": "a\n"])
        _ = try box.run("git", ["init", "-q"], in: "one")
        let status = try box.run("git", ["status", "--porcelain", "-uall"], in: "one")
        #expect(status.text == "?? a.txt\n")
        // One that an earlier hif made gets it with the next change.
        try box.remove("one/.hif/.gitignore")
        try box.ok("write", "b.txt", "-", in: "one", input: [0x62])
        #expect(box.read("one/.hif/.gitignore") == "*\n")
    }

    @Test func `what others landed and came along is told`() throws {
        let box = Sandbox()
        try box.project(["a.txt": "a\n"])
        try box.ok("checkout", "ana/app", "two")
        try box.write("one/b.txt", "b\n")
        try box.ok("land", "B", in: "one")
        try box.write("two/c.txt", "c\n")
        let result = try box.ok("land", "C", in: "two")
        #expect(result.errors.contains("Took in @2: 1 written, 0 removed."))
    }

    @Test func `files come from another position as edits`() throws {
        let box = Sandbox()
        try box.project(["a.txt": "a\n", "b.txt": "b\n"])
        try box.write("one/a.txt", "A\n")
        try box.remove("one/b.txt")
        try box.ok("land", "Change", in: "one")
        try box.write("one/a.txt", "edited\n")
        let result = try box.ok("revert", "--at", "@1", "a.txt", "b.txt", in: "one")
        #expect(result.errors.contains("copies are in .hif/backup"))
        #expect(box.read("one/a.txt") == "a\n")
        #expect(try box.ok("status", in: "one").text.hasSuffix("M  a.txt\nA  b.txt\n"))
        try box.ok("land", "As it was", in: "one")
        #expect(try box.ok("diff", "@1", "@3", in: "one").text == "")
    }

    @Test func `an empty token is told as one`() throws {
        let result = try Self.box.get().hif(
            "auth", "login", "http://127.0.0.1:1", "--token", "", in: "one")
        #expect(result.status == 2)
        #expect(result.errors.contains("the token is empty"), "\(result.errors)")
    }

    @Test func `init without a store hints at itself with the name`() throws {
        let box = Sandbox()
        let result = try box.hif("init", "bob/x", environment: ["HIF_STORE": ""])
        #expect(result.status == 2)
        #expect(result.errors.contains("hif init --store ~/hif bob/x"), "\(result.errors)")
    }

    @Test func `logins that cannot be kept are told with the file and the reason`() throws {
        let box = Sandbox()
        try box.write("file", "x")
        let home = ["HOME": box.path + "/file/home"]
        let result = try box.hif("auth", "logout", environment: home)
        #expect(result.status == 1)
        #expect(
            result.errors.contains("/file/home cannot be made") && !result.errors.contains("Cocoa"),
            "\(result.errors)")
        #expect(result.errors.contains("Not a directory"), "\(result.errors)")
    }

    @Test func `a changed path alone is no goal`() throws {
        let box = Sandbox()
        try box.project(["a": "a\n", "b": "b\n"])
        try box.write("one/a", "A\n")
        try box.write("one/c", "c\n")
        let refused = try box.hif("land", "a", in: "one")
        #expect(refused.status == 2)
        #expect(
            refused.errors.contains("hint: hif land \"what you did\" a\n"), "\(refused.errors)")
        #expect(try box.ok("status", "--json", in: "one").data()["position"] as? Int == 1)
        // Neither does a path that did not change stand in the way of a goal, nor a word that is none.
        try box.ok("land", "b", "a", in: "one")
        try box.ok("land", "x", in: "one")
        #expect(try box.ok("log", in: "one").text.split(separator: "\n").count == 3)
    }

    @Test func `a rehearsed goto refuses what goto refuses`() throws {
        let box = Sandbox()
        try box.project(["a.txt": "a\n"])
        try box.write("one/a.txt", "b\n")
        try box.ok("land", "Second", in: "one")
        try box.write("one/a.txt", "edited\n")
        let real = try box.hif("goto", "@1", in: "one")
        let rehearsed = try box.hif("goto", "@1", "--dry-run", in: "one")
        #expect(real.status == 1 && rehearsed.status == 1)
        #expect(rehearsed.errors == real.errors)
        try box.ok("goto", "@1", "--dry-run", "--force", in: "one")
        #expect(box.read("one/a.txt") == "edited\n")
        try box.ok("revert", "a.txt", in: "one")
        try box.ok("goto", "@1", "--dry-run", in: "one")
    }

    @Test func `a checkout that was cut short is said to be finished`() throws {
        let box = Sandbox()
        try box.project(["big": String(repeating: "0123456789abcdef", count: 65_536)])
        // The kernel ends the process where it writes the 64th KiB of a file.
        let cut = try box.run(
            "bash", ["-c", "ulimit -f 64; exec \"$0\" checkout ana/app two", HifBinary.path])
        #expect(cut.status != 0)
        let again = try box.ok("checkout", "ana/app", "two")
        #expect(again.text.hasPrefix("Finished what was cut short: ana/app at @1"), "\(again.text)")
        #expect(box.read("two/big") == box.read("one/big"))
        #expect(try box.ok("checkout", "ana/app", "two").text.contains("already"))
    }

    @Test func `a checkout that was cut short before it began is run again`() throws {
        let box = Sandbox()
        try box.project(["a.txt": "a\n"])
        try box.makeDirectory("two/.hif")
        let status = try box.hif("status", in: "two")
        #expect(status.status == 1)
        #expect(status.errors.contains("run the same checkout again"), "\(status.errors)")
        try box.ok("checkout", "ana/app", "two")
        #expect(box.read("two/a.txt") == "a\n")
        // One that had begun has lost its config otherwise.
        try box.remove("two/.hif/config")
        let lost = try box.hif("status", in: "two")
        #expect(lost.errors.contains("into another directory"), "\(lost.errors)")
    }

    @Test func `fsck of a damaged index names what makes it anew`() throws {
        let box = Sandbox()
        try box.project(["a.txt": "a\n"])
        try box.write("one/.hif/index", "rubbish")
        let check = try box.hif("fsck", in: "one")
        #expect(check.status == 8)
        #expect(check.text.contains("hif fsck --repair"), "\(check.text)")
        try box.ok("fsck", "--repair", in: "one")
        try box.ok("fsck", in: "one")
    }

    @Test func `words beside a session's goal are kept only where they are said to be`() throws {
        let box = Sandbox()
        try box.project(["a.txt": "a\n"])
        try box.ok("session", "start", "Work", in: "one")
        let nothing = try box.hif("land", "hey", in: "one")
        #expect(nothing.status == 1)
        #expect(!nothing.errors.contains("kept as a note"), "\(nothing.errors)")
        try box.write("one/a.txt", "b\n")
        let landed = try box.ok("land", "hey", in: "one")
        #expect(landed.errors.contains("kept as a note"), "\(landed.errors)")
        #expect(try box.ok("show", in: "one").text.contains("hey"))
    }

    @Test func `a key of a session that landed gives the session and its position back`() throws {
        let box = Sandbox()
        try box.project(["a.txt": "a\n"])
        let started = try box.ok("session", "start", "Go", "--key", "k", "--json", in: "one")
        let session = try started.data()["session"] as? String
        try box.write("one/a.txt", "b\n")
        try box.ok("session", "land", in: "one")
        let again = try box.hif("session", "start", "Go", "--key", "k", "--json", in: "one")
        let error = try again.error()
        #expect(error["code"] as? String == "session_closed")
        let details = try #require(error["details"] as? [String: Any])
        #expect(details["session"] as? String == session)
        #expect(details["position"] as? Int == 2)
        // An abandoned one in between: a landing without a goal is not the one before.
        try box.ok("session", "start", "Other", in: "one")
        try box.ok("session", "abandon", in: "one")
        #expect(try box.hif("land", in: "one").status == 5)
    }
}
