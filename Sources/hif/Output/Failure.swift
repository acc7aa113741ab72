import ArgumentParser
import HifCore
import HifRepository
import HifStore
import HifWorkspace

/// How a command ended, for the shell that started it.
enum ExitStatus: Int32, Sendable {
    case ok = 0
    case failed = 1
    case usage = 2
    case conflict = 3
    case forbidden = 4
    case notFound = 5
    /// The network, or a store that did not answer: worth trying again.
    case unreachable = 6
    /// Another process changes the same workspace.
    case locked = 7
    /// A check found something.
    case checksFailed = 8
    case internalError = 70
}

/// What went wrong, as a person and a program are told: the one place where errors of every layer
/// become a sentence, a hint and an exit code.
struct Failure: Error {
    /// For programs; stays the same.
    var code: String
    var status: ExitStatus
    /// One sentence, escaped.
    var message: String
    /// One thing to do next: a command that works when pasted, where there is one.
    var hint: String?
    var details: [String: JSON] = [:]
    /// More lines for people: what `details` says.
    var lines: [String] = []
    /// The same command may succeed when it is simply run again.
    var isRetryable = false

    init(
        _ code: String, _ status: ExitStatus, _ message: String, hint: String? = nil,
        details: [String: JSON] = [:], lines: [String] = [], isRetryable: Bool = false
    ) {
        self.code = code
        self.status = status
        self.message = message
        self.hint = hint
        self.details = details
        self.lines = lines
        self.isRetryable = isRetryable
    }

    static func usage(_ message: String, hint: String? = nil) -> Failure {
        Failure("usage", .usage, message, hint: hint)
    }

    init(_ error: any Error) {
        switch error {
        case let error as Failure: self = error
        case let error as WorkspaceError: self.init(error)
        case let error as WorkingCopyError: self.init(error)
        case let error as ReadError: self.init(error)
        case let error as StoreError: self.init(error)
        case let error as ContentError: self.init(error)
        case let error as LogError: self.init(error)
        case let error as TreeError: self.init(error)
        case let error as FormatError:
            self.init("damaged", .failed, "\(error)", hint: Failure.fsckHint)
        case let error as PathError: self.init("bad_path", .usage, "\(error)")
        case let error as GitError: self.init(error)
        case is CancellationError:
            self.init("interrupted", .failed, "interrupted", isRetryable: true)
        default:
            self.init(
                "internal", .internalError, SafeText.escape("\(error)"),
                hint: "this is a fault of hif: please report it with the command you ran")
        }
    }

    private static let fsckHint = "hif fsck"

    private init(_ error: WorkspaceError) {
        let status: ExitStatus =
            switch error.code {
            case .usage: .usage
            case .notAWorkspace, .notFound, .noSession: .notFound
            case .conflict, .unresolved: .conflict
            case .unauthenticated, .forbidden, .certificateChanged: .forbidden
            case .network, .unknown: .unreachable
            case .alreadyThere, .sessionClosed, .inTheWay, .nothingToDo, .refused, .historyReplaced,
                .newerVersion,
                .damaged, .localStorage:
                .failed
            }
        self.init(
            error.code.rawValue, status, error.message, hint: error.hint,
            isRetryable: status == .unreachable)
        if let closed = error.closed {
            details["session"] = .string(closed.session.full)
            details["position"] = closed.position.map { .int($0) } ?? .null
        }
        guard !error.conflicts.isEmpty else { return }
        details["conflicts"] = .array(error.conflicts.map { Conflicts.json($0) })
        lines = error.conflicts.prefix(Conflicts.shownMax).map { Conflicts.line($0) }
        if error.conflicts.count > Conflicts.shownMax {
            lines.append("and \(error.conflicts.count - Conflicts.shownMax) more")
        }
    }

