import HifCore
import HifRepository
import HifStore
import Support
import Testing

/// The two ways to tell positions apart: by the operations between them, and by their trees.
@Suite struct BetweenTests {
    @Test func `operations composed are the difference of the trees`() async throws {
        for seed: UInt64 in 1...20 {
            let project = try await TestProject(seed: seed)
            var random = SeededGenerator(seed: seed)
            var model = Model()
            let count = 25
            for number in 1...count {
                let operations = try model.operations(&random)
                let answer = try await project.repository.submit(
                    TestIntent.land(
                        UInt64(number), operations, createdPosition: Position(number - 1)))
                #expect(answer.position == Position(number), "seed \(seed): \(answer)")
            }
            let repository = project.reopened()
            let newest = try await repository.newest()
            for _ in 0..<30 {
                let from = Position(random.below(count + 1))
                let to = Position(random.below(count + 1))
                let first = try await repository.tree(at: from, newest: newest)
                let second = try await repository.tree(at: to, newest: newest)
                let expected = try await repository.trees.reading(newest: newest) {
                    nodes throws(TreeError) in
                    try first.diff(to: second, in: nodes)
                }
                let between = try #require(
                    try await repository.operations(
                        from: min(from, to) + 1, through: max(from, to), operationsMax: 10_000))
                let composed = TreeChange.composing(between)
                #expect(
                    (from <= to ? composed : composed.map(\.inverse)) == expected,
                    "seed \(seed), @\(from) to @\(to)")
            }
        }
    }

    @Test func `too many operations are not read, and a position to come is an error`()
        async throws
    {
        let project = try await TestProject()
        for number in 1...3 {
            _ = try await project.land(
                UInt64(number), [("a\(number)", nil, "1"), ("b\(number)", nil, "1")])
        }
        let repository = project.reopened()
        #expect(
            try await repository.operations(from: 2, through: 3, operationsMax: 4)?.count == 4)
        #expect(try await repository.operations(from: 2, through: 3, operationsMax: 3) == nil)
        #expect(try await repository.operations(from: 3, through: 2, operationsMax: 3) == [])
        await #expect(throws: ReadError.self) {
            try await repository.operations(from: 2, through: 4, operationsMax: 10)
        }
    }

    @Test func `contents are found where they are, asked for once or again`() async throws {
        let project = try await DerivedProject(landings: 70, paths: 3, hasContent: true)
        let asked = Repository(store: project.store, world: TestProject.world(seed: 5))
        let newest = try await asked.newest()
        var ids: [Hash] = []
        for number in 0..<70 {
            for path in 0..<3 { ids.append(TestProject.leaf("t\(number) \(path)").hash) }
        }
        let all = try await asked.index.locations(of: ids, upTo: newest.epoch)
        #expect(all.count == ids.count)
        let nowhere = TestProject.leaf("nowhere").hash
        for id in ids + [nowhere] {
            let fresh = Repository(store: project.store, world: TestProject.world(seed: 6))
            let once = try await fresh.index.locations(of: [id], upTo: newest.epoch)
            #expect(once[id] == all[id])
            #expect(try await fresh.index.locations(of: [id], upTo: newest.epoch) == once)
            #expect(try await asked.index.locations(of: [id], upTo: newest.epoch) == once)
            for position: Position in [0, 1, 31, 33, 70] {
                // Found from whichever position one asks, also what landed after it.
                let there = try await asked.locations(of: [id], at: position, newest: newest)
                #expect(there == once, "from @\(position)")
            }
        }
    }
}

/// What stands in a project, to make operations that land.
private struct Model {
    private static let names = ["a", "b", "a/x", "a/y", "b/x", "b/x/z", "c", "c/\u{1}", "c.d"]
    private var leaves: [String: Leaf] = [:]

    private func isBelowNoFile(_ name: String) -> Bool {
        leaves.allSatisfy { !name.hasPrefix($0.key + "/") || $0.value.kind == .directory }
    }

    private func isFree(_ name: String) -> Bool {
        isBelowNoFile(name) && leaves.keys.allSatisfy { !$0.hasPrefix(name + "/") }
    }

    /// One to four operations; some bring back what stood at a path before.
    mutating func operations(_ random: inout SeededGenerator) throws -> [HifCore.Operation] {
        var operations: [HifCore.Operation] = []
        let wanted = 1 + random.below(4)
        var names = Model.names.shuffled(using: &random)[...]
        while operations.count < wanted, let name = names.popFirst() {
            let before = leaves[name]
            if let before, before.isFile, random.below(8) == 0 {
                // What is there already: recorded with the landing, and nothing else.
                operations.append(
                    try TestIntent.operation(name, TestProject.leaf("gone"), before))
                continue
            }
            let after: Leaf?
            switch random.below(6) {
            case 0: after = nil
            case 1: after = .explicitDirectory
            case let number: after = TestProject.leaf("\(number)")
            }
            guard after != before else { continue }
            // A file has nothing below it, and nothing stands below a file.
            if after == nil || after?.kind == .directory && isBelowNoFile(name) || isFree(name) {
                leaves[name] = after
                operations.append(try TestIntent.operation(name, before, after))
            }
        }
        guard operations.isEmpty else { return operations }
        // Everything was taken: a path of its own.
        let name = "spare"
        let before = leaves[name]
        let after = TestProject.leaf(before == nil ? "here" : "\(before!.hash.word0 % 7)")
        leaves[name] = after
        return [try TestIntent.operation(name, before, after)]
    }
}
