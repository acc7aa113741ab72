import HTTPTypes

/// The pages of administrators: accounts, projects, and what the audit log keeps.
enum AdminRoutes {
    static let all: [Route] = reading + acting + restoring

    private static let byHandle = [
        Route.QueryField("cursor", .handle, "Where to go on: `next` of the page before"),
        ExploreRoutes.limit,
    ]

    private static let reading =
        Route.administering(
            .init(page: "/admin~", api: "/api/v1/admin/accounts"), "admin.accounts",
            "Accounts and organisations, by handle", query: byHandle
        ) { call, grant in
            let cursor = call.query["cursor"]
            if !cursor.isEmpty { _ = try Handle(cursor) }
            let (page, next) = try await call.forge.allAccounts(
                grant, after: cursor, limit: limit(call))
            return .answer(AdminAccountsAnswer(items: page.map(AdminAccountView.init), next: next))
        }
        .answering(AdminAccountsAnswer.shape).costing(5)
        + Route.administering(
            .init(page: "/admin/projects~", api: "/api/v1/admin/projects"), "admin.projects",
            "Every project, deleted ones that can be had back too",
            query: ExploreRoutes.paging
        ) { call, grant in
            .answer(try await projects(call, grant))
        }
        .answering(AdminProjectsAnswer.shape).costing(5)
        + Route.administering(
            .init(page: "/admin/audit~", api: "/api/v1/admin/audit"), "admin.audit",
            "What decided who may do what, newest first",
            query: ExploreRoutes.paging
        ) { call, grant in
            let (page, next) = try await call.forge.audit(
                grant, before: cursor(call, else: .max), limit: limit(call))
            return .answer(
                AuditAnswer(items: page.map(AuditView.init), next: next.map { "\($0)" }))
        }
        .answering(AuditAnswer.shape).costing(5)
        + Route.administering(
            .init(page: "/admin/accounts/{account}~", api: "/api/v1/admin/accounts/{account}"),
            "admin.account", "An account, and what can be done to it"
        ) { call, grant in .answer(try await show(call, grant)) }
        .answering(AdminAccountAnswer.shape)

    private static let acting =
        action("disable", "Shuts an account out and revokes all its tokens") { call, grant, _ in
            try await call.forge.setDisabled(call.handle("account"), true, grant)
        }
        + action("enable", "Lets an account in again") { call, grant, _ in
            try await call.forge.setDisabled(call.handle("account"), false, grant)
        }
        + action("remove-second-factor", "Lets an account sign in with its password alone") {
            call, grant, _ in
            try await call.forge.removeSecondFactor(call.handle("account"), grant)
        }
        + action("reset-link", "Makes a link with which the account's owner sets a new password") {
            call, grant, page in
            page.made = try await call.forge.makeResetLink(call.handle("account"), grant)
        }

    private static func limit(_ call: Call) throws -> Int {
        try call.queryNumber("limit", else: 50, max: Limits.pageItemsMax)
    }

    private static func cursor(_ call: Call, else first: Int64) throws -> Int64 {
        let text = call.query["cursor"]
        if text.isEmpty { return first }
        guard let number = DecimalDigits.number(text) else {
            throw ForgeError.invalid("the cursor is not valid")
        }
        return number
    }

    private static func projects(
        _ call: Call, _ grant: AdminGrant
    ) async throws -> AdminProjectsAnswer {
        let (page, next) = try await call.forge.projects(
            grant, after: cursor(call, else: 0), limit: limit(call))
        return AdminProjectsAnswer(
            items: page.map { AdminProjectView($0, now: call.now) }, next: next.map { "\($0)" },
            needsPassword: call.forge.needsPassword(call.principal))
    }

    private static let restoring =
        Route.administering(
            .post,
            .init(
                page: "/admin/projects/{owner}/{project}/restore",
                api: "/api/v1/admin/projects/{owner}/{project}/restore"),
            "admin.restore", "Gives a deleted project back to its owners",
            body: .object([Route.passwordField], required: [])
        ) { call, grant in
            let body = try await call.body()
            return try await call.answeringForm { error in
                var page = try await projects(call, grant)
                page.problem = error.message
                return .page({ [page] in page.page($0) }, error.code.httpStatus)
            } _: {
                try await call.forge.confirm(
                    call.principal, password: body.string("password") ?? "",
                    address: call.context.remoteAddress)
                let path = try await call.forge.restoreProject(call.project(), grant)
                guard call.isForm else { return .json(ProjectNameView(name: "\(path)")) }
                var page = try await projects(call, grant)
                page.restored = "\(path)"
                return .page { [page] in page.page($0) }
            }
        }
        .answering(ProjectNameView.shape).costing(5)

    private static func show(
        _ call: Call, _ grant: AdminGrant
    ) async throws -> AdminAccountAnswer {
        AdminAccountAnswer(
            account: AdminAccountView(
                try await call.forge.account(call.handle("account"), grant)),
            needsPassword: call.forge.needsPassword(call.principal))
    }

    /// Something done to an account: a button of its page, and a call of the API.
    private static func action(
        _ word: String, _ summary: String,
        _ run:
            @escaping @Sendable (Call, AdminGrant, inout AdminAccountAnswer) async throws -> Void
    ) -> [Route] {
        Route.administering(
            .post,
            .init(
                page: "/admin/accounts/{account}/\(word)",
                api: "/api/v1/admin/accounts/{account}/\(word)"),
            "admin.\(word.replacing("-", with: "_"))", summary,
            body: .object([Route.passwordField], required: [])
        ) { call, grant in
            let body = try await call.body()
            return try await call.answeringForm { error in
                var page = try await show(call, grant)
                page.problem = error.message
                return .page({ [page] in page.page($0) }, error.code.httpStatus)
            } _: {
                try await call.forge.confirm(
                    call.principal, password: body.string("password") ?? "",
                    address: call.context.remoteAddress)
                var done = try await show(call, grant)
                try await run(call, grant, &done)
                var page = try await show(call, grant)
                page.made = done.made
                page.needsPassword = false
                return call.isForm
                    ? .page { [page] in page.page($0) }
                    : .json(page)
            }
        }
        .answering(AdminAccountAnswer.shape).refusing(.unprocessable, .accountDisabled)
        .costing(5)
    }
}
