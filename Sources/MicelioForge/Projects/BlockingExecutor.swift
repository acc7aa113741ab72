package import NIOPosix

/// Runs tasks on threads that may block: the directory store waits for the disk inside its calls,
/// and must hold up neither the event loops nor the few threads of Swift's own pool.
package final class BlockingExecutor: TaskExecutor {
    private let threads: NIOThreadPool

    /// - Parameter threads: started by the caller, who shuts it down after the last task ended.
    package init(threads: NIOThreadPool) {
        self.threads = threads
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        threads.submit { _ in
            // Also when the pool is stopping: a job that never ran would leave its task waiting
            // for ever.
            job.runSynchronously(on: self.asUnownedTaskExecutor())
        }
    }
}
