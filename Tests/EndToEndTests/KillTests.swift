import Foundation
import Support
import Testing

/// `kill -9` at random moments: running the command again finishes, and nothing is lost or doubled.
/// `HIF_KILLS` is the number of rounds, `HIF_SEED` the seed.
@Suite(.serialized) struct KillTests {
    static let rounds =
        ProcessInfo.processInfo.environment["HIF_KILLS"].flatMap { Int($0) } ?? 20
    static let seed =
        ProcessInfo.processInfo.environment["HIF_SEED"].flatMap { UInt64($0) }
        ?? UInt64.random(in: 0..<1_000_000)
    static let fileCount = 120

    @Test func `whatever is killed is made up for by the next command`() throws {
        let box = Sandbox()
        var random = SeededGenerator(seed: Self.seed)
        var files: [String: String] = ["edited.txt": numbered(40), "quiet.txt": "quiet\n"]
        for number in 0..<Self.fileCount {
            files["d\(number % 7)/f\(number).txt"] = "1 of \(number)\n"
        }
        try box.project(files)
        for number in 0..<Self.fileCount where number % 2 == 0 {
            try box.write("one/d\(number % 7)/f\(number).txt", "2 of \(number)\n")
        }
        for number in 0..<10 { try box.write("one/new/n\(number)", "new \(number)\n") }
        for number in 0..<5 { try box.remove("one/d\(number)/f\(number).txt") }
        try box.write("one/edited.txt", numbered(40, [30: "theirs"]))
        try box.ok("land", "Second", in: "one")
        let first = try contents(box, at: "@1")
        let second = try contents(box, at: "@2")

        for round in 0..<Self.rounds {
            let what = "round \(round) of seed \(Self.seed)"
            switch round % 4 {
            case 0: try checkout(box, round, second, &random, what)
            case 1: try goto(box, round, first, &random, what)
            case 2: try update(box, round, second, &random, what)
            default: try land(box, round, &random, what)
            }
        }
    }

    /// What a checkout of the position holds.
    private func contents(_ box: Sandbox, at position: String) throws -> [String: String] {
        try box.ok("checkout", "ana/app", "ref", "--at", position)
        defer { try? box.remove("ref") }
        return snapshot(box, "ref")
    }

    private func snapshot(_ box: Sandbox, _ directory: String) -> [String: String] {
        var files: [String: String] = [:]
        for name in FileManager.default.enumerator(atPath: box.path + "/" + directory)?.allObjects
            as? [String] ?? []
        where !name.hasPrefix(".hif") {
            var isDirectory: ObjCBool = false
            let path = directory + "/" + name
            _ = FileManager.default.fileExists(
                atPath: box.path + "/" + path, isDirectory: &isDirectory)
            if !isDirectory.boolValue { files[name] = box.read(path) }
        }
        return files
    }

    /// Runs the command, ends it after up to `millisMax`, and says whether it had ended by itself.
    private func killed(
        _ box: Sandbox, _ arguments: [String], in directory: String, millisMax: UInt64,
        _ random: inout SeededGenerator
    ) throws {
        let process = try box.start(HifBinary.path, arguments, in: directory)
        usleep(UInt32(random.next() % (millisMax * 1000)))
        process.kill()
        _ = process.wait()
    }

    private func expectClean(_ box: Sandbox, _ directory: String, _ what: String) throws {
        let check = try box.hif("fsck", in: directory)
        #expect(check.status == 0, "\(what): \(check.text)\(check.errors)")
    }

    private func changes(_ box: Sandbox, _ directory: String) throws -> [String] {
        let changes = try box.ok("status", "--json", in: directory).data()["changes"]
        return (changes as? [[String: Any]] ?? []).compactMap { $0["path"] as? String }.sorted()
    }

    private func checkout(
        _ box: Sandbox, _ round: Int, _ expected: [String: String],
        _ random: inout SeededGenerator, _ what: String
    ) throws {
        let name = "k\(round)"
        let command = ["checkout", "ana/app", name, "--at", "@2"]
        for _ in 0..<1 + random.next() % 3 {
            try killed(box, command, in: "", millisMax: 250, &random)
        }
        let again = try box.run(HifBinary.path, command)
        #expect(again.status == 0, "\(what): \(again.errors)")
        #expect(snapshot(box, name) == expected, "\(what)")
        #expect(try changes(box, name).isEmpty, "\(what)")
        try expectClean(box, name, what)
        try box.remove(name)
    }

