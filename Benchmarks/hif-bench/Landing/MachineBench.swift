import Glibc
import HifCore
import HifRepository

/// What the landing machine itself takes of a processor: `hif-bench machine [FILES] [BATCH]`.
///
/// Batches of intents against a tree of many files, with nothing around it: no store, no packs.
enum MachineBench {
    static func run(_ words: [String]) throws {
        let files = words.first.flatMap { Int($0) } ?? 200_000
        let batch = words.dropFirst().first.flatMap { Int($0) } ?? 256
        let rounds = 100
        var load = LandingLoad(files: files)
        let first = try load.first()
        var nodes = NodeCache()
        let tree = try ProllyTree.build(
            first.operations.compactMap { operation in operation.after.map { (operation.path, $0) }
            }
        ) { nodes.insert($0) }
        let control = ControlState(
            originStore: StoreID(high: 1, low: 1), project: ProjectID(high: 1, low: 1), name: "p")
        let slot = Slot(
            epoch: 1, firstPosition: 2, previous: .zero, root: tree.root,
            batch: BatchID(high: 0, low: 0), clock: 0, controlEpoch: 0, checkpointEpoch: 0,
            writer: "", records: [], control: nil)
        var machine = LandingMachine(
            tip: LogTip(
                at: slot, hash: Slot.hash(ofBytes: slot.encode()), control: control,
                packs: CondemnedPacks(),
                checkpoints: CheckpointSchedule(lastDue: 0, operationsSince: 0)),
            nodes: nodes, writer: "", nonce: .zero)
        nodes.removeAll()
        var intents = try (0..<rounds * batch).map { _ in intent(try load.next()) }
        intents.reverse()

        var slotBytes = 0
        var landed = 0
        let start = Child.now(CLOCK_PROCESS_CPUTIME_ID)
        for round in 0..<rounds {
            var effects: [LandingMachine.Effect] = []
            for ticket in 0..<batch {
                guard let intent = intents.popLast() else { break }
                effects += step(
                    &machine, .submitted(UInt64(round * batch + ticket), .land(intent)))
            }
            // The first is a batch of its own, as after an idle moment; the others share one.
            for _ in 0..<2 {
                guard let write = effects.last, case .writeSlot(_, let bytes) = write else {
                    throw Child.Failed(description: "no slot to write: \(effects.count) effects")
                }
                slotBytes += bytes.count
                effects = step(&machine, .slotWritten(.created))
                for case .answer(_, .landed) in effects { landed += 1 }
            }
        }
        let seconds = Child.now(CLOCK_PROCESS_CPUTIME_ID) - start
        print(
            "\(landed) landings on \(files) files, \(batch) at a time:",
            "\(Int(seconds * 1e6) / max(1, landed)) µs and \(slotBytes / max(1, landed)) bytes each"
        )
    }

    /// Steps, and says that nothing was closed before.
    private static func step(
        _ machine: inout LandingMachine, _ event: LandingMachine.Event
    ) -> [LandingMachine.Effect] {
        let effects = machine.step(event, now: 0)
        guard case .readHistory(let sessions, _)? = effects.last else { return effects }
        return effects.dropLast() + machine.step(.historyRead([:], of: sessions), now: 0)
    }

    private static func intent(_ request: LandRequest) -> LandIntent {
        LandIntent(
            session: request.session, author: request.author, goalLine: request.goal,
            startedMillis: request.startedMillis, landedMillis: request.startedMillis,
            sourceDigest: request.sourceDigest, createdPosition: request.createdPosition,
            packs: [request.session.hash],
            operations: request.operations.map {
                LandedOperation(
                    $0, location: LandedLocation(packOrdinal: 0, offset: 64, storedBytes: 500))
            })
    }
}
