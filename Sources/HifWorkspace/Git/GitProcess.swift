import Foundation
import HifCore

/// One running git command with its pipes.
///
/// Input comes from nothing, from a file of lines written before, or from a pipe; errors go to an
/// unlinked file. So whatever git does, nobody waits for two pipes at once.
final class GitProcess {
    /// Where the command reads from.
    enum Input {
        case nothing
        /// Handed over before the start; of any size.
        case lines(GitScratchFile)
        case pipe
    }

    let output: GitOutput
    /// Present for `Input.pipe`.
    private(set) var input: GitInput?

    private let process = Process()
    private let outputPipe = Pipe()
    private var inputPipe: Pipe?
    private let errors: GitScratchFile
    private let ended = DispatchSemaphore(value: 0)
    private let command: String
    private var hasEnded = false

    /// Starts `git` with `arguments`, which the caller has checked: values from outside stand after
    /// `--` or `--end-of-options`.
    init(
        _ arguments: [String], input: Input = .nothing, directory: String? = nil,
        environment: [String: String] = [:]
    ) throws {
        command = arguments.first { !$0.hasPrefix("-") && !$0.contains("=") } ?? "git"
        errors = try GitScratchFile()
        output = GitOutput(descriptor: outputPipe.fileHandleForReading.fileDescriptor)
        process.executableURL = URL(fileURLWithPath: try GitTool.path())
        process.arguments = GitTool.settings + arguments
        process.environment = GitTool.environment.merging(environment) { $1 }
        if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        process.standardOutput = outputPipe
        process.standardError = errors.handle
        switch input {
        case .nothing:
            process.standardInput = FileHandle.nullDevice
        case .lines(let file):
            try file.rewind()
            process.standardInput = file.handle
        case .pipe:
            let pipe = Pipe()
            process.standardInput = pipe
            inputPipe = pipe
            self.input = GitInput(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        }
        let ended = ended
        process.terminationHandler = { _ in ended.signal() }
        #if os(Linux)
        // 1 MiB instead of 64 KiB between us and git: fewer switches. Refusal costs nothing.
        let setPipeSize: Int32 = 1031
        _ = fcntl(outputPipe.fileHandleForWriting.fileDescriptor, setPipeSize, Int32(1 << 20))
        #endif
        do {
            try process.run()
        } catch {
            hasEnded = true
            throw GitError(.system, "Git could not be started: \(error.localizedDescription)")
        }
    }

    /// A command that is no longer wanted ends when its pipes close, or is told to.
    deinit {
        guard !hasEnded else { return }
        try? inputPipe?.fileHandleForWriting.close()
        try? outputPipe.fileHandleForReading.close()
        process.terminate()
    }

    /// Closes the pipes, waits for the end and gives the exit code and what git complained of.
    func end() throws -> (status: Int32, errors: String) {
        var failure: (any Error)?
        if let input, !hasEnded {
            do { try input.flush() } catch { failure = error }
            try? inputPipe?.fileHandleForWriting.close()
        }
        if !hasEnded {
            hasEnded = true
            ended.wait()
            try? outputPipe.fileHandleForReading.close()
        }
        let text = try errors.text(limit: 16 << 10)
        if let failure, process.terminationStatus == 0 { throw failure }
        return (process.terminationStatus, text)
    }

    /// As `end()`, and anything but success is thrown.
    func finish() throws {
        let (status, errors) = try end()
        guard status == 0 else { throw failure(status, errors) }
    }

    /// Ends it and waits until it has ended, so that it writes nothing any more.
    func abandon() {
        process.terminate()
        _ = try? end()
    }

    /// The error to throw when the output stopped early: git's own words, if it had any.
    func explain(_ error: any Error) -> any Error {
        process.terminate()
        guard let (status, errors) = try? end(), status != 0, !errors.isEmpty else { return error }
        return failure(status, errors)
    }

    func failure(_ status: Int32, _ errors: String) -> GitError {
        if errors.contains("dubious ownership") {
            return GitError(
                .failed, "The repository belongs to another user, and git refuses to read it.",
                hint: "git config --global --add safe.directory <its path>")
        }
        // What curl, ssh and git itself say of a machine that cannot be spoken to.
        let isUnreachable = [
            "Could not resolve host", "Failed to connect", "Could not connect",
            "unable to connect", "Connection refused", "Connection timed out",
        ].contains { errors.contains($0) }
        let said = SafeText.escape(
            errors.trimmingCharacters(in: .whitespacesAndNewlines), keepingLines: true)
        return GitError(
            isUnreachable ? .unreachable : .failed,
            "git \(command) failed with status \(status)" + (said.isEmpty ? "." : ": \(said)"))
    }

    /// Runs a command to its end and gives what it wrote, of at most 64 MiB.
    static func run(
        _ arguments: [String], input: Input = .nothing, directory: String? = nil,
        environment: [String: String] = [:]
    ) throws -> (status: Int32, output: [UInt8], errors: String) {
        let process = try GitProcess(
            arguments, input: input, directory: directory, environment: environment)
        let output = try process.output.rest(limit: 64 << 20)
        let (status, errors) = try process.end()
        return (status, output, errors)
    }

    /// As `run`, and anything but success is thrown.
    static func output(
        _ arguments: [String], input: Input = .nothing, directory: String? = nil
    ) throws -> [UInt8] {
        let process = try GitProcess(arguments, input: input, directory: directory)
        let output = try process.output.rest(limit: 64 << 20)
        try process.finish()
        return output
    }
}
