import HifCore
import HifRepository
import Testing

/// Explores every run of a small world in which events are appended to one session by the
/// production `EventAppend` while the session lands, is abandoned, and its folded events are deleted.
///
/// A look at the log is one step here: that what `LandingMachine` tells was so at some moment after it
/// was asked is what `Explorer` shows. A landing folds the events there are when it reads them and
/// closes the session later, if nobody else has. The collector deletes events below the folded
/// count, one at a time, whenever it likes.
struct SessionExplorer {
    struct Scope: CustomTestStringConvertible, Sendable {
        let name: String
        /// The event that each request appends, from 1, and the number its client knows of.
        /// Event 0 is there from the start.
        var appends: [(event: Int, known: UInt64)]
        /// Landings of the session, each on a node of its own.
        var landings = 1
        var abandons = 0
        var faults = 1
        /// Requests that are made once more after an answer that decided nothing.
        var repeats = 0
        var weakness: EventAppend.Weakness = []
        /// The last event is a wish to abandon, and its client takes the receipt for the deed.
        var wishCloses = false
        /// The collector deletes every event of a closed session, as if all were folded.
        var collectsAfterthoughts = false

        var testDescription: String { name }
    }

    private enum Standing: Hashable {
        case open
        case landed([Int])
        case abandoned

        var foldedCount: Int { if case .landed(let folded) = self { folded.count } else { 0 } }
    }

    private struct State: Hashable {
        /// The event at each number; nil where there is none.
        var events: [Int?] = [0]
        var standing = Standing.open
        /// For each request: its machine's name, or -1 before it began and -2 when it ended.
        var requests: [Int]
        /// For each landing: the events it has read; nil before, empty when it has ended.
        var landings: [[Int]?]
        var abandonsLeft: Int
        /// Writes that may still be applied: number and request.
        var late: [[Int]] = []
        /// Events that somebody was told are safe.
        var acknowledged: Set<Int> = []
        var isToldAbandoned = false
        var faults: Int
        var repeats: Int
    }

    private struct Appender: Hashable {
        var machine: EventAppend
        var effect: EventAppend.Effect
    }

    let scope: Scope
    private var appenders: [Appender] = []
    private var names: [Appender: Int] = [:]
    private var states: [State] = []
    private var seen: [State: Int] = [:]
    private var origins: [(parent: Int, label: String)] = []

    init(_ scope: Scope) {
        self.scope = scope
    }

    mutating func run() -> (states: Int, terminal: Int, violation: String?, trace: [String]) {
        let first = State(
            requests: scope.appends.map { _ in -1 },
            landings: (0..<scope.landings).map { _ in nil },
            abandonsLeft: scope.abandons, acknowledged: [0], faults: scope.faults,
            repeats: scope.repeats)
        add(first, from: -1, "start")
        var terminal = 0
        var next = 0
        while next < states.count {
            do {
                let before = states.count
                let isLive = try expand(next)
                if !isLive, states.count == before { terminal += 1 }
            } catch {
                return (states.count, terminal, "\(error)", trace(next))
            }
            next += 1
        }
        return (states.count, terminal, nil, [])
    }

    private func trace(_ state: Int) -> [String] {
        var labels: [String] = []
        var state = state
        while state >= 0 {
            labels.append(origins[state].label)
            state = origins[state].parent
        }
        return labels.reversed()
    }

    private mutating func add(_ state: State, from parent: Int, _ label: String) {
        guard seen[state] == nil else { return }
        seen[state] = states.count
        states.append(state)
        origins.append((parent, label))
    }

    static func event(_ number: Int) -> SessionEvent {
        SessionEvent(
            id: EventID(high: 1, low: UInt64(number)), author: Author(account: "", name: ""),
            atMillis: 0,
            body: number == 0
                ? .started(goal: "", createdPosition: 0, key: "") : .note(role: "", text: ""))
    }

    // MARK: Steps of the world

