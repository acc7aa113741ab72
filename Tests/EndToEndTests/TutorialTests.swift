import Foundation
import Testing

/// The way of the tutorial, command by command, on a store of this machine.
@Suite struct TutorialTests {
    @Test func `a session goes from its goal to history, with its why`() throws {
        let box = Sandbox()
        try box.project(["a.txt": "one\ntwo\nthree\n", "src/x.txt": "x\n"])
        try box.ok("session", "start", "Add a greeting", in: "one")
        try box.write("one/src/hello.txt", "hello\n")
        try box.write("one/a.txt", "one\nTWO\nthree\n")
        try box.ok("write", "docs/a.md", "-", in: "one", input: Array("note\n".utf8))
        let status = try box.ok("status", in: "one").text
        #expect(status.contains("ana/app at @1, session \"Add a greeting\""))
        #expect(status.contains("M  a.txt") && status.contains("A  docs/a.md"))

        // The patch is one that git takes.
        let patch = try box.ok("diff", in: "one").output
        try box.makeDirectory("git")
        try box.write("git/a.txt", "one\ntwo\nthree\n")
        let applied = try box.run("git", ["apply", "-"], in: "git", input: patch)
        #expect(applied.status == 0, "\(applied.errors)")
        #expect(box.read("git/a.txt") == "one\nTWO\nthree\n")
        #expect(box.read("git/docs/a.md") == "note\n")

        try box.ok("session", "note", "what about French?", "--role", "human", in: "one")
        try box.ok("session", "decide", "English only", "--why", "scope", in: "one")
        #expect(try box.ok("session", "show", in: "one").text.contains("what about French?"))
        let landed = try box.ok("session", "land", "--json", in: "one").data()
        #expect(landed["position"] as? Int == 2)
        #expect(try box.ok("status", "--json", in: "one").data()["position"] as? Int == 2)

        let shown = try box.ok("show", "@2", in: "one").text
        for text in ["Add a greeting", "what about French?", "English only", "because scope"] {
            #expect(shown.contains(text))
        }
        let log = try box.ok("log", "--path", "src", in: "one").text
        #expect(log.contains("@2") && log.contains("@1"))
        #expect(try !box.ok("log", "--path", "docs/", in: "one").text.contains("@1"))
        let blame = try box.ok("blame", "a.txt", in: "one").text.split(separator: "\n")
        #expect(blame.count == 3)
        #expect(blame[0].hasPrefix("@1") && blame[1].hasPrefix("@2"))
        #expect(blame[1].contains("Add a greeting"))

        // Asking again is answered the same.
        #expect(try box.ok("session", "land", "--json", in: "one").data()["position"] as? Int == 2)
        #expect(try box.hif("fsck", in: "one").status == 0)
    }

