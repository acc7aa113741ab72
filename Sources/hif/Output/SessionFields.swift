import HifCore
import HifRepository

/// A session's conversation as fields and lines.
enum SessionFields {
    static let event: Shape = .open(
        ["kind": .string, "time": .time, "author": .string],
        [
            "id": .string, "role": .string, "text": .string, "why": .string, "goal": .string,
            "on": .string, "path": .string, "path_b64": .string, "line": .int, "quote": .string,
            "side": .oneOf(["old", "new"]),
            "verdict": .oneOf(SessionEvent.Verdict.allCases.map(\.word)),
        ])

    /// Every event, with the name that others refer to it by: `m1`, `d1`, `c1`.
    static func json(_ events: [SessionEvent]) -> JSON {
        var names = EventNames()
        return .array(events.map { json($0, &names) })
    }

    private static func json(_ event: SessionEvent, _ names: inout EventNames) -> JSON {
        var fields: [String: JSON] = [
            "time": .time(event.atMillis), "author": .string(LandingFields.name(event.author)),
        ]
        if let name = names.add(event) { fields["id"] = .string(name) }
        switch event.body {
        case .started(let goal, _, _):
            return .object(fields + ["kind": .string("started"), "goal": .string(goal)])
        case .note(let role, let text):
            return .object(
                fields + [
                    "kind": .string("note"), "role": .string(role), "text": .string(text),
                ])
        case .decision(let text, let why):
            return .object(
                fields + [
                    "kind": .string("decision"), "text": .string(text), "why": .string(why),
                ])
        case .abandonWished(let reason):
            return .object(fields + ["kind": .string("abandon_wished"), "text": .string(reason)])
        case .changed(let operations, _):
            return .object(
                fields + [
                    "kind": .string("changed"), "text": .string(draft(operations.count)),
                ])
        case .comment(let subject, let text):
            fields = fields + ["kind": .string("comment"), "text": .string(text)]
            switch subject {
            case .event(let id): fields["on"] = .string(names[id])
            case .line(let mark):
                fields =
                    fields + JSON.path(mark.path.bytes) + [
                        "line": .int(mark.line), "quote": .string(mark.text),
                        "side": .string(mark.side == .old ? "old" : "new"),
                    ]
            }
            return .object(fields)
        case .verdict(let verdict, let decision, let text):
            return .object(
                fields + [
                    "kind": .string("verdict"), "verdict": .string(verdict.word),
                    "on": .string(names[decision]), "text": .string(text),
                ])
        case .other: return .object(fields + ["kind": .string("other")])
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
            omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        {
            console.line("    " + SafeText.escape(String(line), keepingLines: true))
        }
    }

    static func show(_ events: [SessionEvent], _ console: Console) {
        var names = EventNames()
        for event in events {
            let name = names.add(event).map { $0 + " " } ?? ""
            let who = SafeText.escape(LandingFields.name(event.author))
            switch event.body {
            // What came of a draft is the landing's own list.
            case .started, .changed, .other: continue
            case .note(let role, let text):
                console.line()
                console.line(name + console.styled(SafeText.escape(role), .cyan) + " \(who):")
                show(text, console)
            case .decision(let text, let why):
                console.line()
                console.line(name + console.styled("decided", .green) + ":")
                show(text, console)
                if !why.isEmpty { show("because " + why, console) }
            case .abandonWished(let reason):
                console.line()
                console.line("abandoned: " + SafeText.escape(reason))
            case .comment(let subject, let text):
                console.line()
                switch subject {
                case .event(let id): console.line("\(name)\(who) on \(names[id]):")
                case .line(let mark):
                    let side = mark.side == .old ? " (as it was)" : ""
                    console.line("\(name)\(who) on \(mark.path):\(mark.line)\(side):")
                    show("> " + mark.text, console)
                }
                show(text, console)
            case .verdict(let verdict, let decision, let text):
                console.line()
                let color: Console.Style = verdict == .object ? .red : .cyan
                console.line(
                    "\(who) " + console.styled(verdict.past, color) + " on \(names[decision])"
                        + (text.isEmpty ? "." : ":"))
                if !text.isEmpty { show(text, console) }
            }
        }
    }
}

/// The names of a session's events, as they are read in order.
private struct EventNames {
    private var names: [EventID: String] = [:]
    private var counts: [Character: Int] = [:]

    /// The next event's name; nil for one that nobody refers to.
    mutating func add(_ event: SessionEvent) -> String? {
        let letter: Character
        switch event.body {
        case .note: letter = "m"
        case .decision: letter = "d"
        case .comment: letter = "c"
        case .started, .abandonWished, .changed, .verdict, .other: return nil
        }
        let count = (counts[letter] ?? 0) + 1
        counts[letter] = count
        names[event.id] = "\(letter)\(count)"
        return names[event.id]
    }

    /// What an event is called; a word for one that is not here.
    subscript(_ id: EventID) -> String { names[id] ?? "something else" }
}
