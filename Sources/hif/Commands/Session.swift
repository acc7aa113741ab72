import ArgumentParser
import HifCore
import HifRepository
import HifWorkspace

struct Session: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session",
        abstract: "A piece of work: a goal, what was said and decided, and the changes.",
        discussion: """
            hif session start "Add a greeting"
            hif session note "what about French?" --role human
            hif session decide "English only" --why "scope"
            hif session land
            """,
        subcommands: [
            SessionStart.self, SessionStatus.self, SessionShow.self, SessionNote.self,
            SessionDecide.self, SessionComment.self, SessionReview.self, SessionLand.self,
            SessionList.self, SessionAbandon.self,
            SessionResolve.self,
        ])
}
