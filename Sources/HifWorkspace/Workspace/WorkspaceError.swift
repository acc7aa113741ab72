package import HifCore
package import HifRepository

/// Why a command on a workspace could not be done, sorted by what its caller has to do.
///
/// The message says what happened and where; the hint is one thing to do next, a command that works
/// when pasted where there is one.
package struct WorkspaceError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Hashable, Sendable {
        case notAWorkspace = "not_a_workspace"
        case alreadyThere = "already_there"
        case usage = "usage"
        case notFound = "not_found"
        /// Both sides changed the same thing; `conflicts` says what.
        case conflict = "path_conflict"
        /// Files of the user's stand where others should go; nothing was touched.
        case inTheWay = "in_the_way"
        /// Edits do not fit what is there; nothing was touched.
        case doesNotApply = "does_not_apply"
        case unresolved = "unresolved_conflicts"
        case nothingToDo = "nothing_to_do"
        /// The other side refused; asking again does not help.
        case refused = "refused"
        /// It may have happened: run the command again to find out.
        case unknown = "outcome_unknown"
        case historyReplaced = "history_replaced"
        case newerVersion = "newer_version"
        case damaged = "damaged"
        case noSession = "no_session"
        /// The session is closed; `closed` says which it is and where it landed.
        case sessionClosed = "session_closed"
        case unauthenticated = "unauthenticated"
        /// Signed in, and not allowed to.
        case forbidden = "forbidden"
        /// The forge answers with another key than at login: whoever runs it can say whether that is
        /// right, and asking again does not help.
        case certificateChanged = "certificate_changed"
        case network = "network"
        case localStorage = "local_storage"
    }

    package let code: Code
    package let message: String
    package let hint: String?
    /// For `conflict`: each path with what stands against it.
    package let conflicts: [LandOutcome.Conflict]
    /// For `sessionClosed`: the session, and its position if it landed.
    package let closed: ClosedSession?

    package struct ClosedSession: Hashable, Sendable {
        package let session: SessionID
        package let position: Position?
    }

    package init(
        _ code: Code, _ message: String, hint: String? = nil,
        conflicts: [LandOutcome.Conflict] = [], closed: ClosedSession? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.conflicts = conflicts
        self.closed = closed
    }

    package var description: String { message }
}
