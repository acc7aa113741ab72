import ArgumentParser
import Glibc

/// What makes a command of a few milliseconds shorter by one or two.
enum QuickStart {
    /// Commands that read a little and print it: threads of their own would take them longer to make than
    /// they save.
    private static func isShort(_ word: String) -> Bool {
        switch word {
        case "blame", "cat", "diff", "log", "ls", "schema", "show", "skill", "status":
            true
        default: false
        }
    }

    /// Does the work of the process, which ends it: on this thread alone where that is quicker.
    static func begin(
        _ arguments: [String], _ work: @escaping @Sendable ([String]) async -> Never
    ) -> Never {
        if let command = arguments.first(where: { !$0.hasPrefix("-") }), isShort(command) {
            let thread = OneThread()
            Task.detached(executorPreference: thread) { await work(arguments) }
            thread.run()
        }
        // Detached, so that nothing comes back to this thread, which waits for the end only.
        Task.detached { await work(arguments) }
        while true { pause() }
    }

    /// Parses the words of a command alone, without the tree of all commands around it.
    ///
    /// - Returns: nil when the words ask for more than one command, or are wrong: the parser for the whole
    ///   tree knows what to say then.
    static func parse(_ arguments: [String]) -> (any ParsableCommand)? {
        guard let first = arguments.first,
            let command = Hif.configuration.groupedSubcommands.lazy.flatMap(\.subcommands)
                .first(where: { $0.configuration.commandName == first }),
            command.configuration.subcommands.isEmpty, command is any HifCommand.Type
        else { return nil }
        return try? command.parse(Array(arguments.dropFirst()))
    }
}

/// Runs tasks one after the other on the thread that calls `run`.
///
/// `@unchecked Sendable`: `jobs` is touched under `lock` only.
private final class OneThread: TaskExecutor, @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let added = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [UnownedJob] = []

    init() {
        pthread_mutex_init(lock, nil)
        pthread_cond_init(added, nil)
    }

    // It lives as long as the process, so nothing is given back.

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        pthread_mutex_lock(lock)
        jobs.append(job)
        pthread_cond_signal(added)
        pthread_mutex_unlock(lock)
    }

    func run() -> Never {
        var ready: [UnownedJob] = []
        while true {
            pthread_mutex_lock(lock)
            while jobs.isEmpty { pthread_cond_wait(added, lock) }
            swap(&jobs, &ready)
            pthread_mutex_unlock(lock)
            for job in ready { job.runSynchronously(on: asUnownedTaskExecutor()) }
            ready.removeAll(keepingCapacity: true)
        }
    }
}