    private init(_ error: WorkingCopyError) {
        switch error.code {
        case .locked:
            self.init(
                "locked", .locked, error.message,
                hint: "wait for it to end, then run the command again",
                isRetryable: true)
        case .diskFull:
            self.init(
                "disk_full", .failed, error.message,
                hint: "free some space and run the same command again: nothing is lost")
        case .permissionDenied:
            self.init(
                "permission_denied", .failed, error.message,
                hint: "give yourself the right to it and run the same command again")
        case .indexCorrupt:
            self.init(
                "index_damaged", .failed, error.message,
                hint: "mv .hif/index .hif/index.damaged, then: hif update")
        case .indexFromNewerVersion:
            self.init(
                "newer_version", .failed, error.message, hint: "use that hif, or a newer one")
        case .journalUnreadable:
            self.init("journal_damaged", .failed, error.message, hint: Failure.fsckHint)
        case .contentMismatch:
            self.init("damaged", .failed, error.message, hint: Failure.fsckHint)
        case .io: self.init("io", .failed, error.message)
        }
    }

    private init(_ error: ReadError) {
        switch error {
        case .store(let error): self.init(error)
        case .content(let error): self.init(error)
        case .log(let error): self.init(error)
        case .tree(let error): self.init(error)
        case .damaged, .noContent:
            self.init(
                "damaged", .failed, SafeText.escape(error.description), hint: Failure.fsckHint)
        }
    }

    private init(_ error: LogError) {
        switch error {
        case .noProject:
            self.init("not_found", .notFound, error.description, hint: "hif project list")
        case .noSuchPosition:
            self.init("not_found", .notFound, error.description, hint: "hif log")
        case .inconsistent:
            self.init(
                "damaged", .failed, SafeText.escape(error.description), hint: Failure.fsckHint)
        case .writerTooOld:
            self.init(
                "newer_version", .failed, error.description, hint: "use a newer hif")
        }
    }

    private init(_ error: StoreError) {
        let text = SafeText.escape(
            error.cause.map { "\(error.message): \($0)" } ?? error.message)
        switch error.code {
        case .corrupt, .rangeNotSatisfiable:
            self.init("damaged", .failed, text, hint: Failure.fsckHint)
        case .notFound: self.init("damaged", .failed, text, hint: Failure.fsckHint)
        case .refused, .preconditionFailed: self.init("refused", .failed, text)
        case .conflict, .throttled, .unknown, .cancelled:
            self.init(
                "unavailable", .unreachable, text, hint: "run the command again",
                isRetryable: true)
        }
        if let key = error.key { details["key"] = .string("\(key)") }
    }

    private init(_ error: ContentError) {
        switch error.code {
        case .unavailable:
            if let cause = error.cause {
                self.init(cause)
            } else {
                self.init(
                    "unavailable", .unreachable, SafeText.escape(error.message),
                    hint: "run the command again", isRetryable: true)
            }
        case .missing, .damaged, .tooLarge:
            self.init(
                "damaged", .failed, SafeText.escape(error.description), hint: Failure.fsckHint)
        }
    }

    private init(_ error: TreeError) {
        switch error {
        case .clash(let path):
            self.init("bad_path", .failed, "'\(path)' is a file and a directory at once")
        case .missing, .corrupt, .derivedDirectory:
            self.init(
                "damaged", .failed, "a tree cannot be read: \(SafeText.escape("\(error)"))",
                hint: Failure.fsckHint)
        }
    }

    private init(_ error: GitError) {
        let status: ExitStatus =
            switch error.code {
            case .notARepository, .notInstalled: .notFound
            case .refused: .usage
            default: .failed
            }
        self.init(
            "git_" + Failure.snakeCase(error.code.rawValue), status, error.message, hint: error.hint
        )
    }

    private static func snakeCase(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            if character.isUppercase { result += "_" }
            result += character.lowercased()
        }
    }

    /// The `error` of the envelope.
    var json: JSON {
        .object([
            "code": .string(code), "message": .string(message), "hint": .optional(hint),
            "details": .object(details), "retryable": .bool(isRetryable),
        ])
    }
}
