import HifCore
import HifRepository
import Support
import Testing

/// What a writer judges while a slot is on its way, before it knows what becomes of that slot.
@Suite struct JudgedAheadTests {
    private static let root = ProllyTree.empty.root

    private static func machine(nodeBytesMax: Int = .max) throws -> LandingMachine {
        LandingMachine(
            tip: try TestMachine.tip(root: root), nodes: NodeCache(), writer: "", nonce: .zero,
            nodeBytesMax: nodeBytesMax)
    }

    /// Steps, and says that nothing was closed before.
    private static func step(
        _ machine: inout LandingMachine, _ event: LandingMachine.Event
    ) -> [LandingMachine.Effect] {
        let effects = machine.step(event, now: 0)
        guard case .readHistory(let sessions, _)? = effects.last else { return effects }
        return effects.dropLast() + machine.step(.historyRead([:], of: sessions), now: 0)
    }

    private static func wide(_ session: UInt64, _ directory: String) throws -> Intent {
        TestIntent.land(
            session,
            try (0..<40).map {
                try TestIntent.operation("\(directory)/f\($0)", nil, TestProject.leaf("x"))
            })
    }

    /// Of few paths, so that they meet: files, directories in their way, no-ops and conflicts.
    private static func intent(
        _ session: UInt64, _ random: inout SeededGenerator
    ) throws -> Intent {
        let paths = ["a", "a/b", "a/b/c", "d", "d/e", "f"]
        let leaves: [Leaf?] = [
            nil, TestProject.leaf("1"), TestProject.leaf("2"), .explicitDirectory,
        ]
        let chosen = Set((0..<3).map { _ in paths.randomElement(using: &random)! }).sorted()
        let operations = try chosen.compactMap { path -> HifCore.Operation? in
            let (before, after) = (
                leaves.randomElement(using: &random)!, leaves.randomElement(using: &random)!
            )
            return before == after ? nil : try TestIntent.operation(path, before, after)
        }
        guard !operations.isEmpty else { return TestIntent.abandon(session) }
        return TestIntent.land(session, operations)
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `what waits lands as if it had come after the commit`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var early = try JudgedAheadTests.machine()
        var late = try JudgedAheadTests.machine()
        var ticket: UInt64 = 0
        for round in 0..<6 {
            let first = try JudgedAheadTests.intent(ticket, &random)
            let rest = try (1...4).map { try JudgedAheadTests.intent(ticket + $0, &random) }
            var effects = JudgedAheadTests.step(&early, .submitted(ticket, first))
            #expect(effects == JudgedAheadTests.step(&late, .submitted(ticket, first)))
            // Where everything was rejected there is a probe and no slot, and nothing is judged.
            let write: LandingMachine.Event
            if case .writeSlot? = effects.last {
                write = .slotWritten(.created)
            } else {
                write = .slotRead(.absent)
            }
            // For one machine the outcome is unknown for a while, and it judges nothing meanwhile.
            if write == .slotWritten(.created) {
                _ = late.step(.slotWritten(.unknown("lost")), now: 0)
                _ = late.step(.slotRead(.absent), now: 0)
            }
            for (number, intent) in zip((ticket + 1)..., rest) {
                _ = JudgedAheadTests.step(&early, .submitted(number, intent))
                _ = JudgedAheadTests.step(&late, .submitted(number, intent))
            }
            ticket += 5
            if write == .slotWritten(.created) { _ = late.step(.paused, now: 0) }
            effects = JudgedAheadTests.step(&early, write)
            #expect(
                effects == JudgedAheadTests.step(&late, write), "seed \(seed), round \(round)")
            _ = try TestMachine.run(&early, effects)
            _ = try TestMachine.run(&late, effects)
            #expect(early.tip == late.tip, "seed \(seed), round \(round)")
        }
    }

    @Test func `what was judged ahead is judged again when the slot is lost`() throws {
        var machine = try JudgedAheadTests.machine()
        let (one, two, three) = (
            TestProject.leaf("1"), TestProject.leaf("2"), TestProject.leaf("3")
        )
        var other = try JudgedAheadTests.machine()
        _ = JudgedAheadTests.step(
            &machine,
            .submitted(1, TestIntent.land(1, [try TestIntent.operation("a", nil, one)])))
        // Follows from the slot that is being written, which another writer is faster with.
        _ = JudgedAheadTests.step(
            &machine,
            .submitted(2, TestIntent.land(2, [try TestIntent.operation("a", one, three)])))
        let winner = JudgedAheadTests.step(
            &other, .submitted(3, TestIntent.land(3, [try TestIntent.operation("a", nil, two)])))
        guard case .writeSlot(_, let bytes)? = winner.last,
            case .committed(let slot)? = JudgedAheadTests.step(&other, .slotWritten(.created)).last
        else { return fail("the other writer wrote nothing") }
        #expect(slot.hash == Slot.hash(ofBytes: bytes))

        _ = machine.step(.slotWritten(.exists), now: 0)
        let effects = machine.step(.slotRead(.found(slot)), now: 0)
        let answers = try TestMachine.run(&machine, effects)
        guard case .conflict? = answers[1], case .conflict(let paths, _, 2)? = answers[2] else {
            return fail("\(answers)")
        }
        #expect(paths.map(\.found) == [two])
    }

    @Test func `much that waits is in the tree before its turn, and stays there`() throws {
        var machine = try JudgedAheadTests.machine(nodeBytesMax: 0)
        _ = JudgedAheadTests.step(&machine, .submitted(0, try JudgedAheadTests.wide(100, "first")))
        let before = machine.nodes.count
        for number in UInt64(1)...6 {
            _ = JudgedAheadTests.step(
                &machine, .submitted(number, try JudgedAheadTests.wide(number, "d\(number)")))
        }
        #expect(machine.nodes.count > before)
        // Nobody else has these nodes: were they dropped, their turn would never come.
        machine.trimNodes()
        let effects = JudgedAheadTests.step(&machine, .slotWritten(.created))
        #expect(effects.contains { if case .writeSlot(3, _) = $0 { true } else { false } })
        let answers = try TestMachine.run(&machine, effects)
        #expect(answers.values.compactMap(\.position).sorted() == Array(2...8))
    }

    @Test func `a request that does not fit is judged once its turn has come`() throws {
        var machine = try JudgedAheadTests.machine()
        var effects = JudgedAheadTests.step(
            &machine, .submitted(0, try JudgedAheadTests.wide(10_000, "first")))
        // More than a slot has room for.
        for number in UInt64(1)...1_000 {
            let intent = TestIntent.land(
                number,
                try (0..<3).map {
                    try TestIntent.operation("d\(number)/\($0)", nil, TestProject.leaf("x"))
                })
            effects += JudgedAheadTests.step(&machine, .submitted(number, intent))
        }
        let answers = try TestMachine.run(&machine, effects)
        for number in UInt64(0)...1_000 { #expect(answers[number]?.position == number + 2) }
        #expect(machine.tip.epoch > 3)
    }
}
