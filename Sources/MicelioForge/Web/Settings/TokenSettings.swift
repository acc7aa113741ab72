import HTTPTypes

/// Tokens that an account makes for programs.
enum TokenSettings {
    private static let projects = JSONShape.Field(
        "projects", .string, "For which projects: ana/app, or ana/* for all of ana, by blanks")
    private static let days = JSONShape.Field(
        "days", .whole(1...Int64(Limits.personalTokenDaysMax)), "Until it ends")
    private static let name = JSONShape.Field(
        "name", .words(Limits.tokenLabelLengthMax), "What or who will use it")
    private static let agent = JSONShape.Field(
        "agent", .handle,
        "For an agent of that name: what it does is signed with it, whatever it says itself")

    private static func scopes(_ verbs: String, _ summary: String) -> JSONShape.Field {
        let word = JSONShape.like("^(\(verbs))$", example: "read:ana/app")
        return .init("scopes", .list(word, count: 1...Limits.tokenScopesMax), summary)
    }

    /// The lengths of both names are a condition beside their form.
    private static let ofProjects =
        "(read|write|manage):(\\*|(?=[^/]{1,39}/.{1,100}$)\(JSONShape.handlePattern)/"
        + "(\\*|\(JSONShape.projectNamePattern)))"

    /// For a program or for an agent; what the form says is sorted out from its own fields.
    private static let body = JSONShape.oneOf(
        [
            .object(
                [name, scopes("\(ofProjects)|account:\\*", "What it may"), isForAll, days],
                required: ["name", "scopes", "days"]),
            .object(
                [agent, scopes(ofProjects, "What it may, on no account"), isForAll, days],
                required: ["agent", "scopes", "days"]),
        ], words: "name or agent, scopes and days")

    private static let isForAll = JSONShape.Field(
        "all_projects", .boolean,
        "true says that a scope like read:* is meant: it opens every project")

    static let all: [Route] =
        Route.own(
            .init(page: "/settings/tokens~", api: "/api/v1/me/tokens"), "tokens.list",
            "The tokens that the account made"
        ) { call, grant in .answer(try await list(call, grant)) }
        .answering(TokensAnswer.shape)
        + Route.changing(
            page: "/settings/tokens",
            form: .object(
                [
                    name, .init("read", .boolean), .init("write", .boolean),
                    .init("manage", .boolean), .init("account", .boolean), projects,
                    isForAll, days, agent, Route.passwordField,
                ], required: []),
            api: (.post, "/api/v1/me/tokens"), "tokens.create",
            "Makes a token; its text is told this once", body
        ) { call, grant in try await create(call, grant) }
        .making(Made.shape).refusing(.unprocessable).costing(5)
        + Route.ending(
            page: "/settings/tokens/{number}/revoke", api: "/api/v1/me/tokens/{number}",
            "tokens.revoke", "Makes a token worthless at once", back: "/settings/tokens"
        ) { call, grant in try await call.forge.endToken(call.number(), grant) }

    private static func list(_ call: Call, _ grant: AccountGrant) async throws -> TokensAnswer {
        var answer = TokensAnswer(
            items: try await call.forge.personalTokens(grant).map {
                TokenView($0, now: call.now)
            },
            projects: [], needsPassword: call.forge.needsPassword(call.principal))
        guard call.format == .html else { return answer }
        answer.projects = try await call.forge.projects(
            of: nil, limit: Limits.pageItemsMax, cursor: "", as: call.principal
        ).page.filter { $0.role > .read || $0.project.path.owner == grant.user.handle }
            .map { "\($0.project.path)" }
        return answer
    }

    private struct Made: Encodable {
        let token: String
        let expiresAt: Moment

        static let shape = JSONShape.answer(
            "MadeToken",
            [
                .init("token", .string, "Its text, this once"), .init("expires_at", .moment),
            ])
    }

    private static func create(_ call: Call, _ grant: AccountGrant) async throws -> Reply {
        let body = try await call.body()
        return try await call.answeringForm { error in
            var answer = try await list(call, grant)
            answer.problem = error.message
            answer.typed = body
            return .page({ [answer] in answer.page($0) }, error.code.httpStatus)
        } _: {
            try await call.forge.confirm(
                call.principal, password: body.string("password") ?? "",
                address: call.context.remoteAddress)
            let days = body.integer("days") ?? 30
            let token = try await call.forge.makeToken(
                grant, name: body.string("name") ?? "", agent: body.string("agent") ?? "",
                scopes: call.isForm
                    ? try scopes(body)
                    : try ScopeSet(
                        parsing: (body.strings("scopes") ?? []).joined(separator: " ")),
                days: days, isForAll: body.bool("all_projects") ?? false)
            if !call.isForm {
                return .json(
                    Made(token: token.text, expiresAt: Moment(call.now + days * 86_400_000)),
                    .created)
            }
            var answer = try await list(call, grant)
            answer.needsPassword = false
            answer.made = (body.string("agent") ?? body.string("name") ?? "", token.text)
            return .page { [answer] in answer.page($0) }
        }
    }

    /// What the boxes of the form say.
    private static func scopes(_ body: JSONBody) throws -> ScopeSet {
        let named = (body.string("projects") ?? "")
            .split { $0.isWhitespace || $0 == "," }.map(String.init)
        let isForAll = body.bool("all_projects") ?? false
        let verbs = ["read", "write", "manage"].filter { body.bool($0) ?? false }
        guard verbs.isEmpty || isForAll || !named.isEmpty else {
            throw ForgeError.invalid("say for which projects the token is")
        }
        var words = verbs.flatMap { verb in (isForAll ? ["*"] : named).map { "\(verb):\($0)" } }
        if body.bool("account") ?? false { words.append("account:*") }
        return try ScopeSet(parsing: words.joined(separator: " "))
    }
}

/// A token in a list. Never its text.
struct TokenView: Encodable, Sendable {
    let number: Int64
    /// Of an agent, its own.
    let name: String
    let isAgent: Bool
    /// How its text ends.
    let lastFour: String
    let scopes: [String]
    let createdAt: Moment
    let lastUsedAt: Moment?
    /// Null for one without an end, which only whoever runs the forge makes.
    let expiresAt: Moment?
    let isExpired: Bool

    init(_ token: TokenRecord, now: Int64) {
        number = token.id
        name = token.label
        isAgent = token.kind == .agent
        lastFour = token.lastFour
        scopes = token.scopes.words
        createdAt = Moment(token.createdMillis)
        lastUsedAt = token.lastUsedMillis.map { Moment($0) }
        expiresAt = token.expiresMillis.map { Moment($0) }
        isExpired = token.expiresMillis.map { $0 <= now } ?? false
    }
}