    private mutating func expand(_ number: Int) throws -> Bool {
        let state = states[number]
        try check(state)
        var isLive = false
        for request in scope.appends.indices {
            if state.requests[request] == -1 {
                isLive = true
                var next = state
                next.requests[request] = begin(request)
                add(next, from: number, "request \(request) begins")
            } else if state.requests[request] >= 0 {
                isLive = true
                try perform(request, state, number)
            }
        }
        for index in state.late.indices {
            var next = state
            let write = next.late.remove(at: index)
            apply(write[0], scope.appends[write[1]].event, &next)
            add(next, from: number, "late write of number \(write[0]) is applied")
        }
        for landing in state.landings.indices {
            var next = state
            switch state.landings[landing] {
            case nil:
                // Read one after the other up to the first that is not there.
                let found = Array(state.events.prefix { $0 != nil }.compactMap { $0 })
                next.landings[landing] = found
                // After events were deleted nothing is left to fold, and the session is closed.
                if found.isEmpty { next.landings[landing] = .some([]) }
                add(next, from: number, "landing \(landing) reads \(found.count) events")
            case .some(let folded) where !folded.isEmpty:
                next.landings[landing] = .some([])
                if case .open = state.standing { next.standing = .landed(folded) }
                add(next, from: number, "landing \(landing) commits")
            default: continue
            }
            isLive = true
        }
        if state.abandonsLeft > 0, case .open = state.standing {
            var next = state
            next.abandonsLeft -= 1
            next.standing = .abandoned
            add(next, from: number, "abandoned")
        }
        collect(state, number)
        return isLive
    }

    private mutating func collect(_ state: State, _ number: Int) {
        guard case .landed = state.standing else { return }
        let end = scope.collectsAfterthoughts ? state.events.count : state.standing.foldedCount
        for index in 0..<min(end, state.events.count) where state.events[index] != nil {
            var next = state
            next.events[index] = nil
            add(next, from: number, "event \(index) is deleted")
        }
    }

    private func apply(_ number: Int, _ event: Int, _ state: inout State) {
        while state.events.count <= number { state.events.append(nil) }
        if state.events[number] == nil { state.events[number] = event }
    }

    // MARK: Requests

    private mutating func name(_ appender: Appender) -> Int {
        if let known = names[appender] { return known }
        appenders.append(appender)
        names[appender] = appenders.count - 1
        return appenders.count - 1
    }

    private mutating func begin(_ request: Int) -> Int {
        let append = scope.appends[request]
        let machine = EventAppend(
            SessionExplorer.event(append.event), from: append.known, attemptsMax: 3,
            weakness: scope.weakness)
        return name(Appender(machine: machine, effect: machine.begin()))
    }

    /// Every way in which what the request waits for can end.
    private mutating func perform(_ request: Int, _ state: State, _ number: Int) throws {
        let event = scope.appends[request].event
        switch appenders[state.requests[request]].effect {
        case .read(let at):
            let there = Int(at) < state.events.count ? state.events[Int(at)] : nil
            try tell(
                request, .eventRead(there.map(SessionExplorer.event)), state, number, "reads \(at)")
        case .write(let at):
            let isFree = Int(at) >= state.events.count || state.events[Int(at)] == nil
            var applied = state
            apply(Int(at), event, &applied)
            try tell(
                request, .written(isFree ? .created : .exists), applied, number, "writes \(at)")
            guard state.faults > 0 else { return }
            var faulty = state
            faulty.faults -= 1
            var faultyApplied = applied
            faultyApplied.faults -= 1
            try tell(request, .written(.unknown), faulty, number, "write \(at) is lost")
            try tell(request, .written(.refused), faulty, number, "write \(at) is refused")
            if isFree {
                try tell(
                    request, .written(.unknown), faultyApplied, number, "write \(at): answer lost")
                try tell(
                    request, .written(.exists), faultyApplied, number, "write \(at): own 412")
            }
            faulty.late.append([Int(at), request])
            try tell(request, .written(.unknown), faulty, number, "write \(at) is late")
        case .look:
            let standing: SessionStanding
            switch state.standing {
            case .open: standing = .open
            case .abandoned: standing = .closed(.abandoned)
            case .landed(let folded):
                standing = .closed(
                    .landed(
                        Landed(
                            position: 1, eventCount: UInt64(folded.count), sourceDigest: .zero,
                            landedDigest: .zero, mergedPaths: [])))
            }
            try tell(request, .looked(standing), state, number, "looks")
        case .readFolded:
            guard case .landed(let folded) = state.standing else {
                throw Broken("reads a document that does not exist")
            }
            try tell(
                request, .foldedRead(folded.map { SessionExplorer.event($0).id }), state, number,
                "reads the document")
        case .pause:
            try tell(request, .paused, state, number, "pauses")
        case .finished, .failed:
            throw Broken("request \(request) goes on after its end")
        }
    }

