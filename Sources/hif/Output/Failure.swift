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
        case let error as PathError:
            self.init(
                "bad_path", .usage, "\(error)", hint: "choose another path: hif ls shows some")
        case let error as GitError: self.init(error)
        case is CancellationError:
            self.init("interrupted", .failed, "interrupted", isRetryable: true)
        default:
            self.init(
                "internal", .internalError, SafeText.escape("\(error)"),
                hint: "this is a fault of hif: please report it with the command you ran")
        }
    }

    /// In a workspace of the project.
    static let fsckHint = "hif fsck --deep"

    /// Stored bytes that are not what they should be: the sentence with hashes as short as people can
    /// compare them, and all of it in the details.
    private static func damaged(_ problem: String, hint: String? = fsckHint) -> Failure {
        let text = SafeText.escape(problem)
        return Failure(
            "damaged", .failed, sentence(text, of: "the project"), hint: hint,
            details: ["problem": .string(text)])
    }

    private static func sentence(_ problem: String, of owner: String) -> String {
        var short = shortened(problem)
        if short.hasSuffix(" (damaged)") { short.removeLast(" (damaged)".count) }
        return short.contains(" is damaged")
            ? "what \(owner) keeps in \(short)" : "what \(owner) keeps is damaged: \(short)"
    }

    /// With the first 12 digits of each hash.
    private static func shortened(_ text: String) -> String {
        var result = ""
        var digits = ""
        func flush() {
            result += digits.count >= 40 ? String(digits.prefix(12)) : digits
            digits = ""
        }
        for character in text {
            if character.isHexDigit {
                digits.append(character)
            } else {
                flush()
                result.append(character)
            }
        }
        flush()
        return result
    }

    private init(_ error: WorkspaceError) {
        let status: ExitStatus =
            switch error.code {
            case .usage: .usage
            case .notAWorkspace, .notFound, .noSession: .notFound
            case .conflict, .unresolved, .doesNotApply: .conflict
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
        if error.code == .unauthenticated, Environment["HIF_TOKEN"] != nil, let hint {
            self.hint = hint + " (HIF_TOKEN is set, and goes first)"
        }
        if error.code == .damaged, Failure.shortened(message) != message {
            details["problem"] = .string(message)
            message = Failure.sentence(message, of: "the forge")
        }
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
                hint: "hif fsck --repair")
        case .fromNewerVersion:
            self.init(
                "newer_version", .failed, error.message, hint: "use that hif, or a newer one")
        case .journalUnreadable:
            let file = error.message.contains(".hif/applying") ? ".hif/applying" : ".hif/journal"
            self.init(
                "journal_damaged", .failed, error.message,
                hint: "mv \(file) \(file).damaged, then: hif update")
        case .contentMismatch:
            self = .damaged(error.message)
        case .io:
            self.init(
                "io", .failed, error.message,
                hint: "mend this, then run the same command again: nothing is lost")
        }
    }

    private init(_ error: ReadError) {
        switch error {
        case .store(let error): self.init(error)
        case .content(let error): self.init(error)
        case .log(let error): self.init(error)
        case .tree(let error): self.init(error)
        case .damaged, .noContent: self = .damaged(error.description)
        case .unfinished:
            self.init(
                "unfinished", .failed, error.description,
                hint: "run the copy or the restore again to its end")
        }
    }

    private init(_ error: LogError) {
        switch error {
        case .noProject:
            self.init("not_found", .notFound, error.description, hint: "hif project list")
        case .noSuchPosition:
            self.init("not_found", .notFound, error.description, hint: "hif log")
        case .inconsistent:
            self = .damaged(error.description)
        case .writerTooOld:
            self.init(
                "newer_version", .failed, error.description, hint: "use a newer hif")
        }
    }

    private init(_ error: StoreError) {
        let text = SafeText.escape(
            error.cause.map { "\(error.message): \($0)" } ?? error.message)
        if error.isOutOfRoom {
            self.init(
                "disk_full", .failed, error.message,
                hint: "free some space there and run the same command again: nothing is lost")
            return
        }
        switch error.code {
        case .corrupt, .rangeNotSatisfiable:
            self = .damaged(error.key.map { "\($0): \(text)" } ?? text)
        case .notFound: self = .damaged(error.key.map { "\($0): \(text)" } ?? text)
        case .refused, .preconditionFailed:
            self.init(
                "refused", .failed, text,
                hint: "mend this, then run the same command again: nothing is lost")
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
            self = .damaged(error.description)
        }
    }

    private init(_ error: TreeError) {
        switch error {
        case .clash(let path):
            self.init(
                "bad_path", .failed, "'\(path)' is a file and a directory at once",
                hint: "hif status")
        case .missing, .corrupt, .derivedDirectory:
            self = .damaged("a tree cannot be read: \(error)")
        }
    }

    private init(_ error: GitError) {
        let status: ExitStatus =
            switch error.code {
            case .notARepository, .notInstalled: .notFound
            case .refused: .usage
            case .unreachable: .unreachable
            default: .failed
            }
        let usual: String? =
            switch error.code {
            case .notARepository:
                "name a git repository: a directory, or an address that git clone takes"
            case .unreachable: "is the address right, and is this machine online?"
            default: nil
            }
        self.init(
            "git_" + Failure.snakeCase(error.code.rawValue), status, error.message,
            hint: error.hint ?? usual, isRetryable: status == .unreachable)
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
