import HTTPTypes

/// The form to make a project. The API's twin is POST /api/v1/projects.
enum NewProjectRoutes {
    static let all: [Route] = showing + making

    private static let showing: [Route] = [
        .account(
            .get, "/new", .page, "projects.new", "The form to make a project",
            query: [.init("owner", .handle, "Under which name")]
        ) { call, grant in
            let page = try await show(call, grant, owner: call.query["owner"])
            return .page { page.page($0) }
        }
    ]

    private static let making: [Route] = [
        .account(
            .post, "/new", .page, "projects.make", "Makes a project",
            body: .object(
                [
                    .init("owner", .handle), .init("name", .projectName),
                    .init("description", .upTo(Limits.descriptionLengthMax)),
                    .init("public", .boolean),
                ], required: ["owner", "name"])
        ) { call, grant in
            let body = try await call.body()
            let owner = body.string("owner") ?? ""
            return try await call.answeringForm { error in
                var page = try await show(call, grant, owner: owner)
                page.typed = body
                page.problem = error.message
                return .page({ [page] in page.page($0) }, error.code.httpStatus)
            } _: {
                let made = try await call.forge.createProject(
                    ProjectPath(
                        owner: Handle(owner), name: ProjectName(body.string("name") ?? "")),
                    description: body.string("description") ?? "",
                    isPublic: body.bool("public") ?? false, as: call.principal)
                return .redirect("/\(made.project.path)")
            }
        }
    ].costing(5)

    private static func show(
        _ call: Call, _ grant: AccountGrant, owner: String
    ) async throws -> NewProjectPage {
        let own = grant.user.handle.text
        let owners = try await call.forge.memberships(grant).map(\.organisation.text)
        return NewProjectPage(
            owners: [own] + owners, owner: owners.contains(owner) ? owner : own)
    }
}

/// The form to make a project.
struct NewProjectPage {
    let owners: [String]
    let owner: String
    /// What was typed before, for a page that comes again with a problem.
    var typed: JSONBody?
    var problem: String?

    init(owners: [String], owner: String) {
        self.owners = owners
        self.owner = owner
    }

    func page(_ frame: Frame) -> HTML {
        let options = owners.map { name -> HTML in
            "<option value=\"\(name)\"\(name == owner ? " selected" : "")>\(name)</option>"
        }
        let isPublic: HTML = typed?.bool("public") ?? false ? " checked" : ""
        return frame.page(
            "New project", isIndexed: false,
            """
            <div class="narrow mid"><h1>New project</h1>
            \(Frame.problem(problem))
            <form method="post" action="/new">
            <div class="field"><label for="owner">Owner</label>\
            <select id="owner" name="owner">\(options)\
            </select></div>
            <div class="field"><label for="name">Name</label><input id="name" name="name" required \
            value="\(typed?.string("name") ?? "")" autocapitalize="none" spellcheck="false" \
            maxlength="\(Limits.projectNameBytesMax)" aria-describedby="name-hint"><p class="hint" \
            id="name-hint">Letters, digits, <code>.</code>, <code>_</code> and <code>-</code></p></div>
            <div class="field"><label for="description">Description</label><input id="description" \
            name="description" value="\(typed?.string("description") ?? "")" \
            maxlength="\(Limits.descriptionBytesMax)"></div>
            <div class="field"><label class="check"><input type="checkbox" name="public" value="true"\
            \(isPublic)><span>Everybody may read it, also without an account</span></label></div>
            <p><button class="primary full">Make project</button></p></form>
            <p class="soft">From a terminal, with files: <code>hif project create \(owner)/NAME</code>, \
            then <code>hif import</code>.</p></div>
            """)
    }
}
