import HifCore
import HifRepository
import HifStore
import Support
import Testing

@Suite struct FsckTests {
    /// Two projects for all tests, made once: one large enough for a checkpoint, and for operations
    /// that do not fit into a slot.
    actor Fixture {
        static let shared = Fixture()
        private var made: [Bool: DerivedProject] = [:]

        func project(isLarge: Bool) async throws -> DerivedProject {
            if let made = made[isLarge] { return made }
            let project = try await DerivedProject(landings: 34, paths: 2, hasContent: true)
            let repository = Repository(store: project.store, world: TestProject.world(seed: 5))
            _ = try await repository.submit(.control(.setTags(["v1": 34])))
            _ = try await repository.submit(TestIntent.abandon(500, createdPosition: 34))
            let lander = Lander(repository)
            // A long operation list, content that is there already, and a no-op.
            let many = (0..<(isLarge ? 1_100 : 2)).map {
                ("many/with-a-long-name-\($0)", String?.none, String?("same"))
            }
            _ = try await lander.land(
                try TestProject.request(600, many, createdPosition: 34))
            _ = try await lander.land(
                try TestProject.request(
                    601, [("again", nil, "same"), ("many/with-a-long-name-1", nil, "same")],
                    createdPosition: 35))
            await repository.upkeep.catchUp()
            let open = TestProject.session(700)
            try await repository.sessions.markOpen(open)
            for number in 0..<UInt64(3) {
                _ = try await repository.append(SessionLogTests.event(number), to: open)
            }
            var hint = ByteWriter()
            hint.u64(32)
            hint.hash(Blake3.hash(hint.bytes))
            _ = try await project.store.put(StoreKey.hint, hint.bytes, .none)
            made[isLarge] = project
            return project
        }
    }

    static func check(_ store: any ObjectStore, deep: Bool) async throws -> FsckReport {
        try await Fsck(Repository(store: store, world: TestProject.world(seed: 6))).run(deep: deep)
    }

    @Test(arguments: [false, true])
    func `a healthy project gives no finding`(deep: Bool) async throws {
        let store = try await Fixture.shared.project(isLarge: true).store
        let report = try await FsckTests.check(store, deep: deep)
        #expect(report.findings == [])
        #expect(report.landingCount == 36)
        #expect(report.slotCount == 39)
        #expect(report.packCount == 36)
        #expect(report.checkpointCount == 1)
        #expect(report.objectRunCount == 1)
        #expect(report.openSessionCount == 1)
        if deep { #expect(report.operationCount == 34 * 2 + 1_100 + 1) }
    }

    @Test func `progress is told and never goes back within a stage`() async throws {
        let store = try await Fixture.shared.project(isLarge: true).store
        var last: FsckProgress?
        var stages: [FsckProgress.Stage] = []
        let repository = Repository(store: store, world: TestProject.world(seed: 6))
        _ = try await Fsck(repository).run(deep: false) { progress in
            if last?.stage == progress.stage {
                #expect(progress.done >= last?.done ?? 0)
            } else {
                stages.append(progress.stage)
            }
            last = progress
        }
        #expect(stages == [.keys, .log, .checkpoints, .objectRuns, .rollups, .packs])
    }

    @Test func `a store without a project is told apart`() async throws {
        await #expect(throws: ReadError.self) {
            try await FsckTests.check(MemoryStore(), deep: false)
        }
    }

    struct Damage: CustomTestStringConvertible, Sendable {
        let name: String
        let severity: FsckFinding.Severity
        /// The finding's key begins with this.
        let key: String
        /// What its problem says.
        let says: String
        /// Whether only a deep check finds it.
        var deepOnly = false
        let inflict: @Sendable (MemoryStore) async throws -> Void

        var testDescription: String { name }
    }

    static func slotKey(_ epoch: Epoch) -> String { StoreKey.slot(epoch).string }

    static func change(
        _ store: MemoryStore, _ key: String, _ change: (inout [UInt8]) throws -> Void
    ) async throws {
        var bytes = try await store.get(ObjectKey(key)).bytes
        try change(&bytes)
        _ = try await store.put(ObjectKey(key), bytes, .none)
    }

