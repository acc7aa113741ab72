import HifCore
import HifRepository
import HifStore
import Support
import Testing

/// What happens between intents that share a batch, and at the limits of a slot.
@Suite struct BatchTests {
    @Test func `a file cannot take the place of a directory given up in the same batch`()
        async throws
    {
        let project = try await TestProject()
        let repository = project.repository
        let x = TestProject.leaf("x")
        let first = try await repository.submit(
            TestIntent.land(
                0,
                [
                    try TestIntent.operation("d", nil, .explicitDirectory),
                    try TestIntent.operation("d/x", nil, x),
                ]))
        #expect(first.position == 1)
        let answers = try await repository.submit([
            TestIntent.land(1, [try TestIntent.operation("d", .explicitDirectory, nil)]),
            TestIntent.land(2, [try TestIntent.operation("d", nil, TestProject.leaf("file"))]),
            TestIntent.land(3, [try TestIntent.operation("e", nil, x)]),
        ])
        // The first of several may be a batch of its own, so ask again where both may share one.
        #expect(answers[0].position == 2)
        guard case .conflict(let conflicts, _, _) = answers[1] else {
            Issue.record("\(answers[1])")
            return
        }
        #expect(conflicts.map(\.reason) == [.fileAndDirectory])
        #expect(answers[2].position == 3)
    }

    @Test func `giving up a directory and taking its place meet in one batch`() throws {
        // Through the machine itself, where a batch is certain.
        let d = try RepoPath("d")
        let x = TestProject.leaf("x")
        var nodes = NodeCache()
        let tree = try ProllyTree.build(
            [(d, Leaf.explicitDirectory), (try RepoPath("d/x"), x)]
        ) { nodes.insert($0) }
        var machine = LandingMachine(
            tip: try TestMachine.tip(root: tree.root), nodes: nodes, writer: "", nonce: .zero)
        // Occupies the machine, so that the other two queue and then share a batch.
        var effects = machine.step(
            .submitted(0, TestIntent.land(9, [try TestIntent.operation("z", nil, x)])), now: 0)
        let intents = [
            TestIntent.land(1, [try TestIntent.operation("d", .explicitDirectory, nil)]),
            TestIntent.land(2, [try TestIntent.operation("d", nil, TestProject.leaf("file"))]),
        ]
        for (ticket, intent) in zip([UInt64(1), 2], intents) {
            effects += machine.step(.submitted(ticket, intent), now: 0)
        }
        let answers = try TestMachine.run(&machine, effects)
        #expect(answers[1]?.position == 3)
        guard case .conflict(let conflicts, _, let position) = answers[2] else {
            Issue.record("\(String(describing: answers[2]))")
            return
        }
        #expect(conflicts.map(\.reason) == [.fileAndDirectory])
        #expect(position == 3)
    }

    @Test func `intents submitted together land in their order, also where one does not fit`()
        async throws
    {
        let project = try await TestProject()
        var intents: [Intent] = []
        for number in 0..<12 {
            let before = number == 0 ? nil : TestProject.leaf("\(number - 1)")
            var operations = [
                try TestIntent.operation("chain", before, TestProject.leaf("\(number)"))
            ]
            if number % 3 == 1 {
                operations += try (0..<600).map {
                    try TestIntent.operation("big\(number)/\($0)", nil, TestProject.leaf("b"))
                }
            }
            intents.append(TestIntent.land(UInt64(number), operations))
        }
        // A first one that keeps the machine busy while they queue.
        let busy = TestIntent.land(
            99, [try TestIntent.operation("busy", nil, TestProject.leaf("b"))])
        let answers = try await project.repository.submit([busy] + intents)
        #expect(answers.map(\.position) == (1...13).map { $0 })
    }

    @Test func `long paths never make a slot that nobody can read`() async throws {
        let project = try await TestProject()
        let name = String(repeating: "n", count: 250)
        let directory = (0..<15).map { _ in name }.joined(separator: "/")
        let intents = try (0..<80).map { number in
            TestIntent.land(
                UInt64(number),
                [try TestIntent.operation("\(number)", nil, TestProject.leaf("b"))],
                mergedPaths: try (10..<25).map { try RepoPath("\(directory)/\($0)") })
        }
        let answers = try await project.repository.submit(intents)
        #expect(answers.allSatisfy { $0.position != nil })
        let newest = try await project.reopened().newest()
        #expect(newest.lastPosition == 80)
    }

