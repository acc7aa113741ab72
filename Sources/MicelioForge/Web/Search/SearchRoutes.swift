import HTTPTypes
import HifCore
import HifRepository

/// Search: in a project's files or sessions, and over the names of projects and accounts.
enum SearchRoutes {
    static let all: [Route] =
        Route.reading(
            .project("/search~"), "search.project",
            "Files or sessions of a project that have all words", query: words + places + paging
        ) { call, project in try await search(call, project) }
        .answering(SearchAnswer.shape).costing(20)
        + Route.open(
            .get, .init(page: "/search~", api: "/api/v1/search"), "search.names",
            "Projects that the caller may see, and accounts, by words in their names and descriptions",
            query: words + [ExploreRoutes.limit]
        ) { call in try await searchNames(call) }
        .answering(NameSearchAnswer.shape).costing(20)

    private static let words = [
        Route.QueryField(
            "q", .upTo(Limits.searchQueryLengthMax, example: "words \"next to each other\""),
            "Words that all have to be there, in any case, also within longer words; \"several\" in quotes stand together; path:docs/ is for files named so"
        )
    ]
    private static let places = [
        Route.QueryField("in", .word("files", "sessions"), "Where to look; files without it")
    ]
    private static let paging = ExploreRoutes.paging

    private static func search(
        _ call: Call, _ project: OpenProject<Reading>
    ) async throws -> Reply {
        let kind = try kind(call.query["in"])
        let limit = try call.queryNumber("limit", else: 20, max: Limits.pageItemsMax)
        let cursor = try cursor(call.query["cursor"])
        let asked = asked(call)
        if case .failure(let error) = asked, call.format == .html {
            let answer = SearchAnswer(
                project: ProjectFrame(project.grant, tip: try await project.tip().position),
                query: typed(call), kind: kind, results: nil, problem: error.message)
            return .page({ answer.page($0) }, .badRequest)
        }
        let query = try asked.get()
        guard !query.isEmpty(for: kind) else {
            return .answer(
                SearchAnswer(
                    project: ProjectFrame(project.grant, tip: try await project.tip().position),
                    query: query.text, kind: kind, results: nil))
        }
        let results = try await call.forge.search(
            query, for: kind, in: project, after: cursor, limit: limit)
        return .answer(
            SearchAnswer(
                project: ProjectFrame(project.grant, tip: results.tip), query: query.text,
                kind: kind, results: results))
    }

    private static func searchNames(_ call: Call) async throws -> Reply {
        let limit = try call.queryNumber("limit", else: 20, max: Limits.pageItemsMax)
        let asked = asked(call)
        if case .failure(let error) = asked, call.format == .html {
            let answer = NameSearchAnswer(query: typed(call), problem: error.message)
            return .page({ answer.page($0) }, .badRequest)
        }
        let query = try asked.get()
        let found = try await call.forge.searchNames(query, limit: limit, as: call.principal)
        var lines: [ProjectLine] = []
        for view in found.projects {
            let newest = try await call.forge.newestLanding(of: view, as: call.principal)
            lines.append(ProjectLine(view, newest: newest))
        }
        return .answer(NameSearchAnswer(query: query.text, projects: lines, found))
    }

    /// What is looked for; or what is wrong with it, which a page says at its form.
    private static func asked(_ call: Call) -> Result<SearchQuery, ForgeError> {
        Result { () throws(ForgeError) in try SearchQuery(call.query["q"]) }
    }

    /// As much of it as the form takes.
    private static func typed(_ call: Call) -> String {
        String(call.query["q"].prefix(Limits.searchQueryLengthMax))
    }

    private static func kind(_ word: String) throws(ForgeError) -> SearchDocument.Kind {
        switch word {
        case "", "files": .file
        case "sessions": .session
        default: throw .invalid("'in' is files or sessions")
        }
    }

    private static func cursor(_ text: String) throws(ForgeError) -> Int64? {
        if text.isEmpty { return nil }
        guard text.utf8.count <= 18, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int64(text)
        else { throw .invalid("the cursor is not valid") }
        return number
    }
}
