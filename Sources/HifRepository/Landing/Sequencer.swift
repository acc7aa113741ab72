package import HifCore
import HifStore

/// The shell around `LandingMachine`: carries out its effects, one request at a time, and brings the
/// answers to whoever asked.
///
/// Group commit needs no timer: a batch is what was submitted while the write before it was in
/// flight. There is no task of its own either. The first to submit leads: it drives the machine
/// until its own answer is there and then hands the lead to somebody who still waits.
package actor Sequencer {
    private enum Turn {
        case answer(LandingAnswer)
        case lead
    }

    private let log: LogReader
    private let trees: TreeReader
    private let derived: DerivedWork
    private let world: World
    private var machine: LandingMachine
    private var ticketCount: LandingMachine.Ticket = 0
    private var effects: [LandingMachine.Effect] = []
    private var answers: [LandingMachine.Ticket: LandingAnswer] = [:]
    private var waiting: [(ticket: LandingMachine.Ticket, CheckedContinuation<Turn, Never>)] = []
    private var isLed = false

    package init(
        log: LogReader, trees: TreeReader, derived: DerivedWork, tip: LogTip, nodes: NodeCache,
        writer: String, world: World
    ) {
        self.log = log
        self.trees = trees
        self.derived = derived
        self.world = world
        let nonce = Hash(
            word0: world.random(), word1: world.random(), word2: world.random(),
            word3: world.random())
        machine = LandingMachine(tip: tip, nodes: nodes, writer: writer, nonce: nonce)
    }

    /// The newest slot this writer knows of.
    package var tip: LogTip { machine.tip }

    /// Submits an intent and returns its answer. See `LandingAnswer` for what each promises.
    package func submit(_ intent: Intent) async -> LandingAnswer {
        ticketCount += 1
        let ticket = ticketCount
        effects += machine.step(.submitted(ticket, intent), now: now)
        if isLed {
            let turn = await withCheckedContinuation { waiting.append((ticket, $0)) }
            if case .answer(let answer) = turn { return answer }
        }
        return await lead(until: ticket)
    }

    private var now: Int64 { world.now() }

    /// Drives the machine until `ticket` is answered and the work behind it is done.
    private func lead(until ticket: LandingMachine.Ticket) async -> LandingAnswer {
        isLed = true
        while !effects.isEmpty {
            let effect = effects.removeFirst()
            switch effect {
            case .answer(let answered, let answer):
                deliver(answer, to: answered)
            case .committed(let slot):
                // Readers of this node know the tree, and what is due is built, before anybody
                // writes again: a process may end as soon as it has its answer.
                await derived.slotCommitted(slot, tip: machine.tip, nodes: machine.nodes)
                machine.trimNodes()
            default:
                let event = await perform(effect)
                effects += machine.step(event, now: now)
            }
            if let answer = answers[ticket], !waiting.isEmpty, !isCommitPending {
                answers[ticket] = nil
                handOver()
                return answer
            }
        }
        isLed = false
        guard let answer = answers.removeValue(forKey: ticket) else {
            // The machine answers every ticket; without an answer nothing may be claimed.
            return .unknown("the landing was not decided")
        }
        return answer
    }

    private var isCommitPending: Bool {
        effects.contains { if case .committed = $0 { true } else { false } }
    }

    private func deliver(_ answer: LandingAnswer, to ticket: LandingMachine.Ticket) {
        if let index = waiting.firstIndex(where: { $0.ticket == ticket }) {
            waiting.remove(at: index).1.resume(returning: .answer(answer))
        } else {
            answers[ticket] = answer
        }
    }

    private func handOver() {
        waiting.removeFirst().1.resume(returning: .lead)
    }

    private func perform(_ effect: LandingMachine.Effect) async -> LandingMachine.Event {
        switch effect {
        case .readSlot(let epoch):
            return .slotRead(await readSlot(epoch))
        case .writeSlot(let epoch, let bytes):
            return .slotWritten(await writeSlot(epoch, bytes))
        case .readNodes(let hashes):
            do throws(ReadError) {
                return .nodesRead(try await trees.nodes(hashes, of: machine.tip.epoch))
            } catch {
                return .readFailed("\(error)")
            }
        case .readHistory(let since):
            do throws(ReadError) {
                return .historyRead(try await history(since: since), since: since)
            } catch {
                return .readFailed("\(error)")
            }
        case .pause(let attempt):
            // 10 ms, doubling, up to a second, with jitter of half of it.
            let span = min(1_000, UInt64(10) << UInt64(min(attempt, 10)))
            await world.pause(span / 2 + world.random() % (span / 2 + 1))
            return .paused
        case .answer, .committed:
            return .paused
        }
    }

    private func readSlot(_ epoch: Epoch) async -> LandingMachine.SlotRead {
        do throws(ReadError) {
            guard let slot = try await log.resolved(epoch) else { return .absent }
            // Seen is not yet durable: another process may be in the middle of publishing it.
            do throws(StoreError) {
                try await log.store.makeDurable(StoreKey.slot(epoch))
            } catch {
                return .failed("\(error)")
            }
            return .found(slot)
        } catch {
            return .failed("\(error)")
        }
    }

    private func writeSlot(_ epoch: Epoch, _ bytes: [UInt8]) async -> LandingMachine.SlotWrite {
        do throws(StoreError) {
            _ = try await log.store.put(StoreKey.slot(epoch), bytes, .ifAbsent)
            return .created
        } catch {
            if error.code == .preconditionFailed { return .exists }
            return error.mayHaveBeenApplied ? .unknown("\(error)") : .refused("\(error)")
        }
    }

    private func history(since position: Position) async throws(ReadError) -> [SessionID: Closing] {
        var closings: [SessionID: Closing] = [:]
        var epoch = machine.tip.epoch
        while epoch > 0 {
            guard let (slot, hash, byteCount) = try await log.slot(epoch) else {
                throw .log(.inconsistent(epoch: epoch, "is missing although later slots exist"))
            }
            guard slot.firstPosition > position else { break }
            let resolved = ResolvedSlot(
                slot: slot, hash: hash, byteCount: byteCount,
                operations: slot.records.map { _ in [] })
            for (session, closing) in resolved.closings { closings[session] = closing }
            epoch -= 1
        }
        return closings
    }
}