    /// Writes a slot anew with a valid checksum.
    static func rewrite(
        _ store: MemoryStore, _ epoch: Epoch, _ edit: (inout Slot) throws -> Void
    ) async throws {
        try await change(store, slotKey(epoch)) { bytes in
            var slot = try Slot(decoding: bytes)
            try edit(&slot)
            bytes = slot.encode()
        }
    }

    static func tip(_ store: MemoryStore) async throws -> Slot {
        try await Repository(store: store, world: TestProject.world(seed: 8)).newest()
    }

    static func firstKey(_ store: MemoryStore, _ prefix: String) async throws -> String {
        try #require(try await store.listAll(prefix: prefix).first).key.string
    }

    static let run = "obj/0/1/0000000000000000"
    static let rollup = "ix/1/0000000000000000"

    static let damages: [Damage] = [
        Damage(name: "a slot is missing", severity: .damage, key: slotKey(5), says: "missing") {
            try await $0.delete(StoreKey.slot(5))
        },
        Damage(name: "a bit of a slot", severity: .damage, key: slotKey(6), says: "checksum") {
            try await change($0, slotKey(6)) { $0[300] ^= 1 }
        },
        Damage(name: "a slot cut short", severity: .damage, key: slotKey(6), says: "damaged") {
            try await change($0, slotKey(6)) { $0.removeLast() }
        },
        Damage(
            name: "a slot written anew", severity: .damage, key: slotKey(8), says: "not chained"
        ) {
            try await rewrite($0, 7) { $0.clock += 1 }
        },
        Damage(name: "another root", severity: .damage, key: slotKey(38), says: "root") {
            try await rewrite($0, 38) { $0.root = .zero }
        },
        Damage(
            name: "a wrong position", severity: .damage, key: slotKey(38), says: "begins at"
        ) {
            try await rewrite($0, 38) { $0.firstPosition += 1 }
        },
        Damage(
            name: "a wrong control epoch", severity: .damage, key: slotKey(38),
            says: "control epoch"
        ) {
            try await rewrite($0, 38) { $0.controlEpoch = 3 }
        },
        Damage(
            name: "a wrong checkpoint epoch", severity: .damage, key: slotKey(38),
            says: "checkpoint epoch"
        ) {
            try await rewrite($0, 38) { $0.checkpointEpoch = 3 }
        },
        Damage(
            name: "a lost update", severity: .damage, key: slotKey(38), says: "what was not there",
            deepOnly: true
        ) {
            try await rewrite($0, 38) { slot in
                guard case .landing(let landing) = slot.records[0],
                    case .inline(let list) = landing.operations
                else { throw Broken("no landing") }
                let changed = list.map { landed in
                    LandedOperation(
                        HifCore.Operation(
                            path: landed.operation.path, before: TestProject.leaf("other"),
                            after: landed.operation.after),
                        location: landed.location, isNoOp: landed.isNoOp)
                }
                slot.records[0] = .landing(copy(landing, operations: .inline(changed)))
            }
        },
        Damage(
            name: "a session closed twice", severity: .damage, key: slotKey(39),
            says: "closed before"
        ) { store in
            var slot = try await tip(store)
            slot.previous = Slot.hash(ofBytes: try await store.get(StoreKey.slot(38)).bytes)
            slot.epoch = 39
            slot.firstPosition = slot.lastPosition + 1
            _ = try await store.put(StoreKey.slot(39), slot.encode(), .ifAbsent)
        },
        Damage(name: "a bit of a rollup", severity: .derived, key: rollup, says: "checksum") {
            try await change($0, rollup) { $0[200] ^= 1 }
        },
        Damage(
            name: "a rollup of another history", severity: .derived, key: rollup,
            says: "another history"
        ) {
            let made = Golden.rollup(
                RollupSpan(level: 1, block: 0), Array(repeating: [], count: 32))
            _ = try await $0.put(ObjectKey(rollup), made.bytes, .none)
        },
        Damage(
            name: "a rollup that leaves out a key", severity: .derived, key: rollup,
            says: "what its slots say", deepOnly: true
        ) { store in
            let log = LogReader(store: store)
            var slots: [SlotKeys] = []
            for epoch in 0..<Epoch(32) {
                guard let slot = try await log.resolved(epoch) else { throw Broken("no slot") }
                let keys = SlotKeys(slot)
                slots.append(
                    SlotKeys(
                        epoch: epoch, hash: keys.hash, previous: keys.previous,
                        firstPosition: keys.firstPosition, nextPosition: keys.nextPosition,
                        values: Array(keys.values.dropLast())))
            }
            let run = RollupRun(span: RollupSpan(level: 1, block: 0), slots: slots)
            _ = try await store.put(ObjectKey(rollup), run.bytes, .none)
        },
        Damage(name: "a pack is missing", severity: .damage, key: "pack/", says: "missing") {
            try await $0.delete(ObjectKey(try await firstKey($0, "pack/")))
        },
        Damage(
            name: "a bit of a pack", severity: .damage, key: "pack/", says: "hash", deepOnly: true
        ) {
            try await change($0, try await firstKey($0, "pack/")) { $0[$0.count / 2] ^= 1 }
        },
        Damage(
            name: "content that is nowhere", severity: .damage, key: slotKey(39),
            says: "nothing says where", deepOnly: true
        ) { store in
            let repository = Repository(store: store, world: TestProject.world(seed: 9))
            _ = try await repository.submit(
                TestIntent.land(
                    900, [try TestIntent.operation("new", nil, TestProject.leaf("nowhere"))],
                    createdPosition: 36))
        },
        Damage(
            name: "a size that is wrong", severity: .damage, key: "pack/", says: "bytes, slot",
            deepOnly: true
        ) { store in
            let leaf = TestProject.leaf("same")
            let wrong = Leaf(kind: .file, size: 5, hash: leaf.hash)
            let repository = Repository(store: store, world: TestProject.world(seed: 9))
            _ = try await repository.submit(
                TestIntent.land(
                    900, [try TestIntent.operation("new", nil, wrong)], createdPosition: 36))
        },
        Damage(name: "an event is missing", severity: .damage, key: "ses/", says: "missing") {
            try await $0.delete(StoreKey.event(TestProject.session(700), 1))
        },
        Damage(
            name: "the newest checkpoint is missing", severity: .note, key: "ckpt/",
            says: "not built yet"
        ) {
            try await $0.delete(ObjectKey(try await firstKey($0, "ckpt/")))
        },
        Damage(
            name: "a bit of a checkpoint", severity: .derived, key: "ckpt/", says: ""
        ) {
            try await change($0, try await firstKey($0, "ckpt/")) { $0[100] ^= 1 }
        },
        Damage(
            name: "a checkpoint without some nodes", severity: .derived, key: "ckpt/",
            says: "nodes"
        ) {
            try await change($0, try await firstKey($0, "ckpt/")) { bytes in
                let pack = try PackReader(bytes)
                var writer = PackWriter(nonce: pack.header.nonce)
                for entry in pack.footer.entriesByOffset().dropLast(2) {
                    writer.add(try pack.record(entry))
                }
                bytes = writer.finish().bytes
            }
        },
        Damage(
            name: "a checkpoint that is not due", severity: .derived,
            key: "ckpt/0000000000000003", says: "no checkpoint is due"
        ) {
            let pack = PackWriter(nonce: PackNonce(high: 0, low: 3)).finish()
            _ = try await $0.put(StoreKey.checkpoint(3), pack.bytes, .ifAbsent)
        },
        Damage(
            name: "the newest object run is missing", severity: .note, key: run,
            says: "not built yet"
        ) {
            try await $0.delete(ObjectKey(run))
        },
        Damage(
            name: "a bit of an object run", severity: .derived, key: run, says: "checksum"
        ) {
            try await change($0, run) { $0[90] ^= 1 }
        },
        Damage(name: "another object run", severity: .derived, key: run, says: "another run") {
            let other = ObjectRun(level: 1, block: 1, endSlotHash: .zero, locations: [])
            _ = try await $0.put(ObjectKey(run), other.encode(), .none)
        },
        Damage(
            name: "an object run of another history", severity: .derived, key: run,
            says: "another history"
        ) {
            try await change($0, run) { bytes in
                bytes = ObjectRun(level: 1, block: 0, endSlotHash: .zero, locations: []).encode()
            }
        },
        Damage(
            name: "an object run that lacks entries", severity: .derived, key: run,
            says: "where the slots say", deepOnly: true
        ) {
            try await change($0, run) { bytes in
                let run = try ObjectRun(decoding: bytes)
                bytes =
                    ObjectRun(level: 1, block: 0, endSlotHash: run.endSlotHash, locations: [])
                    .encode()
            }
        },
        Damage(
            name: "a marker of a closed session", severity: .note, key: "open/", says: "closed"
        ) {
            _ = try await $0.put(StoreKey.openMarker(TestProject.session(4)), [], .none)
        },
        Damage(name: "a garbled hint", severity: .derived, key: "hint", says: "no slot") {
            try await change($0, "hint") { $0[0] ^= 1 }
        },
        Damage(name: "an unknown key", severity: .note, key: "log/readme", says: "not a key") {
            _ = try await $0.put(ObjectKey("log/readme"), [], .none)
        },
        Damage(name: "an unknown folder", severity: .note, key: "misc/x", says: "not a key") {
            _ = try await $0.put(ObjectKey("misc/x"), [], .none)
        },
    ]

