import HifCore
import HifRepository
import HifStore
import Support
import Testing

/// Everything that is not log, pack or session event can go, and nothing is answered differently.
@Suite struct DerivedTests {
    @Test func `trees are the same whichever checkpoints are missing`() async throws {
        let project = try await DerivedProject(landings: 15, paths: 350, hasContent: false)
        let checkpoints = try await project.keys("ckpt/")
        #expect(checkpoints.count == 5)
        let expected = try await DerivedProject.trees(in: project.store, step: 2)
        for missing in [Set(checkpoints)] + checkpoints.map({ [$0] })
            + [[checkpoints[1], checkpoints[3]], Set(checkpoints.dropLast())]
        {
            let copy = try await project.copy { key, bytes in missing.contains(key) ? nil : bytes }
            #expect(
                try await DerivedProject.trees(in: copy, step: 2) == expected,
                "without \(missing.sorted())")
        }
    }

    @Test func `missing checkpoints are built again, as they were`() async throws {
        let project = try await DerivedProject(landings: 15, paths: 350, hasContent: false)
        let checkpoints = try await project.keys("ckpt/")
        for missing in [checkpoints.suffix(1), checkpoints.suffix(3), checkpoints[...]] {
            let copy = try await project.copy { key, bytes in missing.contains(key) ? nil : bytes }
            // Whoever wants to write makes up for what is missing at the end.
            let repository = Repository(store: copy, world: TestProject.world(seed: 4))
            #expect(try await repository.keepUp())
            for key in checkpoints {
                let expected = try await project.store.get(ObjectKey(key)).bytes
                #expect(try await copy.get(ObjectKey(key)).bytes == expected, "\(key)")
            }
        }
    }

    @Test func `contents are the same whichever derived objects are missing or damaged`()
        async throws
    {
        let project = try await DerivedProject(landings: 70, paths: 16, hasContent: true)
        let expected = try await DerivedProject.contents(in: project.store)
        #expect(expected.count == 70 * 16)
        #expect(try await project.keys("obj/").count == 2)
        #expect(try await project.keys("ckpt/").count == 1)
        let changes: [(name: String, change: (String, [UInt8]) -> [UInt8]?)] = [
            ("no runs", { $0.hasPrefix("obj/") ? nil : $1 }),
            ("first run missing", { $0 == "obj/0/1/0000000000000000" ? nil : $1 }),
            ("runs truncated", { $0.hasPrefix("obj/") ? Array($1.dropLast(5)) : $1 }),
            ("runs empty", { $0.hasPrefix("obj/") ? [] : $1 }),
            (
                "a bit of a run flipped",
                { key, bytes in
                    guard key.hasPrefix("obj/") else { return bytes }
                    var bytes = bytes
                    bytes[200] ^= 4
                    return bytes
                }
            ),
            (
                "nothing derived at all",
                { key, bytes in
                    ["obj/", "ckpt/", "hint", "open/"].contains { key.hasPrefix($0) } ? nil : bytes
                }
            ),
        ]
        for (name, change) in changes {
            let copy = try await project.copy(change)
            #expect(try await DerivedProject.contents(in: copy) == expected, "\(name)")
        }
    }

    @Test func `an old tree can be read while others land`() async throws {
        let project = try await TestProject()
        for number in 1...3 {
            _ = try await project.land(UInt64(number), [("f\(number)", nil, "\(number)")])
        }
        let reader = project.reopened()
        #expect(
            try await Lander(reader).land(try TestProject.request(9, [("x", nil, "x")])).position
                == 4)
        let newest = try await reader.newest()
        let old = try await reader.tree(at: 2, newest: newest)
        // The same process lands before the tree it was given is read.
        let landed = try await Lander(reader).land(try TestProject.request(10, [("y", nil, "y")]))
        #expect(landed.position == 5)
        let entries = try await reader.trees.reading(newest: newest) { nodes throws(TreeError) in
            try ProllyTree.empty.diff(to: old, in: nodes)
        }
        #expect(entries.map(\.path.description) == ["f1", "f2"])
    }
}
