import Foundation
import HifCore
import HifRepository
import HifStore
import Synchronization

/// Landings through `Lander` and `Sequencer`, as a forge's process has them: how many a second, and
/// how long each takes. `make bench-landing`; docs/benchmarks.md keeps the figures.
///
/// Open loop: requests come at random moments (a Poisson process) whether or not earlier ones were
/// answered, and each is timed from the moment at which it should have been sent. So a queue that
/// grows shows in the times; a closed loop hides it ("coordinated omission", Gil Tene).
struct LandingBench {
    enum Arrivals: Sendable {
        /// So many a second, at random.
        case open(rate: Int)
        /// So many clients, each of which asks again when it was answered.
        case closed(clients: Int)

        var name: String {
            switch self {
            case .open(let rate): "\(rate)/s"
            case .closed(let clients): clients == 1 ? "1 client" : "\(clients) clients"
            }
        }

        /// More than can be landed within `seconds`.
        func requestCount(seconds: Int) -> Int {
            switch self {
            case .open(let rate): rate * seconds
            case .closed: 4_000 * seconds
            }
        }
    }

    /// One landing's times, in seconds.
    struct Sample: Sendable {
        let due: Double
        let intentStart: Double
        let end: Double
    }

    var seconds = 15
    var warmUpSeconds = 3
    /// Files of the project before the first of these landings.
    var files = 200_000

    private static let world = World(
        now: { Int64(Date().timeIntervalSince1970 * 1000) },
        random: { UInt64.random(in: .min ... .max) },
        pause: { try? await Task.sleep(for: .milliseconds($0)) })

    /// Runs one load against a new project in `store`.
    func run(_ name: String, _ store: RemoteLikeStore, _ arrivals: Arrivals) async throws
        -> LandingRow
    {
        var random = LandingBench.world.generator
        try await Repository.create(
            in: store, id: ProjectID(high: random.next(), low: 1), name: "ana/bench",
            storeID: StoreID(high: random.next(), low: 2), world: LandingBench.world)
        let repository = Repository(store: store, world: LandingBench.world) { report in
            FileHandle.standardError.write(Data("bench: \(report)\n".utf8))
        }
        let lander = Lander(repository)
        var load = LandingLoad(files: files)
        guard case .landed = try await lander.land(try load.first()) else {
            throw Child.Failed(description: "the project could not be made")
        }
        let run = Run(try requests(&load, arrivals)) { request in
            let outcome = try await lander.land(request)
            guard case .landed = outcome else {
                throw Child.Failed(description: "a landing ended with \(outcome)")
            }
        }
        let atStart = store.counted
        let start = Child.now() + 0.1
        let window = start + Double(warmUpSeconds)..<start + Double(warmUpSeconds + seconds)
        // As a forge's process drives it.
        let upkeep = Task { await repository.upkeep.run() }
        defer { upkeep.cancel() }
        async let used = LandingBench.processorSeconds(during: window)
        try await withThrowingDiscardingTaskGroup { group in
            switch arrivals {
            case .open(let rate):
                group.addTask { try await run.open(rate: rate, start..<window.upperBound) }
            case .closed(let clients):
                for _ in 0..<clients {
                    group.addTask { try await run.closed(until: window.upperBound) }
                }
            }
        }
        let (before, after) = try await used
        // What is derived is counted, too, also when it comes late.
        await repository.upkeep.catchUp()
        return LandingRow(
            store: name, arrivals: arrivals.name, window: window, samples: run.finished,
            cpuSeconds: after - before, requests: (atStart, store.counted))
    }

    private func requests(
        _ load: inout LandingLoad, _ arrivals: Arrivals
    ) throws -> [LandRequest] {
        try (0..<arrivals.requestCount(seconds: seconds + warmUpSeconds)).map { _ in
            try load.next()
        }
    }

    /// What the load and the waiting of `store` take of a processor, in milliseconds for each request:
    /// the same arrivals, each of which puts a pack of the usual size and lands nothing.
    func alone(_ store: RemoteLikeStore, rate: Int) async throws -> Double {
        var load = LandingLoad(files: 1)
        let pack = [UInt8](repeating: 1, count: 1_500)
        let run = Run(try requests(&load, .open(rate: rate))) { request in
            _ = try await store.put(PackKey.key(of: request.session.hash), pack, .ifAbsent)
        }
        let start = Child.now() + 0.1
        let window = start + Double(warmUpSeconds)..<start + Double(warmUpSeconds + seconds)
        async let used = LandingBench.processorSeconds(during: window)
        try await run.open(rate: rate, start..<window.upperBound)
        let (before, after) = try await used
        let count = run.finished.count { window.contains($0.end) }
        return (after - before) * 1_000 / Double(max(1, count))
    }

    /// The requests of one run, and what became of them.
    private final class Run: Sendable {
        private let send: @Sendable (LandRequest) async throws -> Void
        private let requests: [LandRequest]
        private let next = Mutex(0)
        private let samples = Mutex<[Sample]>([])

        init(
            _ requests: [LandRequest], send: @escaping @Sendable (LandRequest) async throws -> Void
        ) {
            self.send = send
            self.requests = requests
        }

        var finished: [Sample] { samples.withLock { $0 } }

        private func land(_ request: LandRequest, due: Double) async throws {
            let stopwatch = Stopwatch()
            try await Stopwatch.$current.withValue(stopwatch) { try await send(request) }
            let sample = Sample(due: due, intentStart: stopwatch.intentStart, end: Child.now())
            samples.withLock { $0.append(sample) }
        }

