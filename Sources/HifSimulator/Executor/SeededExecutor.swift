internal import Glibc
internal import Synchronization

/// Runs the tasks of one simulation on one thread, in an order that the seed decides, against a
/// clock that only moves when nothing is left to do.
///
/// It needs no thread of its own: whoever enqueues the first job drives it to the end. A job that
/// comes from any other thread afterwards escaped the simulation; it is counted, and the run fails.
///
/// `@unchecked Sendable`: everything but the atomics and what the mutex holds is touched only by the
/// driving thread, which `enqueue` checks.
package final class SeededExecutor: TaskExecutor, @unchecked Sendable {
    /// More steps than any sound simulation takes: a loop that does not end is found by this.
    package static let stepsMax = 20_000_000

    private let driver = Atomic<UInt>(0)
    private let foreign = Mutex<[UnownedJob]>([])
    private let foreignTotal = Atomic<Int>(0)
    private var jobs: [UnownedJob] = []
    private var timers = TimerHeap()
    private var dice: Dice
    private var isFinished = false
    /// Microseconds since the simulation began.
    package private(set) var now: UInt64 = 0
    package private(set) var stepCount = 0
    /// A hash of every choice made so far. Equal seeds have equal traces.
    package private(set) var trace: UInt64 = 0xCBF2_9CE4_8422_2325
    /// Called when tasks wait and nothing will ever wake them, or when too many steps were taken.
    /// Does not return.
    private let onStuck: @Sendable (String) -> Never

    package init(seed: UInt64, onStuck: @escaping @Sendable (String) -> Never) {
        dice = Dice(seed: seed, "schedule")
        self.onStuck = onStuck
    }

    /// How many jobs came from other threads. Anything but 0 means that runs do not repeat.
    package var foreignCount: Int { foreignTotal.load(ordering: .relaxed) }

    /// Runs `body`, and all tasks below it, to their end. Once.
    package func run<Result: Sendable>(
        _ body: @Sendable () async -> Result
    ) async -> Result {
        await withTaskExecutorPreference(self) {
            let result = await body()
            self.isFinished = true
            return result
        }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let thread = UInt(pthread_self())
        if driver.load(ordering: .relaxed) == thread {
            jobs.append(job)
        } else if driver.compareExchange(expected: 0, desired: thread, ordering: .relaxed).exchanged
        {
            jobs.append(job)
            drive()
        } else {
            foreignTotal.add(1, ordering: .relaxed)
            foreign.withLock { $0.append(job) }
        }
    }

    private func drive() {
        while true {
            if !jobs.isEmpty {
                step()
            } else if isFinished {
                return
            } else if let timer = timers.popFirst() {
                now = max(now, timer.at)
                fold(now)
                timer.action()
            } else {
                let late = foreign.withLock { late in
                    defer { late = [] }
                    return late
                }
                if late.isEmpty { onStuck("tasks wait for something that will not come") }
                jobs += late
            }
        }
    }

    private func step() {
        stepCount += 1
        if stepCount > SeededExecutor.stepsMax { onStuck("\(stepCount) steps, and no end") }
        let index = jobs.count == 1 ? 0 : dice.below(jobs.count)
        jobs.swapAt(index, jobs.count - 1)
        fold(UInt64(jobs.count) << 32 | UInt64(index))
        jobs.removeLast().runSynchronously(on: asUnownedTaskExecutor())
    }

    /// Takes something that happened into the trace.
    package func fold(_ value: UInt64) {
        trace = (trace ^ value) &* 0x9E37_79B9_7F4A_7C15
        trace ^= trace >> 29
    }

    /// Runs `action` after so many microseconds, between two jobs.
    package func after(_ micros: UInt64, _ action: @escaping () -> Void) {
        timers.push(now + micros, action)
    }

    /// Returns after so many microseconds.
    package func sleep(_ micros: UInt64) async {
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            after(micros) { continuation.resume() }
        }
    }
}

/// What happens later, earliest first; at the same instant in the order of being asked for.
private struct TimerHeap {
    struct Timer {
        let at: UInt64
        let number: UInt64
        let action: () -> Void

        static func < (left: Timer, right: Timer) -> Bool {
            (left.at, left.number) < (right.at, right.number)
        }
    }

    private var items: [Timer] = []
    private var count: UInt64 = 0

    mutating func push(_ at: UInt64, _ action: @escaping () -> Void) {
        count += 1
        items.append(Timer(at: at, number: count, action: action))
        var child = items.count - 1
        while child > 0, items[child] < items[(child - 1) / 2] {
            items.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popFirst() -> Timer? {
        guard !items.isEmpty else { return nil }
        items.swapAt(0, items.count - 1)
        let first = items.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < items.count && items[child] < items[least] { least = child }
            if least == parent { return first }
            items.swapAt(parent, least)
            parent = least
        }
    }
}
