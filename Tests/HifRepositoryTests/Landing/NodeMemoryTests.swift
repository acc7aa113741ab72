import HifCore
import HifRepository
import Testing

/// The tree nodes that a writer keeps, and those it lets go.
@Suite struct NodeMemoryTests {
    /// Steps, and says that nothing was closed before.
    private func submit(
        _ machine: inout LandingMachine, _ event: LandingMachine.Event
    ) -> [LandingMachine.Effect] {
        let effects = machine.step(event, now: 0)
        guard case .readHistory(let sessions, _)? = effects.last else { return effects }
        return effects.dropLast() + machine.step(.historyRead([:], of: sessions), now: 0)
    }

    @Test func `nodes of the slot being written are not dropped with the unused ones`() throws {
        let leaf = TestProject.leaf("x")
        var machine = LandingMachine(
            tip: try TestMachine.tip(root: ProllyTree.empty.root), nodes: NodeCache(), writer: "",
            nonce: .zero, nodeBytesMax: 0)
        func land(_ session: UInt64, _ path: String) throws -> LandingMachine.Event {
            .submitted(
                session, TestIntent.land(session, [try TestIntent.operation(path, nil, leaf)]))
        }
        _ = submit(&machine, try land(1, "a"))
        _ = submit(&machine, try land(2, "b"))
        // The first is committed, and the second is on its way when the writer cleans up.
        let effects = submit(&machine, .slotWritten(.created))
        #expect(effects.contains { if case .writeSlot(3, _) = $0 { true } else { false } })
        machine.trimNodes()
        _ = submit(&machine, .slotWritten(.created))
        // Nobody else has these nodes yet: whoever asks the store for them finds nothing.
        let next = submit(&machine, try land(3, "c"))
        #expect(next.contains { if case .writeSlot(4, _) = $0 { true } else { false } })
        #expect(machine.nodes.node(machine.tip.root) != nil)
    }

    @Test func `nodes that no tree in use has are dropped`() throws {
        var machine = LandingMachine(
            tip: try TestMachine.tip(root: ProllyTree.empty.root), nodes: NodeCache(), writer: "",
            nonce: .zero, nodeBytesMax: 0)
        for number in UInt64(1)...20 {
            let operation = try TestIntent.operation("f\(number)", nil, TestProject.leaf("x"))
            _ = submit(&machine, .submitted(number, TestIntent.land(number, [operation])))
            _ = submit(&machine, .slotWritten(.created))
        }
        let before = machine.nodes.count
        machine.trimNodes()
        #expect(machine.nodes.count < before)
        #expect(machine.nodes.node(machine.tip.root) != nil)
    }
}