        func open(rate: Int, _ span: Range<Double>) async throws {
            var random = SplitMix(state: UInt64(rate))
            var due = span.lowerBound
            var number = 0
            try await withThrowingDiscardingTaskGroup { group in
                while due < span.upperBound, number < requests.count {
                    let now = Child.now()
                    if due > now { try await Task.sleep(for: .seconds(due - now)) }
                    // All that are due by now, since a sleep may end late.
                    let end = Child.now()
                    while due <= end, number < requests.count {
                        let request = requests[number]
                        let moment = due
                        group.addTask { try await self.land(request, due: moment) }
                        number += 1
                        due += -log(max(random.unit(), 1e-12)) / Double(rate)
                    }
                }
            }
        }

        func closed(until end: Double) async throws {
            while Child.now() < end {
                let number = next.withLock { next in
                    defer { next += 1 }
                    return next
                }
                // Otherwise the rate would be that of the requests that were made.
                guard number < requests.count else {
                    throw Child.Failed(description: "all \(requests.count) requests were answered")
                }
                try await land(requests[number], due: Child.now())
            }
        }
    }

    /// Processor time of this process at both ends of `window`.
    private static func processorSeconds(
        during window: Range<Double>
    ) async throws -> (Double, Double) {
        try await Task.sleep(for: .seconds(window.lowerBound - Child.now()))
        let before = Child.now(CLOCK_PROCESS_CPUTIME_ID)
        try await Task.sleep(for: .seconds(window.upperBound - Child.now()))
        return (before, Child.now(CLOCK_PROCESS_CPUTIME_ID))
    }
}

/// One line of the table.
struct LandingRow {
    let store: String
    let arrivals: String
    let rate: Double
    let perSlot: Double
    /// How long writing a slot took.
    let slot: [Double]
    /// From the end of one slot's write to the beginning of the next one's.
    let gap: [Double]
    /// From the end of a slot's write to the answer of a landing in it.
    let answer: [Double]
    let intent: [Double]
    let request: [Double]
    let putsPerLanding: Double
    let derivedPerSlot: Double
    let getsPerLanding: Double
    let cpuMillis: Double
    /// Landings under way, in the first and in the last third of the time.
    let underWay: (first: Double, last: Double)

    init(
        store: String, arrivals: String, window: Range<Double>, samples: [LandingBench.Sample],
        cpuSeconds: Double,
        requests: (before: RemoteLikeStore.Counts, after: RemoteLikeStore.Counts)
    ) {
        self.store = store
        self.arrivals = arrivals
        let seconds = window.upperBound - window.lowerBound
        let landed = samples.filter { window.contains($0.end) }
        rate = Double(landed.count) / seconds
        let timed = samples.filter { window.contains($0.due) }
        intent = timed.map { $0.end - $0.intentStart }.sorted()
        request = timed.map { $0.end - $0.due }.sorted()
        cpuMillis = cpuSeconds * 1_000 / Double(max(1, landed.count))
        // Requests of the whole run: at the edges of the window some belong to what is not in it.
        let (before, after) = requests
        func puts(_ kind: String) -> Double {
            Double(after.puts[kind, default: 0] - before.puts[kind, default: 0])
        }
        let landings = Double(max(1, samples.count))
        let all = Double(after.landingPuts - before.landingPuts)
        perSlot = landings / max(1, puts("log"))
        let slots = after.slots.dropFirst(before.slots.count).filter {
            window.contains($0.lowerBound) && window.contains($0.upperBound)
        }
        slot = slots.map { $0.upperBound - $0.lowerBound }.sorted()
        gap = zip(slots, slots.dropFirst()).map { $1.lowerBound - $0.upperBound }.sorted()
        answer = landed.compactMap { sample in
            slots.last { $0.upperBound <= sample.end }.map { sample.end - $0.upperBound }
        }.sorted()
        putsPerLanding = all / landings
        derivedPerSlot = (all - puts("log") - puts("pack")) / max(1, puts("log"))
        getsPerLanding = Double(after.gets - before.gets) / landings
        func mean(_ part: Range<Double>) -> Double {
            // Little's law: time spent in the part by all, over its length.
            samples.reduce(0.0) { sum, sample in
                sum + max(0, min(sample.end, part.upperBound) - max(sample.due, part.lowerBound))
            } / (part.upperBound - part.lowerBound)
        }
        let third = seconds / 3
        underWay = (
            mean(window.lowerBound..<window.lowerBound + third),
            mean(window.upperBound - third..<window.upperBound)
        )
    }

    /// Whether as many were answered as came.
    var isStable: Bool { underWay.last <= underWay.first * 1.25 + 10 }

    private func percentile(_ sorted: [Double], _ share: Double) -> String {
        guard !sorted.isEmpty else { return "" }
        let index = Int((Double(sorted.count - 1) * share).rounded())
        return Measurement.shown(sorted[index])
    }

    private func rounded(_ value: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", value)
    }

    var text: String {
        [
            "", store, arrivals, rounded(rate, 0), isStable ? "yes" : "no",
            "\(percentile(intent, 0.5)) / \(percentile(intent, 0.99))",
            "\(percentile(request, 0.5)) / \(percentile(request, 0.99))",
            rounded(perSlot, 1), "\(percentile(slot, 0.5)) / \(percentile(slot, 0.99))",
            percentile(gap, 0.5), percentile(answer, 0.5),
            rounded(putsPerLanding, 3), rounded(derivedPerSlot, 2),
            rounded(getsPerLanding, 3), rounded(cpuMillis, 2), "",
        ].joined(separator: " | ").trimmingCharacters(in: .whitespaces)
    }

    static let header = """
        | store | offered | landed/s | stable | intent to answer, p50 / p99 | request to answer, p50 / p99 | per slot | PUT of a slot, p50 / p99 | between slots, p50 | slot to answer, p50 | PUTs per landing | derived PUTs per slot | GETs per landing | CPU ms per landing |
        |---|---|---|---|---|---|---|---|---|---|---|---|---|---|
        """
}
