import CSched
package import NIOPosix

/// Runs tasks on threads that may block: the directory store waits for the disk inside its calls,
/// and must hold up neither the event loops nor the few threads of Swift's own pool.
package final class BlockingExecutor: TaskExecutor {
    private let threads: NIOThreadPool
    private let isGuests: Bool

    /// - Parameters:
    ///   - threads: started by the caller, who shuts it down after the last task ended.
    ///   - isGuests: whether the threads, which then are this executor's alone, stand back when others
    ///     want the processor, by `Limits.guestNiceness`.
    package init(threads: NIOThreadPool, isGuests: Bool = false) {
        self.threads = threads
        self.isGuests = isGuests
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        threads.submit { [isGuests] _ in
            // Asked for every job, since a pool does not say when a thread is new.
            if isGuests { hif_stand_back(Limits.guestNiceness, Limits.guestSliceNanos) }
            // Also when the pool is stopping: a job that never ran would leave its task waiting
            // for ever.
            job.runSynchronously(on: self.asUnownedTaskExecutor())
        }
    }
}
