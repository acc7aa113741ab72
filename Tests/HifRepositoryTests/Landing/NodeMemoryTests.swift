import HifCore
import HifRepository
import Testing

/// The tree nodes that a writer keeps, and those it lets go.
@Suite struct NodeMemoryTests {
    @Test func `nodes of the slot being written are not dropped with the unused ones`() throws {
        let leaf = TestProject.leaf("x")
        var machine = LandingMachine(
            tip: try TestMachine.tip(root: ProllyTree.empty.root), nodes: NodeCache(), writer: "",
            nonce: .zero, nodeBytesMax: 0)
        func land(_ session: UInt64, _ path: String) throws -> LandingMachine.Event {
            .submitted(
                session, TestIntent.land(session, [try TestIntent.operation(path, nil, leaf)]))
        }
        _ = machine.step(try land(1, "a"), now: 0)
        _ = machine.step(try land(2, "b"), now: 0)
        // The first is committed, and the second is on its way when the writer cleans up.
        let effects = machine.step(.slotWritten(.created), now: 0)
        #expect(effects.contains { if case .writeSlot(3, _) = $0 { true } else { false } })
        machine.trimNodes()
        _ = machine.step(.slotWritten(.created), now: 0)
        // Nobody else has these nodes yet: whoever asks the store for them finds nothing.
        let next = machine.step(try land(3, "c"), now: 0)
        #expect(next.contains { if case .writeSlot(4, _) = $0 { true } else { false } })
        #expect(machine.nodes.node(machine.tip.root) != nil)
    }

    @Test func `nodes that no tree in use has are dropped`() throws {
        var machine = LandingMachine(
            tip: try TestMachine.tip(root: ProllyTree.empty.root), nodes: NodeCache(), writer: "",
            nonce: .zero, nodeBytesMax: 0)
        for number in UInt64(1)...20 {
            _ = machine.step(
                .submitted(
                    number,
                    TestIntent.land(
                        number,
                        [try TestIntent.operation("f\(number)", nil, TestProject.leaf("x"))])),
                now: 0)
            _ = machine.step(.slotWritten(.created), now: 0)
        }
        let before = machine.nodes.count
        machine.trimNodes()
        #expect(machine.nodes.count < before)
        #expect(machine.nodes.node(machine.tip.root) != nil)
    }
}
