package import HifCore

/// How far each job has come, and whose turn it is: the decisions of `Upkeep`, as a value.
package struct UpkeepProgress: Hashable, Sendable {
    /// One job's next piece of work.
    package struct Step: Hashable, Sendable {
        /// Index of the job.
        package let job: Int
        package let done: Epoch?
        package let goal: UpkeepGoal
    }

    private struct Job: Hashable, Sendable {
        /// Everything due at or before this slot exists; nil: not known.
        var done: Epoch?
        var isRunning = false
        /// Failed since the goal moved; tried again when it moves.
        var hasFailed = false
    }

    package private(set) var goal: UpkeepGoal?
    private var jobs: [Job]
    /// The job after the one that had the last turn.
    private var turn = 0
    /// The job whose delay slows landing down, and what is due of it and not known to exist.
    private let pacing: Int
    private var pacingDue: [Epoch] = []

    /// - Parameters:
    ///   - jobCount: how many jobs there are.
    ///   - pacing: index of the one that builds checkpoints.
    package init(jobCount: Int, pacing: Int) {
        precondition(pacing < jobCount, "no job \(pacing)")
        jobs = Array(repeating: Job(), count: jobCount)
        self.pacing = pacing
    }

    /// Checkpoints due in slots that were committed or adopted since this value was made, and not
    /// known to exist.
    package var checkpointLag: Int { pacingDue.count }

    /// Whether a step is running.
    package var isRunning: Bool { jobs.contains { $0.isRunning } }

    /// Whether a job has something to do and would be given it.
    package var isDue: Bool {
        guard let goal else { return false }
        return jobs.contains { isDue($0, goal) }
    }

    private func isDue(_ job: Job, _ goal: UpkeepGoal) -> Bool {
        !job.isRunning && !job.hasFailed && job.done.map { $0 < goal.epoch } ?? true
    }

    /// Whether anything that is due failed.
    package var hasFailed: Bool { jobs.contains { $0.hasFailed } }

    /// The log has come this far.
    package mutating func advance(to goal: UpkeepGoal) {
        if let known = self.goal {
            guard goal.epoch > known.epoch else { return }
            if goal.checkpointEpoch > known.checkpointEpoch {
                pacingDue.append(goal.checkpointEpoch)
            }
        } else if goal.checkpointEpoch > 0 {
            pacingDue = [goal.checkpointEpoch]
        }
        self.goal = goal
        for index in jobs.indices { jobs[index].hasFailed = false }
    }

    /// The next step in turn, so that no kind waits for another to be finished; nil when all are
    /// done, running or failed. Each job runs once at a time.
    ///
    /// - Parameter isPacing: only a step for checkpoints.
    package mutating func next(isPacing: Bool = false) -> Step? {
        guard let goal else { return nil }
        for offset in jobs.indices {
            let index = isPacing ? pacing : (turn + offset) % jobs.count
            guard isDue(jobs[index], goal) else { continue }
            if !isPacing { turn = (index + 1) % jobs.count }
            jobs[index].isRunning = true
            return Step(job: index, done: jobs[index].done, goal: goal)
        }
        return nil
    }

    /// The step ended; its job has everything up to slot `done`.
    package mutating func finished(_ step: Step, through done: Epoch) {
        jobs[step.job].isRunning = false
        jobs[step.job].done = max(done, jobs[step.job].done ?? 0)
        if step.job == pacing { pacingDue.removeAll { $0 <= done } }
    }

    package mutating func failed(_ step: Step) {
        jobs[step.job].isRunning = false
        // The log moved on while it ran: that is a reason to try again.
        jobs[step.job].hasFailed = step.goal == goal
    }
}
