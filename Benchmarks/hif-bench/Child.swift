import Glibc

/// A program run to its end, and what that took.
struct Child {
    struct Usage {
        /// Wall-clock seconds from before the start to after the end.
        let seconds: Double
        /// Processor time, its own and the system's for it, of the program and what it waited for.
        let busySeconds: Double
        /// Most memory held at a time, of the program itself.
        let peakBytes: Int
    }

    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs `arguments[0]` from `PATH`, its output thrown away or, with `output`, written to that file.
    @discardableResult
    static func run(
        _ arguments: [String], in directory: String, environment: [String: String],
        output: String = "/dev/null"
    ) throws -> Usage {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
        // This program does one thing at a time, so it may as well go there itself.
        guard chdir(directory) == 0 else { throw Failed(description: "no directory \(directory)") }
        var argv = arguments.map { strdup($0) } + [nil]
        var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        var pid: pid_t = 0
        let start = now()
        guard posix_spawnp(&pid, arguments[0], &actions, nil, &argv, &envp) == 0 else {
            throw Failed(description: "cannot start \(arguments[0])")
        }
        var status: Int32 = 0
        var usage = rusage()
        while wait4(pid, &status, 0, &usage) < 0 && errno == EINTR {}
        let seconds = now() - start
        guard status == 0 else {
            throw Failed(
                description: "\(arguments.joined(separator: " ")) in \(directory): status \(status)"
            )
        }
        return Usage(
            seconds: seconds,
            busySeconds: Child.seconds(usage.ru_utime) + Child.seconds(usage.ru_stime),
            peakBytes: usage.ru_maxrss * 1024)
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }

    static func now(_ clock: clockid_t = CLOCK_MONOTONIC) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