    @Test func `a second workspace lands, and update merges with local edits`() throws {
        let box = Sandbox()
        try box.project(["a.txt": numbered(30)])
        try box.ok("checkout", "ana/app", "two")
        try box.write("two/a.txt", numbered(30, [25: "theirs"]))
        try box.ok("land", "Change the end", in: "two")
        try box.write("one/a.txt", numbered(30, [3: "ours"]))
        try box.write("one/new.txt", "untracked\n")
        let update = try box.ok("update", "--json", in: "one").data()
        #expect(update["position"] as? Int == 2)
        #expect(box.read("one/a.txt") == numbered(30, [3: "ours", 25: "theirs"]))
        #expect(box.read("one/new.txt") == "untracked\n")
        #expect(
            try box.ok("land", "Change the beginning", "--json", in: "one").data()["position"]
                as? Int == 3)
        // Landing behind the tip merges by itself.
        try box.write("two/a.txt", numbered(30, [15: "middle", 25: "theirs"]))
        let merged = try box.ok("land", "Change the middle", "--json", in: "two").data()
        #expect(merged["position"] as? Int == 4)
        #expect((merged["merged"] as? [Any])?.count == 1)
        #expect(box.read("two/a.txt") == numbered(30, [3: "ours", 15: "middle", 25: "theirs"]))
    }

    @Test func `a conflict is told with path, place and winner, and is settled`() throws {
        let box = Sandbox()
        try box.project(["a.txt": numbered(20)])
        try box.ok("checkout", "ana/app", "two")
        try box.write("two/a.txt", numbered(20, [5: "theirs"]))
        try box.ok("land", "Theirs", in: "two")
        try box.write("one/a.txt", numbered(20, [5: "ours"]))
        try box.ok("session", "start", "Ours", in: "one")
        for arguments in [["session", "land"], ["session", "land", "--dry-run"]] {
            let refused = try box.run(HifBinary.path, arguments + ["--json"], in: "one")
            #expect(refused.status == 3)
            try expectConflict(refused.error(), path: "a.txt", position: 2, line: 5)
        }
        let update = try box.hif("update", "--json", in: "one")
        #expect(update.status == 3)
        try expectConflict(update.error(), path: "a.txt", position: 2, line: 5)
        let marked = try #require(box.read("one/a.txt"))
        #expect(marked.contains("<<<<<<< yours") && marked.contains(">>>>>>> @2"))
        #expect(try box.ok("status", in: "one").text.contains("C  a.txt"))

        // Neither landing nor resolving goes through while the markers are there.
        #expect(try box.hif("session", "land", in: "one").status == 3)
        let resolve = try box.hif("session", "resolve", "--json", in: "one")
        #expect(resolve.status == 3)
        #expect(try resolve.error()["code"] as? String == "unresolved_conflicts")

        try box.write("one/a.txt", numbered(20, [5: "both"]))
        try box.ok("session", "resolve", in: "one")
        #expect(try box.ok("session", "land", "--json", in: "one").data()["position"] as? Int == 3)
        #expect(try box.ok("cat", "a.txt", in: "one").text == numbered(20, [5: "both"]))
    }

    @Test func `goto, revert and backout keep what is the user's`() throws {
        let box = Sandbox()
        try box.project(["a.txt": "1\n", "b.txt": "b\n"])
        try box.write("one/a.txt", "2\n")
        try box.write("one/new.txt", "new\n")
        try box.ok("land", "Second", in: "one")
        try box.write("one/b.txt", "edited\n")
        try box.ok("goto", "@1", in: "one")
        #expect(box.read("one/a.txt") == "1\n" && !box.exists("one/new.txt"))
        #expect(box.read("one/b.txt") == "edited\n")
        try box.ok("goto", "@latest", in: "one")
        #expect(box.read("one/new.txt") == "new\n")

        // A local edit that would be lost stops it.
        try box.write("one/a.txt", "mine\n")
        let refused = try box.hif("goto", "@1", "--json", in: "one")
        #expect(refused.status == 1)
        #expect(try refused.error()["code"] as? String == "in_the_way")
        #expect(box.read("one/a.txt") == "mine\n")
        let forced = try box.ok("goto", "@1", "--force", "--json", in: "one").data()
        let backup = try #require(forced["backup"] as? String)
        #expect(box.read("one/\(backup)/a.txt") == "mine\n")
        try box.ok("goto", "@latest", in: "one")

        let reverted = try box.ok("revert", "b.txt", "--json", in: "one").data()
        #expect(box.read("one/b.txt") == "b\n")
        #expect(box.read("one/\(try #require(reverted["backup"] as? String))/b.txt") == "edited\n")

        let out = try box.ok("backout", "@2", "breaks login", "--json", in: "one").data()
        #expect(out["position"] as? Int == 3)
        #expect(box.read("one/a.txt") == "1\n" && !box.exists("one/new.txt"))
        #expect(try box.ok("log", in: "one").text.contains("Back out @2: breaks login"))
        #expect(try box.ok("diff", "@1", "@3", "--exit-code", in: "one").output.isEmpty)
        #expect(try box.hif("diff", "@1", "@2", "--exit-code", in: "one").status == 1)
    }

    @Test func `only the named paths land, from the directory one stands in`() throws {
        let box = Sandbox()
        try box.project(["a.txt": "a\n", "src/b.txt": "b\n", "src/c.txt": "c\n"])
        for name in ["a.txt", "src/b.txt", "src/c.txt"] { try box.write("one/" + name, "edit\n") }
        try box.ok("land", "Only b", "b.txt", in: "one/src")
        let changes = try box.ok("status", "--json", in: "one").data()["changes"]
        let left = (changes as? [[String: Any]])?.compactMap { $0["path"] as? String }
        #expect(left == ["a.txt", "src/c.txt"])
        try box.ok("land", "All of it", ".", in: "one/src")
        let none = try box.ok("status", "--json", in: "one").data()["changes"] as? [Any]
        // "." is the directory one stands in.
        #expect(none?.count == 1)
    }

    @Test func `sessions are found by key and by the beginning of their id, and abandoned`() throws
    {
        let box = Sandbox()
        try box.project(["a.txt": "a\n"])
        let first = try box.ok("session", "start", "Goal", "--key", "k1", "--json", in: "one")
            .data()
        let again = try box.ok("session", "start", "Goal", "--key", "k1", "--json", in: "one")
            .data()
        #expect(first["session"] as? String == again["session"] as? String)
        let id = try #require(first["session"] as? String)
        #expect(try box.ok("session", "list", in: "one").text.contains(String(id.prefix(16))))
        let shown = try box.ok("session", "show", String(id.prefix(10)), "--json", in: "one").data()
        #expect(shown["session"] as? String == id && shown["state"] as? String == "open")
        try box.write("one/a.txt", "edited\n")
        try box.ok("session", "abandon", "another way", in: "one")
        #expect(box.read("one/a.txt") == "edited\n")
        #expect(try !box.ok("session", "list", in: "one").text.contains(String(id.prefix(16))))
        let closed = try box.ok("session", "show", id, "--json", in: "one").data()
        #expect(closed["state"] as? String == "abandoned")
    }

    @Test func `checkout finishes, repeats and refuses as expected`() throws {
        let box = Sandbox()
        try box.project(["a.txt": "a\n"])
        #expect(try box.ok("checkout", "ana/app").text.contains("@1"))
        #expect(try box.ok("checkout", "ana/app").text.contains("already"))
        try box.ok("clone", "ana/app", "old", "--at", "@1")
        try box.write("full/x", "x")
        let full = try box.hif("checkout", "ana/app", "full", "--json")
        #expect(try full.error()["code"] as? String == "in_the_way")
        #expect(!box.exists("full/.hif"))
        // Beside a git checkout of the same files it is welcome.
        try box.write("git/.git/config", "")
        try box.write("git/a.txt", "a\n")
        try box.ok("checkout", "ana/app", "git")
        #expect(
            try (box.ok("status", "--json", in: "git").data()["changes"] as? [Any])?.isEmpty == true
        )
        // With other content nothing happens, and no trace is left.
        try box.write("other/.git/config", "")
        try box.write("other/a.txt", "mine\n")
        #expect(try box.hif("checkout", "ana/app", "other").status == 1)
        #expect(box.read("other/a.txt") == "mine\n" && !box.exists("other/.hif"))
    }
}

/// Lines `line 1` to `line <count>`, some replaced.
func numbered(_ count: Int, _ replaced: [Int: String] = [:]) -> String {
    (1...count).map { (replaced[$0] ?? "line \($0)") + "\n" }.joined()
}

/// One conflict, in this file at this line, against that landing.
func expectConflict(
    _ error: [String: Any], path: String, position: Int, line: Int,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    #expect(error["code"] as? String == "path_conflict", sourceLocation: sourceLocation)
    let details = error["details"] as? [String: Any]
    let conflicts = try #require(
        details?["conflicts"] as? [[String: Any]], sourceLocation: sourceLocation)
    #expect(conflicts.count == 1, sourceLocation: sourceLocation)
    #expect(conflicts[0]["path"] as? String == path, sourceLocation: sourceLocation)
    #expect(conflicts[0]["position"] as? Int == position, sourceLocation: sourceLocation)
    let hunks = conflicts[0]["hunks"] as? [[String: [String: Int]]]
    #expect(hunks?.count == 1, sourceLocation: sourceLocation)
    #expect(hunks?.first?["ours"] == ["start": line, "count": 1], sourceLocation: sourceLocation)
}
