import ArgumentParser
import HifCore
import HifRepository
import HifWorkspace

struct Log: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "List landings, newest first.",
        discussion: """
            hif log
            hif log --path src/              what changed src or something below it
            hif log --author ana --limit 5
            hif log --json --cursor 120      go on where an answer said next_cursor
            hif log --stream                 all of it, one JSON object per line
            """)

    @Option(help: "Only landings that changed this path, or something below it.")
    var path: String?
    @Option(help: "Only landings by this account, agent, name or address.")
    var author: String?
    @Option(name: [.long, .customShort("n")], help: "At most this many landings.")
    var limit: Int?
    @Option(help: ArgumentHelp("Begin at this position, downwards.", valueName: "position"))
    var cursor: String?
    @Flag(help: "Print one JSON object per landing and line, without a limit.")
    var stream = false
    @OptionGroup var common: CommonOptions

    static let defaultLimit = 50
    /// Landings asked for at once. Output begins with the first page.
    static let pageMax = 1_000
    static let data: Shape = .object([
        "landings": .list(.open(LandingFields.shape, [:])), "next_cursor": .maybe(.int),
        "truncated": .bool,
    ])
    static let streamed: Shape = .object(LandingFields.shape)
    var isStream: Bool { stream }

    func run(_ context: Context) async throws -> Outcome {
        let workspace = try await context.workspace()
        let limit = limit ?? (stream ? Int.max : Log.defaultLimit)
        guard limit > 0 else { throw Failure.usage("--limit must be at least 1") }
        var query = LandingQuery(limit: 0)
        if let path { query.path = try context.path(path, in: workspace) }
        query.author = author.map(ArgumentBytes.text)
        if let cursor { query.from = try await workspace.position(ArgumentBytes.text(cursor)) }
        let console = context.console
        console.startPager()
        var landings: [JSON] = []
        var count = 0
        var next: Position?
        // A filtered page may be cut short before it is full.
        while count < limit {
            query.limit = min(Log.pageMax, limit - count)
            let page = try await workspace.remote.landings(query)
            for entry in page.entries {
                count += 1
                if stream {
                    console.raw(JSON.object(context.chosen(LandingFields.json(entry))).line)
                } else if console.isJSON {
                    landings.append(.object(LandingFields.json(entry)))
                } else {
                    console.line(Self.line(entry, console))
                }
            }
            next = page.next
            guard let next, !console.isClosed else { break }
            query.from = next
        }
        if count == 0, let path = query.path {
            try await PathHints.check(
                [path], workspace, at: try await workspace.remote.newest().position)
        }
        if !stream {
            if count == 0 {
                let isAll = query.path == nil && query.author == nil && cursor == nil
                console.note(isAll ? "There is no landing yet." : "No landing is like that.")
            }
            if let next { console.note("There is more: hif log --cursor \(next)") }
        }
        return Outcome(
            data: [
                "landings": .array(landings), "next_cursor": next.map { .int($0) } ?? .null,
                "truncated": .bool(next != nil),
            ], isStream: stream)
    }

    static func line(_ entry: LandingPage.Entry, _ console: Console) -> String {
        let landing = entry.landing
        let name = SafeText.escape(LandingFields.name(landing.author))
        return console.styled("@\(entry.position)", .yellow) + "  "
            + console.styled(Moment.local(landing.landedMillis), .dim) + "  " + name + "  "
            + SafeText.escape(landing.goalLine)
    }
}

/// A landing as fields of an answer.
enum LandingFields {
    static let shape: [String: Shape] = [
        "position": .int, "goal": .string, "session": .string, "author": .string,
        "email": .string, "account": .string, "agent": .string, "time": .time, "started": .time,
    ]

    static func json(_ entry: LandingPage.Entry) -> [String: JSON] {
        json(entry.landing, at: entry.position)
    }

    static func json(_ landing: HifRepository.Landing, at position: Position) -> [String: JSON] {
        [
            "position": .int(position), "goal": .string(landing.goalLine),
            "session": .string(landing.session.full), "time": .time(landing.landedMillis),
            "started": .time(landing.startedMillis),
        ] + json(landing.author)
    }

    static func json(_ author: Author) -> [String: JSON] {
        [
            "author": .string(name(author)), "email": .string(author.email),
            "account": .string(author.account), "agent": .string(author.agent),
        ]
    }

    /// The name to show.
    static func name(_ author: Author) -> String {
        author.name.isEmpty ? author.account : author.name
    }

    /// Name, address and agent on one line, escaped.
    static func line(_ author: Author) -> String {
        var text = name(author)
        if !author.email.isEmpty { text += " <\(author.email)>" }
        if !author.agent.isEmpty { text += " with \(author.agent)" }
        return SafeText.escape(text)
    }
}
