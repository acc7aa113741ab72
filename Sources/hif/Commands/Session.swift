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
            SessionDecide.self, SessionLand.self, SessionList.self, SessionAbandon.self,
            SessionResolve.self,
        ])
}

/// A session's conversation as fields and lines.
enum SessionFields {
    static let event: Shape = .open(
        ["kind": .string, "time": .time, "author": .string],
        ["role": .string, "text": .string, "why": .string, "goal": .string])

    static func json(_ event: SessionEvent) -> JSON {
        let common: [String: JSON] = [
            "time": .time(event.atMillis), "author": .string(LandingFields.name(event.author)),
        ]
        switch event.body {
        case .started(let goal, _, _):
            return .object(common + ["kind": .string("started"), "goal": .string(goal)])
        case .note(let role, let text):
            return .object(
                common + [
                    "kind": .string("note"), "role": .string(role), "text": .string(text),
                ])
        case .decision(let text, let why):
            return .object(
                common + [
                    "kind": .string("decision"), "text": .string(text), "why": .string(why),
                ])
        case .abandonWished(let reason):
            return .object(common + ["kind": .string("abandon_wished"), "text": .string(reason)])
        case .changed(let operations, _):
            return .object(
                common + [
                    "kind": .string("changed"), "text": .string(draft(operations.count)),
                ])
        }
    }

    private static func draft(_ count: Int) -> String {
        count == 1 ? "a draft that changes 1 path" : "a draft that changes \(count) paths"
    }

    /// Text of several lines, indented.
    static func show(_ text: String, _ console: Console) {
        // Imported messages end with a newline of their own.
        let end = text.lastIndex { !$0.isNewline }.map(text.index(after:)) ?? text.startIndex
        for line in text[..<end].split(
            whereSeparator: \.isNewline, omittingEmptySubsequences: false)
        {
            console.line("    " + SafeText.escape(String(line), keepingLines: true))
        }
    }

    static func show(_ events: [SessionEvent], _ console: Console) {
        for event in events {
            switch event.body {
            case .started: continue
            case .note(let role, let text):
                console.line()
                console.line(
                    console.styled(SafeText.escape(role), .cyan) + " "
                        + SafeText.escape(LandingFields.name(event.author)) + ":")
                show(text, console)
            case .decision(let text, let why):
                console.line()
                console.line(console.styled("decided", .green) + ":")
                show(text, console)
                if !why.isEmpty { show("because " + why, console) }
            case .abandonWished(let reason):
                console.line()
                console.line("abandoned: " + SafeText.escape(reason))
            // What came of it is the landing's own list.
            case .changed: continue
            }
        }
    }
}
extension StringProtocol {
    fileprivate func split(
        whereSeparator isSeparator: (Character) -> Bool, omittingEmptySubsequences: Bool
    ) -> [SubSequence] {
        split(
            maxSplits: .max, omittingEmptySubsequences: omittingEmptySubsequences,
            whereSeparator: isSeparator)
    }
}
