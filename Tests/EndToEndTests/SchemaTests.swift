import Foundation
import Testing

/// Answers in JSON have the shape that `hif schema` publishes, and published shapes stay.
@Suite struct SchemaTests {
    @Test func `every answer has the shape of its schema`() throws {
        let box = Sandbox()
        var seen: Set<String> = []
        func check(_ arguments: String..., in directory: String = "one", status: Int32 = 0) throws {
            let result = try box.run(HifBinary.path, arguments + ["--json"], in: directory)
            #expect(result.status == status, "\(arguments): \(result.text)")
            #expect(result.errors.isEmpty, "\(result.errors)")
            let envelope = try result.json()
            let command = try #require(envelope["command"] as? String, "\(result.text)")
            seen.insert(command)
            let words = command.split(separator: " ").map(String.init)
            let schema = try JSONSerialization.jsonObject(
                with: Data(box.run(HifBinary.path, ["schema"] + words).output))
            for problem in SchemaCheck.problems(envelope, schema) {
                Issue.record("\(arguments): \(problem)\n\(result.text)")
            }
            #expect(keysAreSorted(result.output), "\(result.text)")
        }
        try box.makeDirectory("one")
        try check("init", "ana/app")
        try box.write("one/a.txt", "a\n")
        try check("land", "First", "--dry-run")
        try check("land", "First")
        try check("project", "create", "ana/other")
        try check("project", "list")
        try check("checkout", "ana/app", "two", in: "")
        try check("clone", "ana/app", "three", in: "")
        try check("session", "start", "Goal", "--key", "k")
        try check("session", "note", "Note")
        try check("session", "decide", "What", "--why", "Why")
        try box.write("one/a.txt", "b\n")
        try check("session", "comment", "Measured?", "--on", "d1")
        try check("session", "comment", "Long", "--line", "a.txt:1")
        try check("session", "review", "d1", "object", "Not yet")
        try check("session", "review", "d1", "approve")
        try check("session", "status")
        try check("session", "show")
        try check("session", "list")
        try check("session", "abandon", "--dry-run")
        try check("status")
        try check("diff")
        try check("session", "land")
        try check("write", "a.txt", "-")
        try box.write(
            "edits.json", #"{"edits": [{"op": "write", "path": "a.txt", "content": "e\n"}]}"#)
        try check("apply", "../edits.json")
        try check("revert", "a.txt")
        for words in [
            ["log"], ["show", "@2"], ["show", "@2", "--patch"], ["blame", "a.txt"],
            ["cat", "a.txt"], ["ls"], ["goto", "@1", "--dry-run"], ["goto", "@1"],
            ["goto", "@latest"], ["fsck"], ["schema"], ["schema", "land"], ["skill"],
        ] {
            switch words.count {
            case 1: try check(words[0])
            case 2: try check(words[0], words[1])
            default: try check(words[0], words[1], words[2])
            }
        }
        try check("backout", "@2", "why")
        try box.write("one/a.txt", "z\n")
        try box.ok("land", "Another", in: "one")
        try box.write("two/a.txt", "c\n")
        try check("land", "Conflicting", in: "two", status: 3)
        try check("update", in: "two", status: 3)
        try check("session", "resolve", "--dry-run", "--force", in: "two")
        try check("session", "resolve", "--force", in: "two")
        try check("update", in: "three")
        try check("session", "start", "Again", in: "three")
        try check("session", "abandon", in: "three")
        try check("status", in: "", status: 5)

        let all = try box.ok("schema").text.split(separator: "\n").map(String.init)
        let unseen = Set(all).subtracting(seen)
            .subtracting(["auth login", "auth status", "auth logout", "import", "export"])
        #expect(unseen.isEmpty, "no answer of these was looked at: \(unseen.sorted())")
    }

    @Test func `a stream is one JSON object per line`() throws {
        let box = Sandbox()
        try box.project(["a.txt": "a\n"])
        try box.write("one/a.txt", "b\n")
        try box.ok("land", "Second", in: "one")
        let lines = try box.ok("log", "--stream", in: "one").text.split(separator: "\n")
        #expect(lines.count == 2)
        for line in lines {
            let value = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            #expect(value?["goal"] is String && value?["time"] is String)
        }
    }

    @Test func `pages of the log follow each other`() throws {
        let box = Sandbox()
        try box.project(["a.txt": "0\n"])
        for number in 1...4 {
            try box.write("one/a.txt", "\(number)\n")
            try box.ok("land", "Number \(number)", in: "one")
        }
        var goals: [String] = []
        var cursor: Int?
        repeat {
            let words =
                ["log", "--json", "--limit", "2"] + (cursor.map { ["--cursor", "\($0)"] } ?? [])
            let data = try box.run(HifBinary.path, words, in: "one").data()
            goals += (data["landings"] as? [[String: Any]] ?? []).compactMap {
                $0["goal"] as? String
            }
            cursor = data["next_cursor"] as? Int
            #expect(data["truncated"] as? Bool == (cursor != nil))
        } while cursor != nil
        #expect(goals == ["Number 4", "Number 3", "Number 2", "Number 1", "First files"])
    }

    /// `RECORD=1` writes them anew; read the difference: fields are only ever added.
    @Test func `published schemas are those that were frozen`() throws {
        let box = Sandbox()
        var lines = ""
        for command in try box.ok("schema").text.split(separator: "\n") {
            let words = command.split(separator: " ").map(String.init)
            lines += try box.run(HifBinary.path, ["schema"] + words).text
        }
        try compare(lines, with: "Tests/EndToEndTests/Golden/schemas.jsonl")
    }

    @Test func `the reference of commands is what the commands say`() throws {
        let box = Sandbox()
        var text = """
            # The commands of hif

            What `hif help COMMAND` prints, for all of them. Written by the tests with `RECORD=1`.


            """
        func add(_ words: [String]) throws {
            let help = try box.run(HifBinary.path, ["help"] + words, environment: ["COLUMNS": "80"])
            text += "## hif \(words.joined(separator: " "))\n\n```\n\(help.text)```\n\n"
        }
        let intro = try box.ok("help").text
        text += "```\n\(intro)```\n\n"
        for command in try box.ok("schema").text.split(separator: "\n") {
            try add(command.split(separator: " ").map(String.init))
        }
        while text.hasSuffix("\n\n") { text.removeLast() }
        let clean = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
        try compare(clean, with: "docs/cli-reference.md")
    }

    private func compare(_ text: String, with name: String) throws {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(name)
        if ProcessInfo.processInfo.environment["RECORD"] == "1" {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        let kept = (try? Data(contentsOf: url)).map { String(decoding: $0, as: UTF8.self) }
        #expect(kept == text, "\(name) differs: run with RECORD=1 and read the difference")
    }

    /// Whether the keys of every object stand in order, told from the bytes.
    private func keysAreSorted(_ bytes: [UInt8]) -> Bool {
        guard let value = try? JSONSerialization.jsonObject(with: Data(bytes)),
            let sorted = try? JSONSerialization.data(
                withJSONObject: value, options: [.sortedKeys, .withoutEscapingSlashes])
        else { return false }
        let ours = String(decoding: bytes, as: UTF8.self).filter { $0 != "\n" }
        let theirs = String(decoding: sorted, as: UTF8.self)
        return ours == theirs
    }
}

/// As much of JSON Schema as `hif schema` uses.
enum SchemaCheck {
    static func problems(_ value: Any, _ schema: Any, at path: String = "$") -> [String] {
        guard let schema = schema as? [String: Any] else { return ["\(path): no schema"] }
        for key in ["oneOf", "anyOf"] {
            guard let choices = schema[key] as? [Any] else { continue }
            let all = choices.map { problems(value, $0, at: path) }
            return all.contains { $0.isEmpty } ? [] : all.min { $0.count < $1.count } ?? []
        }
        if let words = schema["enum"] as? [String] {
            return words.contains(value as? String ?? "")
                ? [] : ["\(path): \(value) not in \(words)"]
        }
        switch schema["type"] as? String {
        case "string": return value is String ? [] : ["\(path): not a string"]
        case "integer": return value is Int ? [] : ["\(path): not an integer"]
        case "boolean": return value is Bool ? [] : ["\(path): not a boolean"]
        case "null": return value is NSNull ? [] : ["\(path): not null"]
        case "array":
            guard let values = value as? [Any] else { return ["\(path): not an array"] }
            return values.enumerated().flatMap {
                problems($1, schema["items"] ?? [:], at: "\(path)[\($0)]")
            }
        case "object":
            guard let fields = value as? [String: Any] else { return ["\(path): not an object"] }
            let properties = schema["properties"] as? [String: Any] ?? [:]
            let required = schema["required"] as? [String] ?? []
            var result = required.filter { fields[$0] == nil }.map { "\(path).\($0) is missing" }
            for (name, field) in fields {
                if let inner = properties[name] {
                    result += problems(field, inner, at: "\(path).\(name)")
                } else if !properties.isEmpty, path.hasPrefix("$.data") {
                    result.append("\(path).\(name) is not published")
                }
            }
            return result
        default: return []
        }
    }
}
