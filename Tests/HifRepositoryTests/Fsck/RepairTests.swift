import HifCore
import HifRepository
import HifStore
import Support
import Testing

/// Any one object of a store may go bad: it is found, named, and made good from a copy.
@Suite struct RepairTests {
    enum Harm: CaseIterable { case flipped, truncated, deleted }

    /// The same store, with everything in it that a project has: compacted content, some that landed
    /// since, an open session with a draft, and what is derived.
    private static func made(seed: UInt64) async throws -> (
        store: MemoryStore, project: CompactedProject
    ) {
        let store = MemoryStore()
        var project = try await CompactedProject(seed: seed, store: store)
        try await project.land(32, largeEvery: 30)
        _ = try await project.opened(seed: 7).compact(level: 1)
        _ = try await project.opened(seed: 8).collect()
        try await project.land(6)
        let open = TestProject.session(7_000)
        try await project.opened().sessions.markOpen(open)
        for number in 0..<UInt64(3) {
            _ = try await project.opened().append(SessionLogTests.event(number), to: open)
        }
        try await CollectionTests.store(
            CollectionTests.pack(of: open, "a draft"), in: store)
        return (store, project)
    }

    @Test(arguments: Harm.allCases)
    func `each object that goes bad is named, and repaired from a copy`(
        harm: Harm
    ) async throws {
        let seed: UInt64 = 11
        let (store, project) = try await RepairTests.made(seed: seed)
        let objects = try await StoreCopyTests.objects(store)
        let copy = MemoryStore()
        for (key, bytes) in objects { _ = try await copy.put(ObjectKey(key), bytes, .ifAbsent) }
        var generator = SeededGenerator(seed: seed)
        // One in six of the slots and packs will do, and each of the other kinds.
        for key in objects.keys.sorted() where key.hasPrefix("open/") == false {
            let kind = key.prefix { $0 != "/" }
            if ["log", "pack"].contains(kind), Int.random(in: 0..<6, using: &generator) > 0 {
                continue
            }
            let bytes = objects[key]!
            switch harm {
            case .flipped:
                var bytes = bytes
                let bit = Int.random(in: 0..<bytes.count * 8, using: &generator)
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
                _ = try await store.put(ObjectKey(key), bytes, .none)
            case .truncated:
                let count = Int.random(in: 0..<bytes.count, using: &generator)
                _ = try await store.put(ObjectKey(key), Array(bytes[..<count]), .none)
            case .deleted:
                // Nobody can know that the newest events or drafts were there.
                guard !key.hasPrefix("ses/"), key != RepairTests.newestSlot(objects),
                    key != "hint", !RepairTests.isUnnamed(key, project, objects)
                else { continue }
                try await store.delete(ObjectKey(key))
            }
            let fsck = Fsck(project.opened())
            let report = try await fsck.run(deep: true)
            #expect(report.findings.contains { $0.key == key }, "seed \(seed): \(key) \(harm)")
            _ = try await fsck.repair(report, from: copy)
            // With a slot amiss nobody knew which packs there have to be.
            let rest = try await fsck.run(deep: true)
            #expect(
                !rest.findings.contains { $0.severity == .damage }, "seed \(seed): \(key) \(harm)")
            if rest.findings.contains(where: { $0.severity == .derived }) {
                _ = try await fsck.repairDerived(rest)
            }
            _ = try await project.opened().keepUp()
            let after = try await fsck.run(deep: true)
            #expect(after.findings == [], "seed \(seed): \(key) \(harm)")
            if ["log", "pack", "ses"].contains(kind) {
                #expect(try await store.get(ObjectKey(key)).bytes == bytes, "\(key) \(harm)")
            }
        }
        #expect(try await project.differences(in: project.opened()) == [])
    }

    private static func newestSlot(_ objects: [String: [UInt8]]) -> String {
        objects.keys.filter { $0.hasPrefix("log/") }.max() ?? ""
    }

    /// The draft's pack: no landing says that it has to be there.
    private static func isUnnamed(
        _ key: String, _ project: CompactedProject, _ objects: [String: [UInt8]]
    ) -> Bool {
        guard key.hasPrefix("pack/"), let header = objects[key].flatMap({ try? PackHeader($0) })
        else { return false }
        return header.session == TestProject.session(7_000).hash
    }

    @Test func `what the other store has is verified before it is written`() async throws {
        let (store, project) = try await RepairTests.made(seed: 12)
        let objects = try await StoreCopyTests.objects(store)
        let copy = MemoryStore()
        let keys = objects.keys.filter { $0.hasPrefix("pack/") || $0.hasPrefix("log/") }.sorted()
        let (slot, pack) = (keys[keys.count / 3], keys.last!)
        for key in [slot, pack] {
            try await store.delete(ObjectKey(key))
            var bytes = objects[key]!
            bytes[40] ^= 1
            _ = try await copy.put(ObjectKey(key), bytes, .none)
        }
        let fsck = Fsck(project.opened())
        let report = try await fsck.run(deep: true)
        let repaired = try await fsck.repair(report, from: copy)
        #expect(repaired.keys == [])
        #expect(Set(repaired.left).isSuperset(of: [slot, pack]))
        #expect(try await store.getIfPresent(ObjectKey(slot)) == nil)
    }
}
