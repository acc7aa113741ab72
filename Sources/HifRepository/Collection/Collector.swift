package import HifCore

/// The removal of packs that nobody needs, as a value: given what happened it returns what to do
/// next. The log puts it in order, no clock does.
///
/// 1. Which packs are there? (Later ones are no candidates.)
/// 2. Mark: fold the log up to its newest slot, *e*.
/// 3. Candidates are packs that no landing names and whose header says that they are of a session
///    closed at or before e, and packs that were replaced by others.
/// 4. Condemn them in the log. Whoever writes that slot takes out what landings and replacements
///    since e name (`LandingMachine`), and from that slot on nobody can land with the rest.
/// 5. Read what the slot condemned, and only then delete it.
///
/// Dying anywhere is harmless: what is condemned and still there is deleted by the next collection.
package struct Collector: Hashable, Sendable {
    /// Times the mark is made again because the log moved too far, or nobody knows what happened.
    package static let attemptsMax = 8

    package enum Event: Hashable, Sendable {
        case begun
        /// Every pack in the store.
        case packsListed(Set<Hash>)
        /// The log up to a slot that is durable, which was its newest at some moment since the packs
        /// were listed.
        case marked(CollectionMark)
        /// The sessions that the packs' headers name. Those that are gone or cannot be read are left
        /// out.
        case headersRead([Hash: Hash])
        /// What the log answered to the control change.
        case answered(LandingAnswer)
        /// The packs that a durable slot's control record condemns.
        case condemnedRead([Hash])
        case deleted
        /// A request failed for good.
        case failed(String)
    }

    package enum Effect: Hashable, Sendable {
        case listPacks
        case mark
        case readHeaders([Hash])
        case submit(ControlChange)
        case readCondemned(Epoch)
        case delete([Hash])
        case finished(Outcome)
    }

    package enum Outcome: Hashable, Sendable {
        case done
        /// Nothing was lost, and nothing is half done that the next collection does not see.
        case stopped(String)
    }

    private enum Phase: Hashable, Sendable {
        case idle
        case listing
        case marking
        case examining
        case condemning([Hash])
        case confirming
        case deleting
        case over
    }

    private var phase = Phase.idle
    let isDryRun: Bool
    private let batchMax: Int
    private var listed: Set<Hash> = []
    private var mark = CollectionMark()
    /// Still to be condemned, ascending.
    private var candidates: [Hash] = []
    private var attempts = 0
    let weakness: Weakness

    /// Packs that may go or went, for a report.
    package private(set) var found: Set<Hash> = []
    /// Packs whose deletion was carried out.
    package private(set) var deleted: Set<Hash> = []
    private var deleting: [Hash] = []

    /// - Parameters:
    ///   - isDryRun: find what would go and write nothing.
    ///   - batchMax: packs condemned by one slot.
    ///   - weakness: for tests only.
    package init(
        isDryRun: Bool = false, batchMax: Int = Condemnation.packsMax, weakness: Weakness = []
    ) {
        self.isDryRun = isDryRun
        self.batchMax = batchMax
        self.weakness = weakness
    }

    package mutating func step(_ event: Event) -> [Effect] {
        switch (phase, event) {
        case (_, .failed(let reason)):
            return finish(.stopped(reason))
        case (.idle, .begun):
            phase = .listing
            return [.listPacks]
        case (.listing, .packsListed(let packs)):
            listed = packs
            phase = .marking
            return [.mark]
        case (.marking, .marked(let mark)):
            self.mark = mark
            phase = .examining
            let unnamed = listed.filter { !mark.named.contains($0) && !mark.packs.isCondemned($0) }
            return [.readHeaders(unnamed.sorted())]
        case (.examining, .headersRead(let sessions)):
            return examined(sessions)
        case (.condemning(let packs), .answered(let answer)):
            return answered(answer, packs)
        case (.confirming, .condemnedRead(let packs)):
            return delete(packs)
        case (.deleting, .deleted):
            deleted.formUnion(deleting)
            return condemnNext()
        default:
            return []
        }
    }

    private mutating func examined(_ sessions: [Hash: Hash]) -> [Effect] {
        let free = sessions.filter { weakness.contains(.ignoresSessions) || mark.mayGo(packOf: $1) }
            .map(\.key)
        let replaced = mark.packs.replaced.keys.filter {
            listed.contains($0) && !mark.packs.isCondemned($0)
        }
        candidates = Set(free + replaced).sorted()
        // Condemned by somebody who did not get to the end, or put there again since.
        let left = listed.filter { mark.packs.isCondemned($0) && !deleted.contains($0) }.sorted()
        found.formUnion(candidates)
        found.formUnion(left)
        if isDryRun { return finish(.done) }
        return left.isEmpty ? condemnNext() : delete(left)
    }

    private mutating func condemnNext() -> [Effect] {
        guard !candidates.isEmpty else { return finish(.done) }
        let packs = Array(candidates.prefix(batchMax))
        candidates.removeFirst(packs.count)
        if weakness.contains(.deletesUncondemned) { return delete(packs) }
        phase = .condemning(packs)
        return [.submit(.condemn(packs, markedAt: mark.epoch))]
    }

    private mutating func answered(_ answer: LandingAnswer, _ packs: [Hash]) -> [Effect] {
        switch answer {
        case .controlled(let epoch):
            if weakness.contains(.deletesWhatItAskedFor) { return delete(packs) }
            phase = .confirming
            return [.readCondemned(epoch)]
        default:
            // Refused, as the mark is too old or nothing is left of the list; or nobody knows. A new
            // mark tells, also what was condemned after all.
            attempts += 1
            guard attempts < Collector.attemptsMax else {
                return finish(.stopped("the log did not take the condemnation: \(answer)"))
            }
            candidates = []
            phase = .listing
            return [.listPacks]
        }
    }

    private mutating func delete(_ packs: [Hash]) -> [Effect] {
        phase = .deleting
        deleting = packs
        return [.delete(packs)]
    }

    private mutating func finish(_ outcome: Outcome) -> [Effect] {
        guard phase != .over else { return [] }
        phase = .over
        return [.finished(outcome)]
    }
}

extension Collector {
    /// Rules that a test may switch off, to see that the checker notices. The default everywhere is
    /// none.
    package struct Weakness: OptionSet, Hashable, Sendable {
        package let rawValue: Int

        package init(rawValue: Int) {
            self.rawValue = rawValue
        }

        /// Packs of open sessions count as candidates.
        package static let ignoresSessions = Weakness(rawValue: 1 << 0)
        /// Candidates are deleted without a word in the log.
        package static let deletesUncondemned = Weakness(rawValue: 1 << 1)
        /// All that was asked for is deleted, not what the slot condemned.
        package static let deletesWhatItAskedFor = Weakness(rawValue: 1 << 2)
    }
}
