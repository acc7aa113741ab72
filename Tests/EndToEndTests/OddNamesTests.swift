import Foundation
import Testing

/// Names and texts that are no good English.
@Suite struct OddNamesTests {
    @Test func `paths with blanks, line feeds and bytes that are no text land and come back`()
        throws
    {
        let box = Sandbox()
        try box.project(["plain.txt": "x\n"])
        let script = """
            set -e
            cd one
            printf 'a\\n' > 'with space.txt'
            printf 'b\\n' > "$(printf 'line\\nfeed')"
            printf 'c\\n' > "$(printf 'bad\\377name')"
            mkdir -p "$(printf 'd\\303\\274r')"
            printf 'd\\n' > "$(printf 'd\\303\\274r/\\360\\237\\220\\242')"
            "$HIF" status
            "$HIF" diff > ../patch
            "$HIF" land 'Odd names' "$(printf 'bad\\377name')" 'with space.txt'
            "$HIF" land 'The rest'
            "$HIF" cat "$(printf 'bad\\377name')" > ../cat
            "$HIF" blame "$(printf 'bad\\377name')" --json > ../blame
            cd .. && "$HIF" checkout ana/app two
            diff -r -x .hif one two
            mkdir git && cd git && git apply ../patch && cat "$(printf 'bad\\377name')"
            """
        let result = try box.run("sh", ["-c", script], environment: ["HIF": HifBinary.path])
        #expect(result.status == 0, "\(result.errors)\(result.text)")
        #expect(box.read("cat") == "c\n")
        #expect(result.text.contains("A  line\\nfeed"))
        #expect(result.text.contains("A  bad\\xffname"))
        let changes = try box.ok("show", "@2", "--json", in: "one").data()["changes"]
        let bad = (changes as? [[String: Any]])?.first { $0["path_b64"] != nil }
        #expect(
            bad?["path_b64"] as? String
                == Data([0x62, 0x61, 0x64, 0xFF] + Array("name".utf8))
                .base64EncodedString())
    }

    @Test func `a terminal escape in a goal, a note or a name never reaches the terminal`() throws {
        let box = Sandbox()
        let escape = "\u{1B}]0;owned\u{7}\u{202E}"
        try box.project(["x\(escape).txt": "a\n"])
        try box.ok("session", "start", "Goal \(escape)", in: "one")
        try box.ok("session", "note", "Note \(escape)", in: "one")
        try box.write("one/y\(escape)", "b\n")
        for arguments in [
            ["status"], ["session", "status"], ["session", "show"], ["session", "list"],
            ["diff", "--stat"], ["session", "land"], ["log"], ["show"], ["ls"],
            ["blame", "x\(escape).txt"], ["cat", "none\(escape)"],
            ["land", "a\(escape)", "b\(escape)"],
            ["\(escape)"], ["checkout", "a/\(escape)"],
        ] {
            let result = try box.run(HifBinary.path, arguments, in: "one")
            let all = result.text + result.errors
            #expect(!all.contains("\u{1B}") && !all.contains("\u{202E}"), "\(arguments)")
        }
        // A program gets the text as it is.
        let goal = try box.ok("log", "--json", in: "one").data()["landings"] as? [[String: Any]]
        #expect(goal?.first?["goal"] as? String == "Goal \(escape)")
    }

    @Test func `links and executable bits come back, and a link in the way is not followed`() throws
    {
        let box = Sandbox()
        try box.project(["run.sh": "#!/bin/sh\n", "dir/file.txt": "f\n"])
        let script = """
            set -e
            chmod +x one/run.sh && ln -s run.sh one/link
            cd one && "$HIF" status && "$HIF" land 'Bits' && cd ..
            "$HIF" checkout ana/app two && test -x two/run.sh && test "$(readlink two/link)" = run.sh
            mkdir outside && rm -r two/dir && ln -s ../outside two/dir
            cd one && echo more > dir/file.txt && "$HIF" land 'More' && cd ../two
            ! "$HIF" write dir/file.txt - < /dev/null
            """
        let result = try box.run("sh", ["-c", script], environment: ["HIF": HifBinary.path])
        #expect(result.status == 0, "\(result.errors)\(result.text)")
        #expect(result.text.contains("T  run.sh"))
        #expect(!box.exists("outside/file.txt"))
        _ = try box.hif("update", in: "two")
        #expect(!box.exists("outside/file.txt"))
    }
}