    @Test func `a landing too large for a slot is refused`() async throws {
        let project = try await TestProject()
        let name = String(repeating: "n", count: 250)
        let directory = (0..<15).map { _ in name }.joined(separator: "/")
        let merged = try (1000..<1900).map { try RepoPath("\(directory)/\($0)") }
        let operation = try TestIntent.operation("a", nil, TestProject.leaf("a"))
        let answer = try await project.repository.submit(
            TestIntent.land(1, [operation], mergedPaths: merged))
        guard case .refused = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(try await project.repository.submit(TestIntent.land(1, [operation])).position == 1)
        #expect(try await project.reopened().newest().lastPosition == 1)
    }

    @Test func `a session asked for again and again is answered, however many wait`() throws {
        var machine = LandingMachine(
            tip: try TestMachine.tip(root: ProllyTree.empty.root), nodes: NodeCache(), writer: "",
            nonce: .zero)
        let operation = try TestIntent.operation("a", nil, TestProject.leaf("a"))
        let intent = TestIntent.land(1, [operation])
        var effects = machine.step(.submitted(0, intent), now: 0)
        for ticket in 1...UInt64(15_000) {
            effects += machine.step(.submitted(ticket, intent), now: 0)
        }
        let answers = try TestMachine.run(&machine, effects)
        #expect(answers.count == 15_001)
        #expect(answers.values.allSatisfy { $0.position == 2 })
    }

    @Test func `an intent that no reader could decode is refused`() async throws {
        let project = try await TestProject()
        guard
            case .land(var intent) = TestIntent.land(
                1, [try TestIntent.operation("a", nil, TestProject.leaf("a"))])
        else { return }
        intent.document = RecordReference(
            id: .zero, location: LandedLocation(packOrdinal: 0, offset: 64, storedBytes: 9))
        guard case .refused = try await project.repository.submit(.land(intent)) else {
            Issue.record("a document in a pack that is not listed")
            return
        }
        intent.document = nil
        intent.mergedPaths = [try RepoPath("b"), try RepoPath("a")]
        guard case .refused = try await project.repository.submit(.land(intent)) else {
            Issue.record("merged paths out of order")
            return
        }
    }
}

/// Drives a machine against a store that never fails, without a shell.
enum TestMachine {
    /// A tip at slot 1, position 1, with this root.
    static func tip(root: Hash) throws -> LogTip {
        let control = ControlState(
            originStore: StoreID(high: 1, low: 1), project: ProjectID(high: 1, low: 1), name: "p")
        let slot = Slot(
            epoch: 1, firstPosition: 1, previous: .zero, root: root,
            batch: BatchID(high: 0, low: 0), clock: 0, controlEpoch: 0, checkpointEpoch: 0,
            writer: "",
            records: [
                .landing(
                    Landing(
                        session: TestProject.session(1_000_000), author: TestProject.ana,
                        goalLine: "", startedMillis: 0, landedMillis: 0, sourceDigest: .zero,
                        landedDigest: .zero, createdPosition: 0, eventCount: 0, packs: [],
                        document: nil, mergedPaths: [], operations: .inline([])))
            ], control: nil)
        return LogTip(
            at: slot, hash: Slot.hash(ofBytes: slot.encode()), control: control,
            packs: CondemnedPacks(), checkpoints: CheckpointSchedule(lastDue: 0, operationsSince: 0)
        )
    }

    /// Answers every effect until there is none; returns the answers.
    static func run(
        _ machine: inout LandingMachine, _ effects: [LandingMachine.Effect]
    ) throws -> [LandingMachine.Ticket: LandingAnswer] {
        var answers: [LandingMachine.Ticket: LandingAnswer] = [:]
        var effects = effects
        var next = 0
        while next < effects.count {
            let effect = effects[next]
            next += 1
            switch effect {
            case .answer(let ticket, let answer): answers[ticket] = answer
            case .committed, .told: break
            case .writeSlot(_, let bytes):
                _ = try Slot(decoding: bytes)
                effects += machine.step(.slotWritten(.created), now: 0)
            case .readSlot: effects += machine.step(.slotRead(.absent), now: 0)
            case .readNodes: effects += machine.step(.readFailed("there are none"), now: 0)
            case .readHistory(let sessions, _):
                effects += machine.step(.historyRead([:], of: sessions), now: 0)
            case .pause: effects += machine.step(.paused, now: 0)
            }
        }
        return answers
    }
}
