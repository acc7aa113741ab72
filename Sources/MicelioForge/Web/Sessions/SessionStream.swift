import HTTPTypes
import HifCore
import HifRepository
import Hummingbird
import NIOCore
import ServiceLifecycle

/// A session's events: those there are as JSON, or as a stream (server-sent events, WHATWG HTML
/// section 9.2) those that come, until the session closes.
///
/// The events lie in the store, so a stream goes on anywhere: `Last-Event-ID` is a number of theirs. A
/// stream that is idle reads nothing; it is woken (`SessionFeed`).
enum SessionStream {
    static func answer(_ call: Call, _ project: OpenProject<Reading>) async throws -> Reply {
        let id = try call.session()
        let accept = call.request.headers[values: .accept].joined(separator: ",")
        let (events, progress) = try await project.follow(id, from: 0, createdAt: nil)
        guard accept.contains("text/event-stream") else {
            return .json(try list(call, id, events, progress))
        }
        let story = SessionStory(events)
        let caller =
            call.principal.user.map { "account \($0.handle)" }
            ?? "address \(call.context.remoteAddress)"
        // Taken before the answer begins, so that too many are refused with a status.
        let seat = try project.watch(
            id, by: caller, from: story.eventCount, createdAt: story.createdPosition)
        let first = try start(call)
        var response = Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                // Else somebody who has gone would be noticed by the second beat only.
                try await call.request.body.consumeWithInboundCloseHandler { _ in
                    var stream = Stream(call: call, project: project, id: id, first: first)
                    try await stream.run(events, progress, seat, to: &writer)
                    try await writer.finish(nil)
                } onInboundClosed: {
                    seat.giveUp()
                }
            })
        // A proxy that collects what it passes on would hold it back.
        response.headers[HTTPField.Name("X-Accel-Buffering")!] = "no"
        return .response(response)
    }

    /// The first event wanted: the one after `Last-Event-ID`, or `from`.
    private static func start(_ call: Call) throws(ForgeError) -> Int {
        let last = call.request.headers[HTTPField.Name("Last-Event-ID")!]
        let text = last ?? call.query["from"]
        if text.isEmpty, last == nil { return 0 }
        guard let number = DecimalDigits.number(text) else {
            throw .invalid("'\(text.prefix(40))' is no number of an event")
        }
        return Int(number) + (last == nil ? 0 : 1)
    }

    private struct List: Encodable {
        let session: String
        let status: String
        let position: Position?
        let events: [EventView]
        /// `from` of what follows; null when nothing does yet.
        let next: Int?
        /// How many there are.
        let count: Int
    }

    static let shape = JSONShape.answer(
        "Events",
        [
            .init("session", .session), .init("status", .word("open", "landed", "abandoned")),
            .maybe("position", .position, "Where it landed"),
            .init("events", .list(EventView.shape)),
            .maybe("next", .integer, "`from` of what follows, when there is more already"),
            .init("count", .integer, "How many there are"),
        ])

    private static func list(
        _ call: Call, _ id: SessionID, _ events: [SessionEvent], _ progress: SessionProgress
    ) throws -> List {
        let first = try start(call)
        let limit = try call.queryNumber(
            "limit", else: Limits.pageItemsMax, max: Limits.pageItemsMax)
        var story = SessionStory([])
        var views: [EventView] = []
        for event in events {
            story.tell(event)
            if story.eventCount > first, views.count < limit {
                views.append(EventView(event, in: story))
            }
        }
        let after = first + views.count
        return List(
            session: id.full, status: progress.word, position: progress.position, events: views,
            next: after < events.count ? after : nil, count: events.count)
    }
}

extension SessionProgress {
    var word: String {
        switch self {
        case .open: "open"
        case .landed: "landed"
        case .abandoned: "abandoned"
        }
    }

    var position: Position? {
        if case .landed(let position) = self { position } else { nil }
    }
}

/// One caller's stream.
private struct Stream {
    let call: Call
    let project: OpenProject<Reading>
    let id: SessionID
    /// Events before this one are not told.
    let first: Int
    private var story = SessionStory([])

    init(call: Call, project: OpenProject<Reading>, id: SessionID, first: Int) {
        self.call = call
        self.project = project
        self.id = id
        self.first = first
    }

    private struct Closed: Encodable {
        let status: String
        let position: Position?
    }

    @concurrent
    mutating func run(
        _ events: [SessionEvent], _ progress: SessionProgress, _ seat: SessionFeed.Seat,
        to writer: inout any ResponseBodyWriter
    ) async throws {
        // Sent at once, so that the caller knows that it is heard. Then after what time to come again.
        try await writer.write(ByteBuffer(string: "retry: 2000\n\n"))
        if try await tell(events, progress, to: &writer) { return }
        for await _ in seat.wakes.cancelOnGracefulShutdown() {
            guard seat.takeNews() else {
                try await writer.write(ByteBuffer(string: ":\n\n"))
                continue
            }
            let (events, progress) = try await project.follow(
                id, from: story.eventCount, createdAt: story.createdPosition)
            if try await tell(events, progress, to: &writer) { return }
        }
    }