    private func goto(
        _ box: Sandbox, _ round: Int, _ expected: [String: String],
        _ random: inout SeededGenerator, _ what: String
    ) throws {
        let name = "k\(round)"
        try box.ok("checkout", "ana/app", name, "--at", "@2")
        try box.write(name + "/quiet.txt", "my edit\n")
        try box.write(name + "/untracked", "mine\n")
        for _ in 0..<1 + random.next() % 3 {
            try killed(box, ["goto", "@1"], in: name, millisMax: 200, &random)
        }
        // Looking never fails, whatever is half done.
        #expect(try box.hif("status", in: name).status == 0, "\(what)")
        let again = try box.hif("goto", "@1", in: name)
        #expect(again.status == 0, "\(what): \(again.errors)")
        var wanted = expected
        wanted["quiet.txt"] = "my edit\n"
        wanted["untracked"] = "mine\n"
        #expect(snapshot(box, name) == wanted, "\(what)")
        #expect(try changes(box, name) == ["quiet.txt", "untracked"], "\(what)")
        try expectClean(box, name, what)
        try box.remove(name)
    }

    private func update(
        _ box: Sandbox, _ round: Int, _ expected: [String: String],
        _ random: inout SeededGenerator, _ what: String
    ) throws {
        let name = "k\(round)"
        try box.ok("checkout", "ana/app", name, "--at", "@1")
        try box.write(name + "/edited.txt", numbered(40, [3: "mine"]))
        try box.write(name + "/quiet.txt", "my edit\n")
        try box.write(name + "/untracked", "mine\n")
        for _ in 0..<1 + random.next() % 3 {
            try killed(box, ["update"], in: name, millisMax: 200, &random)
        }
        let again = try box.hif("update", in: name)
        #expect(again.status == 0, "\(what): \(again.errors)")
        let files = snapshot(box, name)
        #expect(files["edited.txt"] == numbered(40, [3: "mine", 30: "theirs"]), "\(what)")
        #expect(files["quiet.txt"] == "my edit\n" && files["untracked"] == "mine\n", "\(what)")
        for (path, text) in expected where path != "edited.txt" && path != "quiet.txt" {
            #expect(files[path] == text, "\(what): \(path)")
        }
        #expect(
            try changes(box, name) == ["edited.txt", "quiet.txt", "untracked"], "\(what)")
        try expectClean(box, name, what)
        try box.remove(name)
    }

    private func land(
        _ box: Sandbox, _ round: Int, _ random: inout SeededGenerator, _ what: String
    ) throws {
        let name = "k\(round)"
        try box.ok("checkout", "ana/app", name)
        let mine = "landed/r\(round).txt"
        try box.write(name + "/" + mine, "round \(round)\n")
        let command = ["land", "Round \(round)"]
        try killed(box, command, in: name, millisMax: 200, &random)
        // An edit made before anybody found out what became of it.
        try box.write(name + "/\(mine)", "round \(round)\nand more\n")
        try box.write(name + "/later-\(round).txt", "later\n")
        let again = try box.run(HifBinary.path, command, in: name)
        #expect(again.status == 0, "\(what): \(again.errors)")
        #expect(box.read(name + "/" + mine) == "round \(round)\nand more\n", "\(what)")
        #expect(box.read(name + "/later-\(round).txt") == "later\n", "\(what)")
        if try !changes(box, name).isEmpty { try box.ok("land", "Rest of \(round)", in: name) }
        try expectClean(box, name, what)
        let stored = try box.ok("cat", mine, "--at", "@latest", in: name).text
        #expect(stored == "round \(round)\nand more\n", "\(what)")
        // Each landing changed something: what landed twice would be a landing of nothing.
        let landings = try box.ok("log", "--path", mine, "--json", in: name).data()["landings"]
        for landing in landings as? [[String: Any]] ?? [] {
            let position = try #require(landing["position"] as? Int)
            let changed =
                try box.ok(
                    "diff", "@\(position - 1)", "@\(position)", "--json", in: name
                ).data()["changes"] as? [Any]
            #expect(changed?.isEmpty == false, "\(what): @\(position)")
        }
        #expect((landings as? [Any] ?? []).count <= 2, "\(what)")
        try box.remove(name)
    }
}
