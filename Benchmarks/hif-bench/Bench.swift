import Foundation

/// The measurements, in an order in which each finds what it needs.
///
/// Whole processes are timed, from before their start to after their end, hif and git by turns on
/// the same machine in the same run, with warm caches. Programs that write do so to new directories.
final class Bench {
    let options: Options
    private(set) var rows: [Row] = []
    private(set) var notes: [String] = []

    private let environment: [String: String]
    private var store: String { options.directory + "/store" }
    private var source: String { options.directory + "/source.git" }
    private var ours: String { options.directory + "/ours" }
    private var theirs: String { options.directory + "/theirs" }
    private static let project = "ana/bench"

    init(_ options: Options) {
        self.options = options
        var environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
        environment["HOME"] = options.directory + "/home"
        environment["LC_ALL"] = "C.UTF-8"
        environment["GIT_CONFIG_NOSYSTEM"] = "1"
        environment["HIF_STORE"] = options.directory + "/store"
        for who in ["AUTHOR", "COMMITTER"] {
            environment["GIT_\(who)_NAME"] = "Ana"
            environment["GIT_\(who)_EMAIL"] = "ana@example.org"
        }
        self.environment = environment
    }

    func run() throws {
        try generate()
        try importing()
        if options.wants("checkout") { try checkout() } else { try prepareCopies() }
        if options.wants("status") { try status() }
        if options.wants("log") { try log() }
        if options.wants("diff") { try diff() }
        if options.wants("land") { try land() }
    }

    // MARK: Tools

    private func git(_ arguments: [String], in directory: String) throws -> Child.Usage {
        try Child.run(
            ["git", "-c", "gc.auto=0", "-c", "maintenance.auto=false"] + arguments, in: directory,
            environment: environment)
    }

    private func hif(_ arguments: [String], in directory: String) throws -> Child.Usage {
        try Child.run([options.hif] + arguments, in: directory, environment: environment)
    }

    private func remove(_ path: String) throws {
        if FileManager.default.fileExists(atPath: path) {
            try FileManager.default.removeItem(atPath: path)
        }
    }

    private func lines(of arguments: [String], in directory: String) throws -> [String] {
        let file = options.directory + "/output"
        try Child.run(arguments, in: directory, environment: environment, output: file)
        return try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            .map(String.init)
    }

    private func kilobytes(_ path: String) throws -> String {
        let line = try lines(of: ["du", "-sk", path], in: options.directory).first ?? "0"
        return Measurement.megabytes((Int(line.prefix { $0.isNumber }) ?? 0) << 10)
    }

    /// Runs both by turns; `runs` times each.
    private func compare(
        _ name: String, beside peer: String, runs: Int? = nil,
        ours: (Int) throws -> Child.Usage, theirs: (Int) throws -> Child.Usage
    ) throws {
        var (our, their) = (Measurement(), Measurement())
        for run in 0..<(runs ?? options.runs) {
            our.add(try ours(run))
            their.add(try theirs(run))
        }
        rows.append(Row(name: name, peer: peer, ours: our, theirs: their))
        FileHandle.standardError.write(Data("\(rows[rows.count - 1].text)\n".utf8))
    }

    // MARK: Steps

    private func generate() throws {
        let manager = FileManager.default
        if manager.fileExists(atPath: source) { return }
        try manager.createDirectory(
            atPath: options.directory + "/home", withIntermediateDirectories: true)
        let stream = options.directory + "/stream"
        var generator = Generator(files: options.files, commits: options.commits)
        try generator.write(to: stream)
        _ = try git(["init", "-q", "--bare", "-b", "main", source], in: options.directory)
        try Child.run(
            ["sh", "-c", "git --git-dir=\(source) fast-import --quiet < \(stream)"],
            in: options.directory, environment: environment)
        try remove(stream)
        _ = try git(["gc", "-q"], in: source)
    }

