package import HifCore
import HifStore

/// The shell around `LandingMachine`: carries out its effects, one request at a time, and brings the
/// answers to whoever asked.
///
/// Group commit needs no timer: a batch is what was submitted while the write before it was in
/// flight. There is no task of its own either. The first to submit leads: it drives the machine
/// until its own answer is there and then hands the lead to somebody who still waits.
package actor Sequencer {
    /// One caller that waits: for these tickets, or to lead.
    private struct Caller {
        let tickets: ClosedRange<LandingMachine.Ticket>
        let continuation: CheckedContinuation<Void, Never>
    }

    private let log: LogReader
    private let trees: TreeReader
    private let rollups: PathIndex
    private let upkeep: Upkeep
    private let world: World
    private var machine: LandingMachine
    private var ticketCount: LandingMachine.Ticket = 0
    private var effects = Effects()
    private var answers: [LandingMachine.Ticket: LandingAnswer] = [:]
    private var standings: [LandingMachine.Ticket: SessionStanding] = [:]
    private var callers: [Caller] = []
    private var isLed = false

    package init(
        log: LogReader, trees: TreeReader, rollups: PathIndex, upkeep: Upkeep, tip: LogTip,
        nodes: NodeCache, writer: String, world: World,
        weakness: LandingMachine.Weakness = []
    ) {
        self.log = log
        self.trees = trees
        self.rollups = rollups
        self.upkeep = upkeep
        self.world = world
        let nonce = Hash(
            word0: world.random(), word1: world.random(), word2: world.random(),
            word3: world.random())
        machine = LandingMachine(
            tip: tip, nodes: nodes, writer: writer, nonce: nonce, weakness: weakness)
    }

    /// The newest slot this writer knows of.
    package var tip: LogTip { machine.tip }

    /// Submits an intent and returns its answer. See `LandingAnswer` for what each promises.
    package func submit(_ intent: Intent) async -> LandingAnswer {
        await submit([intent])[0]
    }

    /// Submits several intents, which are judged in this order, and returns their answers. They share
    /// slots as far as they fit.
    package func submit(_ intents: [Intent]) async -> [LandingAnswer] {
        guard !intents.isEmpty else { return [] }
        let tickets = ticketCount + 1...ticketCount + UInt64(intents.count)
        ticketCount = tickets.upperBound
        for (ticket, intent) in zip(tickets, intents) {
            effects.append(machine.step(.submitted(ticket, intent), now: world.now()))
        }
        await settle(tickets)
        return tickets.map { ticket in
            // The machine answers every ticket; without an answer nothing may be claimed.
            answers.removeValue(forKey: ticket) ?? .unknown("the landing was not decided")
        }
    }

    /// How a session stands, as it was at some moment after this was called. Asks the store with one
    /// request, or with none where a slot is being written anyway; several questions share it.
    package func standing(
        of session: SessionID, createdAt position: Position
    ) async -> SessionStanding {
        ticketCount += 1
        let ticket = ticketCount
        effects.append(
            machine.step(.asked(ticket, session, createdPosition: position), now: world.now()))
        await settle(ticket...ticket)
        return standings.removeValue(forKey: ticket) ?? .unknown("the question was not answered")
    }

    /// Returns when these tickets are answered; leads meanwhile, if nobody does.
    private func settle(_ tickets: ClosedRange<LandingMachine.Ticket>) async {
        if isLed {
            await withCheckedContinuation {
                callers.append(Caller(tickets: tickets, continuation: $0))
            }
        }
        var mayDecline = true
        while !areAnswered(tickets) {
            // Requests made by a cancelled task fail, and would fail for everybody who waits. Once
            // only: when all are cancelled, somebody has to come to an end with it.
            if Task.isCancelled, mayDecline, !callers.isEmpty {
                mayDecline = false
                await decline(tickets)
            } else if await lead(until: tickets, mayDecline: mayDecline) {
                break
            }
        }
    }

    private func areAnswered(_ tickets: ClosedRange<LandingMachine.Ticket>) -> Bool {
        tickets.allSatisfy { answers[$0] != nil || standings[$0] != nil }
    }

    /// Drives the machine until these tickets are answered and the work behind their commit is done,
    /// then hands the lead to somebody who still waits.
    ///
    /// - Returns: false when it stopped because its task was cancelled; it still has the lead.
    private func lead(
        until tickets: ClosedRange<LandingMachine.Ticket>, mayDecline: Bool
    ) async -> Bool {
        isLed = true
        while let effect = effects.first {
            if mayDecline, Task.isCancelled, !callers.isEmpty, !areAnswered(tickets) {
                return false
            }
            effects.removeFirst()
            switch effect {
            case .answer(let ticket, let answer):
                answers[ticket] = answer
            case .told(let ticket, let standing):
                standings[ticket] = standing
            case .committed(let slot):
                // Readers of this node know the tree before anybody has an answer.
                upkeep.committed(slot, tip: machine.tip, nodes: machine.nodes)
                if upkeep.isBehind {
                    wakeAnswered()
                    await upkeep.slowDown()
                }
                machine.trimNodes()
            default:
                let event = await perform(effect)
                effects.append(machine.step(event, now: world.now()))
            }
            // Answers come many together; looking for whom they wake costs as much as all.
            if callers.isEmpty || effects.beginsWithAnswer || effects.isCommitPending { continue }
            if areAnswered(tickets), let heir = nextLeader() {
                // Still led: the lead passes on without a moment in which nobody has it. It goes
                // first, since the next slot waits for it and the others only for their way home.
                heir.continuation.resume()
                wakeAnswered()
                return true
            }
            wakeAnswered()
        }
        isLed = false
        return true
    }

    /// Takes the first caller that has no answer yet from those who wait. Whoever has one would go
    /// home and take the lead with him, and the others would wait for ever.
    private func nextLeader() -> Caller? {
        guard let index = callers.firstIndex(where: { !areAnswered($0.tickets) }) else {
            return nil
        }
        return callers.remove(at: index)
    }

    /// Gives the lead to the next caller and waits behind the others; keeps it when nobody waits.
    private func decline(_ tickets: ClosedRange<LandingMachine.Ticket>) async {
        guard let heir = nextLeader() else { return }
        await withCheckedContinuation {
            callers.append(Caller(tickets: tickets, continuation: $0))
            heir.continuation.resume()
        }
    }

    private func wakeAnswered() {
        callers.removeAll { caller in
            guard areAnswered(caller.tickets) else { return false }
            caller.continuation.resume()
            return true
        }
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
        case .readHistory(let sessions, let since):
            do throws(ReadError) {
                let tip = machine.tip
                return .historyRead(
                    try await rollups.closings(
                        of: sessions, since: since, upTo: tip.epoch, position: tip.position),
                    of: sessions)
            } catch {
                return .readFailed("\(error)")
            }
        case .pause(let attempt):
            // 10 ms, doubling, up to a second, with jitter of half of it.
            let span = min(1_000, UInt64(10) << UInt64(min(attempt, 10)))
            await world.pause(span / 2 + world.random() % (span / 2 + 1))
            return .paused
        case .answer, .told, .committed:
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
            _ = try await log.store.put(
                StoreKey.slot(epoch), StoredSlot.packed(bytes), .ifAbsent)
            return .created
        } catch {
            if error.code == .preconditionFailed { return .exists }
            return error.mayHaveBeenApplied ? .unknown("\(error)") : .refused("\(error)")
        }
    }
}

/// Effects yet to be carried out, in order. Taking the first costs the same however many follow.
private struct Effects {
    private var items: [LandingMachine.Effect] = []
    private var start = 0
    private var commitCount = 0

    var first: LandingMachine.Effect? { start < items.count ? items[start] : nil }

    var beginsWithAnswer: Bool {
        switch first {
        case .answer, .told: true
        default: false
        }
    }

    /// Whether a commit is among them whose work is still to be done.
    var isCommitPending: Bool { commitCount > 0 }

    mutating func append(_ effects: [LandingMachine.Effect]) {
        items += effects
        for case .committed in effects { commitCount += 1 }
    }

    mutating func removeFirst() {
        if case .committed = items[start] { commitCount -= 1 }
        start += 1
        if start == items.count {
            items = []
            start = 0
        }
    }
}