    /// Whether that was all: the session is closed.
    @concurrent
    private mutating func tell(
        _ events: [SessionEvent], _ progress: SessionProgress,
        to writer: inout any ResponseBodyWriter
    ) async throws -> Bool {
        for event in events {
            story.tell(event)
            guard story.eventCount > first else { continue }
            let number = story.eventCount - 1
            let view = EventView(event, in: story)
            let data =
                call.match.route.surface == .page
                ? try JSONText.bytes(SessionParts(view, story, id, project.grant, Frame(call)))
                : try JSONText.bytes(view)
            try await writer.write(
                ByteBuffer(
                    string: "id: \(number)\ndata: \(String(decoding: data, as: UTF8.self))\n\n"))
        }
        project.hasRead(id, upTo: story.eventCount)
        if case .open = progress { return false }
        let end = try JSONText.bytes(Closed(status: progress.word, position: progress.position))
        try await writer.write(
            ByteBuffer(string: "event: closed\ndata: \(String(decoding: end, as: UTF8.self))\n\n"))
        return true
    }
}

/// What an event changes of the session's page, as the page itself would have it.
struct SessionParts: Encodable {
    struct Part: Encodable {
        /// The element that it takes the place of, if it is there.
        let id: String
        /// Else the element behind which it stands, or the one at whose end.
        var after: String?
        var `in`: String?
        let html: HTML

        private enum CodingKeys: CodingKey {
            case id, after, `in`, html
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(id, forKey: .id)
            try container.encodeIfPresent(after, forKey: .after)
            try container.encodeIfPresent(`in`, forKey: .in)
            try container.encode(html.text, forKey: .html)
        }
    }

    let event: EventView
    let parts: [Part]
    /// What cannot be shown piece by piece.
    let notice: String?

    init(
        _ event: EventView, _ story: SessionStory, _ id: SessionID,
        _ grant: ProjectGrant<Reading>, _ frame: Frame
    ) {
        self.event = event
        var answer = SessionAnswer(
            project: ProjectFrame(grant, tip: story.createdPosition), id: id, status: .open,
            story: story, diff: DiffView(ChangedFiles(files: [], count: 0)), outlook: [],
            landed: nil)
        answer.viewer.mayWrite =
            grant.role >= .write
            && grant.principal.scopes.allows(.write, on: grant.project.path)
            && grant.principal.user != nil
        answer.viewer.handle = grant.principal.user?.handle.text
        answer.viewer.seen = event.event
        let page = SessionPage(answer: answer, frame: frame)
        (parts, notice) = SessionParts.made(event, page)
    }

    private static func made(
        _ event: EventView, _ page: SessionPage
    ) -> (parts: [Part], notice: String?) {
        if let message = event.message {
            return ([Part(id: message.id, in: "talk-list", html: page.item(message))], nil)
        }
        if let decision = event.decision {
            return ([Part(id: decision.id, in: "decision-list", html: page.article(decision))], nil)
        }
        if let verdict = event.verdict {
            return (page.parts(ofDecision: verdict.decision), nil)
        }
        if let comment = event.comment {
            if let place = comment.place { return ([page.part(ofLine: place)], nil) }
            if comment.on?.hasPrefix("d") == true {
                return (page.parts(ofDecision: comment.on ?? ""), nil)
            }
            let message = page.answer.messages.first { $0.id == comment.on }
            return (
                message.map { [Part(id: "\($0.id)-said", html: page.said(on: $0))] } ?? [], nil
            )
        }
        return ([], event.kind == "draft" ? "The files of the session have changed." : nil)
    }
}

extension SessionPage {
    /// What was said of a line.
    fileprivate func part(ofLine line: LineView) -> SessionParts.Part {
        let place = LinePlace(line.mark.side, line.line)
        let comments = answer.comments.filter { comment in
            guard let mark = comment.place?.mark else { return false }
            return mark.path == line.mark.path && mark.side == line.mark.side
                && mark.line == line.mark.line
        }
        let anchor = "\(FileDiff.anchor(line.mark.path)):\(place.name)"
        return SessionParts.Part(
            id: "t/\(anchor)", after: anchor, html: thread(line.mark.path, place, comments))
    }

    /// How a decision stands, and what was said of it.
    fileprivate func parts(ofDecision id: String) -> [SessionParts.Part] {
        guard let decision = answer.decisions.first(where: { $0.id == id }) else { return [] }
        return [
            SessionParts.Part(id: "\(id)-standing", html: standing(decision)),
            SessionParts.Part(id: "\(id)-said", html: said(on: decision)),
        ]
    }
}