    private func importing() throws {
        let copy = options.directory + "/copy.git"
        func ours(_ run: Int) throws -> Child.Usage {
            try remove(store)
            try remove(options.directory + "/home")
            try FileManager.default.createDirectory(
                atPath: options.directory + "/home", withIntermediateDirectories: true)
            return try hif(
                ["import", source, Bench.project, "--store", store], in: options.directory)
        }
        guard options.wants("import") else {
            if !FileManager.default.fileExists(atPath: store) { _ = try ours(0) }
            return
        }
        try compare(
            "import", beside: "git fast-export | git fast-import", ours: ours,
            theirs: { _ in
                try remove(copy)
                _ = try git(["init", "-q", "--bare", "-b", "main", copy], in: options.directory)
                let pipe =
                    "git --git-dir=\(source) fast-export --all"
                    + " | git --git-dir=\(copy) fast-import --quiet"
                return try Child.run(
                    ["sh", "-c", pipe], in: options.directory, environment: environment)
            })
        notes.append(
            "On disk: hif's store \(try kilobytes(store)); git after fast-import"
                + " \(try kilobytes(copy)), after `git gc` \(try kilobytes(source)).")
        try remove(copy)
    }

    private func checkoutOurs() throws -> Child.Usage {
        try remove(ours)
        return try hif(
            ["checkout", Bench.project, ours, "--store", store], in: options.directory)
    }

    private func checkoutTheirs() throws -> Child.Usage {
        try remove(theirs)
        return try git(["clone", "-q", "--shared", source, theirs], in: options.directory)
    }

    private func checkout() throws {
        try compare(
            "checkout", beside: "git clone --shared",
            ours: { _ in try checkoutOurs() }, theirs: { _ in try checkoutTheirs() })
    }

    private func prepareCopies() throws {
        _ = try checkoutOurs()
        _ = try checkoutTheirs()
    }

    private func status() throws {
        // Once untimed: both settle what was written in the same second as their index.
        _ = try hif(["status"], in: ours)
        _ = try git(["status"], in: theirs)
        try compare(
            "status, nothing changed", beside: "git status", runs: options.runs * 3,
            ours: { _ in try hif(["status"], in: ours) },
            theirs: { _ in try git(["status"], in: theirs) })
    }

    private func log() throws {
        let file = Generator.path(1)
        let directory = "src/part0/unit3"
        try compare(
            "log, all of it", beside: "git log", runs: options.runs * 3,
            ours: { _ in try hif(["log", "--limit", "1000000"], in: ours) },
            theirs: { _ in try git(["log"], in: theirs) })
        try compare(
            "log, the newest 50", beside: "git log -50", runs: options.runs * 3,
            ours: { _ in try hif(["log"], in: ours) },
            theirs: { _ in try git(["log", "-50"], in: theirs) })
        for path in [file, directory] {
            try compare(
                "log of `\(path)`", beside: "git log -- PATH", runs: options.runs * 3,
                ours: { _ in try hif(["log", "--limit", "1000000", "--path", path], in: ours) },
                theirs: { _ in try git(["log", "--", path], in: theirs) })
        }
    }

    private func diff() throws {
        let commits = try lines(
            of: ["git", "rev-list", "--first-parent", "--reverse", "HEAD"], in: theirs)
        let middle = commits.count / 2
        for span in [10, commits.count / 10] where span > 0 && middle + span <= commits.count {
            try compare(
                "diff of two positions, \(span) apart", beside: "git diff A B",
                runs: options.runs * 3,
                ours: { _ in try hif(["diff", "@\(middle)", "@\(middle + span)"], in: ours) },
                theirs: { _ in
                    try git(
                        ["diff", commits[middle - 1], commits[middle + span - 1]], in: theirs)
                })
        }
    }

    private func land() throws {
        func edit(_ directory: String, _ run: Int) throws {
            let path = directory + "/" + Generator.path(run * 37 % (options.files / 2))
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            try file.seekToEnd()
            try file.write(contentsOf: Data("one more line \(run)\n".utf8))
            try file.close()
        }
        try compare(
            "land one file", beside: "git commit -a", runs: options.runs * 5,
            ours: { run in
                try edit(ours, run)
                return try hif(["land", "Edit a file"], in: ours)
            },
            theirs: { run in
                try edit(theirs, run)
                return try git(["commit", "-q", "-a", "-m", "Edit a file"], in: theirs)
            })
        try compare(
            "land one file, both durable", beside: "git -c core.fsync=all commit -a",
            runs: options.runs * 5,
            ours: { run in
                try edit(ours, run + 1000)
                return try hif(["land", "Edit a file"], in: ours)
            },
            theirs: { run in
                try edit(theirs, run + 1000)
                return try git(
                    ["-c", "core.fsync=all", "commit", "-q", "-a", "-m", "Edit a file"], in: theirs)
            })
    }
}
