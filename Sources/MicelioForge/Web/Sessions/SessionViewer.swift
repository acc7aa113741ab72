import HifCore
import HifRepository

/// Who looks at a session's page: what they may do there, and what they have seen of it.
struct SessionViewer: Sendable {
    /// Whether they may write to the session, so that there are forms.
    var mayWrite = false
    var handle: String?
    /// How many events there were when they looked the time before; nil when they never did.
    var seen: Int?
    var seenMillis: Int64 = 0
    /// The line they are about to comment on.
    var line: LineChoice?
    /// What was wrong with the form they sent.
    var problem: FormProblem?

    /// A line, as the page's addresses name it: `docs/a.md:L12`, or `O12` for one that is removed.
    struct LineChoice: Hashable, Sendable {
        let path: RepoPath
        let place: LinePlace

        init(path: RepoPath, place: LinePlace) {
            self.path = path
            self.place = place
        }

        init?(_ text: String) {
            guard let colon = text.lastIndex(of: ":"),
                let path = try? RepoPath(String(text[..<colon])),
                let place = LinePlace(text[text.index(after: colon)...])
            else { return nil }
            self.init(path: path, place: place)
        }
    }

    /// Whether an event is new to them: nobody is told their own words.
    func isNew(_ event: Int, by author: AuthorView) -> Bool {
        guard let seen, event >= seen else { return false }
        return author.account.isEmpty || author.account != handle
    }
}

/// A line on one side of a comparison.
struct LinePlace: Hashable, Sendable {
    let side: SessionEvent.LineMark.Side
    let line: Int

    init(_ side: SessionEvent.LineMark.Side, _ line: Int) {
        self.side = side
        self.line = line
    }

    /// `L12` or `O12`.
    init?(_ text: some StringProtocol) {
        guard let letter = text.first, letter == "L" || letter == "O",
            let line = Int(text.dropFirst()), line > 0
        else { return nil }
        self.init(letter == "L" ? .new : .old, line)
    }

    var name: String { "\(side == .new ? "L" : "O")\(line)" }
}

/// A form that was refused, to be shown again with what is wrong.
struct FormProblem: Sendable {
    /// Which form: the route's id, and what it is on.
    let form: String
    let message: String
    let hint: String?
    let fields: [String: String]

    static func name(_ route: String, on thing: String = "") -> String {
        thing.isEmpty ? route : "\(route) \(thing)"
    }
}
