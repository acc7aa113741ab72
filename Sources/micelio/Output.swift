import ArgumentParser
import Foundation
import MicelioForge

/// Writes a line to standard output at once, also into a pipe.
func printLine(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

/// Writes a line for people to standard error.
func printNote(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}

/// Runs a command and turns what it throws into one sentence, a hint, and an exit code: 2 for
/// wrong usage, 5 for what does not exist, 1 for the rest.
func reportingErrors(_ work: () async throws -> Void) async throws {
    do {
        try await work()
    } catch let error as ForgeError {
        printNote("micelio: \(error.message)")
        if let hint = error.hint ?? usualHint(for: error.code) { printNote("  \(hint)") }
        switch error.code {
        case .invalidArgument: throw ExitCode(2)
        case .notFound: throw ExitCode(5)
        default: throw ExitCode(1)
        }
    } catch let error as ExitCode {
        throw error
    } catch {
        printNote("micelio: \(ForgeError.sentence(for: error))")
        printNote("  nothing is lost: mend this, then run the same command again")
        throw ExitCode(1)
    }
}

private func usualHint(for code: ForgeError.Code) -> String? {
    switch code {
    case .invalidArgument: "micelio help"
    case .notFound, .alreadyExists: "micelio admin user list"
    case .unavailable: "look at the disk and the rights to it, then run the same command again"
    default: nil
    }
}
