import Foundation
import Testing

/// Many processes landing into one project at once.
@Suite struct ConcurrencyTests {
    static let writers = 20

    /// Ten edit one file in different places, two another in the same place, eight files of their
    /// own.
    @Test func `twenty landings at once: each its own position, no edit lost, only real conflicts`()
        throws
    {
        let box = Sandbox()
        try box.project(["shared.txt": numbered(120), "same.txt": numbered(20)])
        for writer in 0..<Self.writers {
            try box.ok("checkout", "ana/app", "w\(writer)")
            switch writer {
            case 0..<10:
                try box.write(
                    "w\(writer)/shared.txt", numbered(120, [writer * 10 + 5: "by \(writer)"]))
            case 10..<12:
                try box.write("w\(writer)/same.txt", numbered(20, [7: "by \(writer)"]))
            default:
                try box.write("w\(writer)/own/\(writer).txt", "by \(writer)\n")
            }
        }
        let processes = try (0..<Self.writers).map { writer in
            try box.start(
                HifBinary.path, ["land", "Edit \(writer)", "--json"], in: "w\(writer)")
        }
        let results = processes.map { $0.wait() }
        var positions: Set<Int> = []
        var refused: [Int] = []
        for (writer, result) in results.enumerated() {
            if result.status == 3 {
                refused.append(writer)
            } else {
                let position = try #require(
                    try result.data()["position"] as? Int, "writer \(writer)")
                #expect(positions.insert(position).inserted, "@\(position) given twice")
            }
        }
        #expect(positions == Set(2...Self.writers))
        let loser = try #require(refused.first)
        #expect(
            refused.count == 1 && (10..<12).contains(loser),
            "\(refused.map { "\($0): \(results[$0].text)" })")
        let winner = try #require(
            try results[loser == 10 ? 11 : 10].data()["position"] as? Int)
        try expectConflict(results[loser].error(), path: "same.txt", position: winner, line: 7)

        // The loser settles it.
        #expect(try box.hif("update", in: "w\(loser)").status == 3)
        try box.write("w\(loser)/same.txt", numbered(20, [7: "by 10 and 11"]))
        try box.ok("session", "resolve", in: "w\(loser)")
        let last = try box.ok("land", "Edit \(loser)", "--json", in: "w\(loser)").data()
        #expect(last["position"] as? Int == Self.writers + 1)

        try box.ok("checkout", "ana/app", "all")
        let places = Dictionary(uniqueKeysWithValues: (0..<10).map { ($0 * 10 + 5, "by \($0)") })
        #expect(box.read("all/shared.txt") == numbered(120, places))
        #expect(box.read("all/same.txt") == numbered(20, [7: "by 10 and 11"]))
        for writer in 12..<Self.writers {
            #expect(box.read("all/own/\(writer).txt") == "by \(writer)\n")
        }
        for writer in 0..<Self.writers {
            try box.ok("update", in: "w\(writer)")
            try box.ok("fsck", in: "w\(writer)")
            #expect(box.read("w\(writer)/shared.txt") == numbered(120, places))
        }
    }

    @Test func `commands at once in one workspace wait for each other`() throws {
        let box = Sandbox()
        try box.project(["a.txt": "a\n"])
        let processes = try (0..<6).map { number in
            try box.write("one/f\(number)", "f\n")
            return try box.start(
                HifBinary.path, ["land", "Land \(number)", "f\(number)", "--json"], in: "one")
        }
        let looking = try (0..<6).map { _ in
            try box.start(HifBinary.path, ["status", "--json"], in: "one")
        }
        let positions = try processes.map { try $0.wait().data()["position"] as? Int ?? 0 }
        #expect(positions.sorted() == Array(2...7))
        for process in looking { _ = try process.wait().data() }
    }
}
