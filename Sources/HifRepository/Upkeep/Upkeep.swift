import HifCore
import Synchronization

/// Builds behind the commits what is derived from a project's log: hint, checkpoints, object runs,
/// rollups. No answer waits for it. What it has not built yet costs readers requests and changes no
/// answer.
///
/// It has no task and no clock of its own: somebody's task drives it, with `run()` for as long as a
/// process serves, or with `catchUp()` before it ends. A project in which nothing is committed
/// causes no request.
package final class Upkeep: Sendable {
    /// When more checkpoints than this are due and not built, whoever commits helps out: landing goes
    /// on at the pace of building, and no position gets far from a checkpoint.
    package static let checkpointLagMax = 8

    private struct State {
        var progress: UpkeepProgress
        /// Told that something is due, and nobody has begun since.
        var isAnnounced = false
        /// Those who wait for a step of somebody else's to end.
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// Those who wait for something to be due.
        var sleeping: [CheckedContinuation<Void, Never>] = []
    }

    private let jobs: [any UpkeepJob]
    private let index: ObjectIndex
    private let rollups: PathIndex
    private let trees: TreeReader
    private let report: @Sendable (String) -> Void
    private let announce: @Sendable (Upkeep) -> Void
    private let state: Mutex<State>

    /// - Parameters:
    ///   - jobs: in the order of their turns.
    ///   - pacing: index of the one that builds checkpoints.
    ///   - report: told, in a sentence, what failed. It is tried again after the next commit.
    ///   - announce: called when something has become due, and not again until somebody drives.
    init(
        jobs: [any UpkeepJob], pacing: Int, index: ObjectIndex, rollups: PathIndex,
        trees: TreeReader,
        report: @escaping @Sendable (String) -> Void,
        announce: @escaping @Sendable (Upkeep) -> Void
    ) {
        self.jobs = jobs
        self.index = index
        self.rollups = rollups
        self.trees = trees
        self.report = report
        self.announce = announce
        state = Mutex(
            State(progress: UpkeepProgress(jobCount: jobs.count, pacing: pacing)))
    }

    // MARK: What the writer says

    /// The log ends here; what is due up to here may or may not have been built.
    func opened(at tip: LogTip) {
        advance(to: UpkeepGoal(tip))
    }

    /// This process committed a slot: its readers know the tree and the contents from now on. No
    /// request.
    func committed(_ slot: ResolvedSlot, tip: LogTip, nodes: NodeCache) {
        index.remember(slot)
        rollups.remember(slot)
        trees.remember(ProllyTree(root: tip.root), at: tip.position, nodes: nodes)
        advance(to: UpkeepGoal(tip))
    }

    /// Whether landing has to slow down.
    var isBehind: Bool {
        state.withLock { $0.progress.checkpointLag > Upkeep.checkpointLagMax }
    }

    /// Builds checkpoints, or waits for whoever does, until landing may go on. What fails is not
    /// waited for.
    func slowDown() async {
        while isBehind, let step = await take(isPacing: true) { await perform(step) }
    }

    private func advance(to goal: UpkeepGoal) {
        var sleepers: [CheckedContinuation<Void, Never>] = []
        let isNew = state.withLock { state in
            state.progress.advance(to: goal)
            guard state.progress.isDue else { return false }
            swap(&sleepers, &state.sleeping)
            defer { state.isAnnounced = true }
            return !state.isAnnounced
        }
        for sleeper in sleepers { sleeper.resume() }
        if isNew { announce(self) }
    }

    // MARK: Driving

    /// Does what is due; when it returns, all of it is done or has failed (and was reported), or the
    /// task was cancelled.
    package func catchUp() async {
        state.withLock { $0.isAnnounced = false }
        while !Task.isCancelled, let step = await take() { await perform(step) }
    }

    /// Does what is due whenever something is, until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            await catchUp()
            await somethingDue()
        }
    }

    /// Builds what is missing anywhere up to the goal: a repair.
    func fillHoles(upTo goal: UpkeepGoal) async throws(ReadError) {
        for job in jobs { try await job.fillHoles(upTo: goal) }
    }

    /// Whether everything that is due exists, as far as this process knows.
    package var isUpToDate: Bool {
        state.withLock { !$0.progress.isDue && !$0.progress.isRunning && !$0.progress.hasFailed }
    }

    /// The next step; waits while others run the steps that are left. Nil when nothing is.
    private func take(isPacing: Bool = false) async -> UpkeepProgress.Step? {
        while true {
            var step: UpkeepProgress.Step?
            var isOver = false
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    step = state.progress.next(isPacing: isPacing)
                    isOver = step == nil && !state.progress.isRunning
                    guard step == nil, !isOver else { return false }
                    state.waiting.append(continuation)
                    return true
                }
                if !mustWait { continuation.resume() }
            }
            if step != nil || isOver { return step }
            if isPacing, !isBehind { return nil }
        }
    }

    private func perform(_ step: UpkeepProgress.Step) async {
        let job = jobs[step.job]
        do throws(ReadError) {
            let done = try await job.step(after: step.done, to: step.goal)
            end { $0.finished(step, through: done) }
        } catch {
            report("building \(job.name) up to slot \(step.goal.epoch): \(error)")
            end { $0.failed(step) }
        }
    }

    private func end(_ change: (inout UpkeepProgress) -> Void) {
        let waiting = state.withLock { state in
            change(&state.progress)
            defer { state.waiting = [] }
            return state.waiting
        }
        for waiter in waiting { waiter.resume() }
    }

    private func somethingDue() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if Task.isCancelled || state.progress.isDue { return true }
                    state.sleeping.append(continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let sleepers = state.withLock { state in
                defer { state.sleeping = [] }
                return state.sleeping
            }
            for sleeper in sleepers { sleeper.resume() }
        }
    }
}