    private mutating func tell(
        _ request: Int, _ incident: EventAppend.Incident, _ state: State, _ number: Int,
        _ label: String
    ) throws {
        var appender = appenders[state.requests[request]]
        appender.effect = appender.machine.step(incident)
        var next = state
        let event = scope.appends[request].event
        switch appender.effect {
        case .finished(let receipt):
            next.requests[request] = -2
            next.acknowledged.insert(event)
            if scope.wishCloses, request == scope.appends.count - 1 { next.isToldAbandoned = true }
            try check(receipt, event, next)
        case .failed(let failure):
            next.requests[request] = -2
            if failure == .refused { try checkRefused(request, next) }
            if failure != .full, state.repeats > 0 {
                next.repeats -= 1
                next.requests[request] = -1
            }
        default:
            next.requests[request] = name(appender)
        }
        add(next, from: number, "request \(request) \(label)")
    }

    // MARK: What was promised

    private func check(_ receipt: EventReceipt, _ event: Int, _ state: State) throws {
        switch receipt {
        case .open: break  // held at the look; `check(_:)` looks after what follows
        case .folded:
            guard case .landed(let folded) = state.standing, folded.contains(event) else {
                throw Broken("event \(event) is said to be folded, and is not")
            }
        case .afterthought(let number):
            guard state.standing != .open else {
                throw Broken("event \(event) is an afterthought of an open session")
            }
            guard Int(number) < state.events.count, state.events[Int(number)] == event else {
                throw Broken("event \(event) is said to be number \(number), and is not")
            }
        }
    }

    /// "Nothing was written" said of an event.
    private func checkRefused(_ request: Int, _ state: State) throws {
        let event = scope.appends[request].event
        // A refusal speaks of its own request: an earlier one for the event may still be applied.
        let isAlone =
            scope.appends.filter { $0.event == event }.count == 1 && state.repeats == scope.repeats
        let floor = state.standing.foldedCount
        func mayCome(to number: Int) -> Bool {
            number >= floor && (number >= state.events.count || state.events[number] == nil)
        }
        let isLate = state.late.contains {
            scope.appends[$0[1]].event == event && mayCome(to: $0[0])
        }
        if isAlone, isLate || kept(state).contains(event) {
            throw Broken("event \(event) is refused and is or may be written")
        }
    }

    /// The events that count: those in the document, and from its count on those that are not.
    private func kept(_ state: State) -> [Int] {
        guard case .landed(let folded) = state.standing else {
            return state.events.compactMap { $0 }
        }
        let after = state.events.dropFirst(folded.count).compactMap { $0 }
        return folded + after.filter { !folded.contains($0) }
    }

    private func check(_ state: State) throws {
        let kept = kept(state)
        for event in 0..<5 {
            let count = kept.filter { $0 == event }.count
            if count > 1 { throw Broken("event \(event) is there twice") }
            if count == 0, state.acknowledged.contains(event) {
                throw Broken("event \(event) was acknowledged and is lost")
            }
        }
        if state.isToldAbandoned, case .landed = state.standing {
            throw Broken("a client was told that the session is abandoned, and it landed")
        }
    }
}
