import Foundation
import Support
import Testing

/// What a run of the binary gave.
struct RunResult {
    let status: Int32
    let output: [UInt8]
    let errors: String

    var text: String { String(decoding: output, as: UTF8.self) }

    /// The envelope.
    func json(_ sourceLocation: SourceLocation = #_sourceLocation) throws -> [String: Any] {
        let value = try? JSONSerialization.jsonObject(with: Data(output))
        return try #require(
            value as? [String: Any], "not one JSON object: \(text)\n\(errors)",
            sourceLocation: sourceLocation)
    }

    func data(_ sourceLocation: SourceLocation = #_sourceLocation) throws -> [String: Any] {
        let envelope = try json(sourceLocation)
        #expect(envelope["ok"] as? Bool == true, "\(text)", sourceLocation: sourceLocation)
        return try #require(envelope["data"] as? [String: Any], sourceLocation: sourceLocation)
    }

    func error(_ sourceLocation: SourceLocation = #_sourceLocation) throws -> [String: Any] {
        let envelope = try json(sourceLocation)
        #expect(envelope["ok"] as? Bool == false, "\(text)", sourceLocation: sourceLocation)
        return try #require(envelope["error"] as? [String: Any], sourceLocation: sourceLocation)
    }
}

/// The built `hif`: `HIF_BINARY`, or the one beside the test bundle.
enum HifBinary {
    static let path: String = {
        if let path = ProcessInfo.processInfo.environment["HIF_BINARY"] { return path }
        // …/debug/micelioPackageTests.xctest is the program that runs; hif stands beside it.
        var directory = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        for argument in CommandLine.arguments where argument.contains(".xctest") {
            directory = URL(fileURLWithPath: argument)
        }
        for _ in 0..<6 {
            directory.deleteLastPathComponent()
            let candidate = directory.appendingPathComponent("hif").path
            var isDirectory: ObjCBool = false
            if FileManager.default.fileExists(atPath: candidate, isDirectory: &isDirectory),
                !isDirectory.boolValue
            {
                return candidate
            }
        }
        return "hif"
    }()
}

/// A directory with a store and workspaces, and the way to run `hif` in them.
final class Sandbox: Sendable {
    let temporary = TemporaryDirectory()
    /// Links resolved, as `getcwd` has it.
    var path: String { URL(fileURLWithPath: temporary.path).resolvingSymlinksInPath().path }
    var store: String { path + "/store" }

    /// What a run may take at most; only a hang comes near it.
    static let secondsMax = 120.0

    func environment(_ extra: [String: String] = [:]) -> [String: String] {
        var environment = [
            "HOME": path, "USER": "ana", "HIF_AUTHOR": "Ana Lima <ana@example.test>",
            "HIF_STORE": store, "TZ": "UTC", "LC_ALL": "C.UTF-8",
        ]
        if let path = ProcessInfo.processInfo.environment["PATH"] { environment["PATH"] = path }
        environment.merge(extra) { $1 }
        return environment
    }

    /// Runs `hif` in a directory below the sandbox.
    @discardableResult
    func hif(
        _ arguments: String..., in directory: String = "", input: [UInt8] = [],
        environment: [String: String] = [:]
    ) throws -> RunResult {
        try run(
            HifBinary.path, arguments, in: directory, input: input, environment: environment)
    }

    /// Runs `hif` and expects it to succeed.
    @discardableResult
    func ok(
        _ arguments: String..., in directory: String = "", input: [UInt8] = [],
        environment: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> RunResult {
        let result = try run(
            HifBinary.path, arguments, in: directory, input: input, environment: environment)
        try #require(
            result.status == 0,
            "hif \(arguments.joined(separator: " ")): \(result.status)\n\(result.errors)\(result.text)",
            sourceLocation: sourceLocation)
        return result
    }

    func run(
        _ program: String, _ arguments: [String], in directory: String = "", input: [UInt8] = [],
        environment extra: [String: String] = [:]
    ) throws -> RunResult {
        let process = try start(program, arguments, in: directory, input: input, environment: extra)
        return process.wait()
    }

    func start(
        _ program: String, _ arguments: [String], in directory: String = "", input: [UInt8] = [],
        environment extra: [String: String] = [:]
    ) throws -> RunningProcess {
        try RunningProcess(
            program, arguments, directory: directory.isEmpty ? path : path + "/" + directory,
            input: input, environment: environment(extra), scratch: path)
    }

    // MARK: Files

    func write(_ name: String, _ text: String) throws {
        try write(name, Array(text.utf8))
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        let url = URL(fileURLWithPath: path + "/" + name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    /// The file's text; nil when there is no file.
    func read(_ name: String) -> String? {
        (try? Data(contentsOf: URL(fileURLWithPath: path + "/" + name)))
            .map { String(decoding: $0, as: UTF8.self) }
    }

    func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/" + name)
    }

    func makeDirectory(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: path + "/" + name, withIntermediateDirectories: true)
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: path + "/" + name)
    }

    /// A workspace `name` with a new project `ana/app` and these files landed at @1.
    func project(_ files: [String: String], in name: String = "one") throws {
        try makeDirectory(name)
        try ok("init", "ana/app", in: name)
        for (file, text) in files { try write(name + "/" + file, text) }
        try ok("land", "First files", in: name)
    }
}

/// A program that was started with its output going to files, so that nobody waits for a pipe.
final class RunningProcess {
    let pid: pid_t
    private let outputPath: String
    private let errorPath: String
    private var status: Int32?

    init(
        _ program: String, _ arguments: [String], directory: String, input: [UInt8],
        environment: [String: String], scratch: String
    ) throws {
        let id = UUID().uuidString
        outputPath = scratch + "/.out-" + id
        errorPath = scratch + "/.err-" + id
        let inputPath = scratch + "/.in-" + id
        try Data(input).write(to: URL(fileURLWithPath: inputPath))
        defer { unlink(inputPath) }
        // The shell changes directory and then becomes the program, so the process is the same.
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, inputPath, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT, 0o600)
        var words: [UnsafeMutablePointer<CChar>?] =
            (["sh", "-c", "cd \"$0\" && exec \"$@\"", directory, program] + arguments)
            .map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] =
            environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + variables).forEach { free($0) } }
        var pid = pid_t()
        let number = posix_spawnp(&pid, "sh", &actions, nil, &words, &variables)
        guard number == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: number) ?? .EIO)
        }
        self.pid = pid
    }

    func kill() { Foundation.kill(pid, SIGKILL) }

    /// The exit status; 128 and the signal's number if one ended it, as a shell says.
    func wait() -> RunResult {
        if status == nil {
            var raw: Int32 = 0
            let deadline = Date().addingTimeInterval(Sandbox.secondsMax)
            while waitpid(pid, &raw, WNOHANG) == 0 {
                if Date() > deadline {
                    Issue.record("a process did not end")
                    kill()
                    waitpid(pid, &raw, 0)
                    break
                }
                usleep(500)
            }
            let signal = raw & 0x7F
            status = signal == 0 ? raw >> 8 & 0xFF : 128 + signal
        }
        let output = (try? Data(contentsOf: URL(fileURLWithPath: outputPath))).map(Array.init) ?? []
        let errors = (try? Data(contentsOf: URL(fileURLWithPath: errorPath))).map(Array.init) ?? []
        unlink(outputPath)
        unlink(errorPath)
        return RunResult(
            status: status ?? -1, output: output, errors: String(decoding: errors, as: UTF8.self))
    }
}