    @Test(arguments: damages)
    func `damage is found, named and, where that is possible, repaired`(damage: Damage)
        async throws
    {
        let isLarge = damage.key == "ckpt/"
        let project = try await Fixture.shared.project(isLarge: isLarge)
        let store = try await project.copy { $1 }
        try await damage.inflict(store)
        for deep in [false, true] {
            let report = try await FsckTests.check(store, deep: deep)
            let isFound = report.findings.contains {
                $0.severity == damage.severity && $0.key.hasPrefix(damage.key)
                    && $0.problem.contains(damage.says)
            }
            #expect(isFound == (deep || !damage.deepOnly), "deep: \(deep), \(report.findings)")
            #expect(report.isHealthy == (damage.severity == .note || damage.deepOnly && !deep))
            if damage.severity != .damage {
                #expect(report.findings.allSatisfy { $0.severity <= damage.severity })
            }
        }
        guard damage.severity == .derived else { return }
        let fsck = Fsck(Repository(store: store, world: TestProject.world(seed: 6)))
        let repaired = try await fsck.repairDerived(try await fsck.run(deep: true))
        #expect(repaired.contains { $0.hasPrefix(damage.key) })
        #expect(try await FsckTests.check(store, deep: true).findings == [])
        for entry in try await project.store.listAll(prefix: "") where entry.key != StoreKey.hint {
            #expect(
                try await store.get(entry.key).bytes == project.store.get(entry.key).bytes,
                "\(entry.key)")
        }
    }

    @Test func `a derived object that is missing before others is found and made again`()
        async throws
    {
        let project = try await DerivedProject(landings: 70, paths: 50, hasContent: false)
        let checkpoints = try await project.keys("ckpt/")
        #expect(checkpoints.count == 3)
        for key in [checkpoints[0], checkpoints[1], FsckTests.run] {
            let store = try await project.copy { $0 == key ? nil : $1 }
            let report = try await FsckTests.check(store, deep: false)
            #expect(report.findings.map(\.key).contains(key), "\(key): \(report.findings)")
            #expect(report.findings.allSatisfy { $0.severity == .derived })
            let fsck = Fsck(Repository(store: store, world: TestProject.world(seed: 6)))
            #expect(try await fsck.repairDerived(report).contains(key))
            #expect(
                try await store.get(ObjectKey(key)).bytes
                    == project.store.get(ObjectKey(key)).bytes)
        }
    }

    static func copy(_ landing: Landing, operations: LandedOperations) -> Landing {
        Landing(
            session: landing.session, author: landing.author, goalLine: landing.goalLine,
            startedMillis: landing.startedMillis, landedMillis: landing.landedMillis,
            sourceDigest: landing.sourceDigest, landedDigest: landing.landedDigest,
            createdPosition: landing.createdPosition, eventCount: landing.eventCount,
            packs: landing.packs, document: landing.document, mergedPaths: landing.mergedPaths,
            operations: operations)
    }
}
