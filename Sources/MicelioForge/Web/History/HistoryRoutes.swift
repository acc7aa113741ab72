import HTTPTypes
import HifCore
import HifRepository
import Hummingbird

/// The history of a project, and what differs between two positions of it.
enum HistoryRoutes {
    static let all: [Route] =
        Route.reading(
            .project("/log~"), "landings.list", "Landings, newest first",
            query: [
                .init(
                    "path", .pathOrDirectory,
                    "Only those that changed this path or something below it"),
                .init(
                    "author", .upTo(Author.fieldBytesMax),
                    "Only those of this account, agent, name or address"),
                .init("from", .positionText, "The newest position to show, such as @42"),
                .init("limit", .whole(1...Int64(Limits.pageItemsMax)), "Landings on the page"),
            ]
        ) { call, project in
            .answer(try await log(call, project))
        }
        .answering(LogAnswer.shape).costing(2)
        + Route.reading(
            .project("/diff/@{from}/@{to}~~"), "diff.read", "What differs between two positions",
            query: [.init("path", .pathOrDirectory, "Only this path and what is below it")]
        ) { call, project in
            try await diff(call, project)
        }
        .answering(DiffAnswer.shape).costing(5)

    private static func log(
        _ call: Call, _ project: OpenProject<Reading>
    ) async throws -> LogAnswer {
        var query = LandingQuery(
            from: try call.queryPosition("from"), path: try path(call),
            author: call.query["author"].isEmpty ? nil : call.query["author"],
            limit: try call.queryNumber("limit", else: 50, max: Limits.pageItemsMax))
        if query.from == 0 { query.from = 1 }
        let page = try await project.landings(query)
        let counts = try await project.decisionCounts(page.entries)
        let tip = try await project.tip().position
        return LogAnswer(
            project: ProjectFrame(project.grant, tip: tip), path: query.path,
            pathText: call.query["path"], author: query.author ?? "", from: query.from,
            landings: page.entries.map { LandingLine($0, decisions: counts[$0.position] ?? 0) },
            next: page.next)
    }

    /// The path of the query; a slash at its end means the same directory.
    static func path(_ call: Call) throws -> RepoPath? {
        var text = call.query["path"]
        if text.hasSuffix("/") { text.removeLast() }
        if text.isEmpty { return nil }
        do {
            return try RepoPath(text)
        } catch {
            throw ForgeError.invalid(error.description)
        }
    }

    private static func diff(
        _ call: Call, _ project: OpenProject<Reading>
    ) async throws -> Reply {
        let path = try path(call)
        let from = try await project.point(at: call.position("from"))
        let to = try await project.point(at: call.position("to"))
        let changes = try await project.difference(from: from, to: to, below: path)
        if call.format == .patch { return try await patch(call, project, changes) }
        return .answer(
            DiffAnswer(
                project: ProjectFrame(project.grant, tip: to.tip), from: from.position,
                to: to.position, path: path,
                diff: DiffView(try await project.contents(of: changes), only: path)))
    }

    /// The changes as `git apply` takes them. Like a file's bytes: nothing in them is of this site.
    private static func patch(
        _ call: Call, _ project: OpenProject<Reading>, _ changes: [TreeChange]
    ) async throws -> Reply {
        var response = Reply.cacheable(
            try await project.patch(of: changes), "text/plain; charset=utf-8", call)
        response.headers[.contentSecurityPolicy] = SecurityHeaders.sandbox
        return .response(response)
    }
}
