import HTTPTypes
import HifRepository

/// What owners change about a project: on its settings page with forms, and in the API with JSON.
enum ProjectSettingsRoutes {
    static let all: [Route] = showing + changing + members + moving + ending + restoring

    private static let showing = Route.managing(
        .get, .project("/settings~"), "project.settings", "What owners change about the project"
    ) { call, grant in .answer(try await answer(call, grant)) }
    .answering(ProjectSettingsAnswer.shape)

    private static let fields: [JSONShape.Field] = [
        .init("description", .upTo(Limits.descriptionLengthMax), "One line"),
        .init("topics", .list(.topic, count: 0...Limits.topicsMax), "What it is about"),
        .init("public", .boolean, "Whether everybody may read it"),
    ]

    private static let changing =
        Route.managing(
            .post, .init(page: "/{owner}/{project}/settings"), "project.change",
            "Changes description, topics and visibility",
            body: .object(
                [
                    .init("description", .string), .init("topics", .string),
                    .init("public", .boolean),
                ], required: [])
        ) { call, grant in
            let body = try await call.body()
            return try await form(call, grant, body) {
                // A form says all of it: a box without a tick is not sent.
                let words = (body.string("topics") ?? "").split { $0.isWhitespace || $0 == "," }
                try await call.forge.changeProject(
                    grant, description: body.string("description") ?? "",
                    topics: Topic.list(words.map(String.init)),
                    isPublic: body.bool("public") ?? false)
                return grant.project.path
            }
        }
        + Route.managing(
            .patch, .projectAPI("/settings"), "project.change",
            "Changes description, topics and visibility; what is left out stays",
            body: .object(fields, required: [])
        ) { call, grant in
            let body = try await call.body()
            try await call.forge.changeProject(
                grant, description: body.string("description"),
                topics: body.strings("topics").map { try Topic.list($0) },
                isPublic: body.bool("public"))
            return .json(try await answer(call, grant, again: true))
        }
        .answering(ProjectSettingsAnswer.shape)

    // MARK: Members

    private static let members =
        Route.managing(
            .get, .projectAPI("/members"), "members.list", "Who has a role in the project"
        ) { call, grant in .json(MembersView(items: try await list(call, grant))) }
        .answering(MembersView.shape)
        + Route.managing(
            .put, .projectAPI("/members/{member}"), "members.put",
            "Gives an account a role in the project",
            body: .object([.init("role", .role)], required: ["role"])
        ) { call, grant in
            let body = try await call.body()
            let role = try role(body)
            let handle = try call.handle("member")
            try await call.forge.setMember(handle, role, grant)
            return .json(MemberView(account: handle.text, name: "", role: role.rawValue))
        }
        .answering(MemberView.ofProject).refusing(.unprocessable)
        + Route.managing(
            .delete, .projectAPI("/members/{member}"), "members.remove",
            "Takes an account's role in the project away"
        ) { call, grant in
            try await call.forge.setMember(call.handle("member"), nil, grant)
            return .json(Route.Ended())
        }
        .answering(Route.Ended.shape).refusing(.unprocessable)
        + Route.managing(
            .post, .init(page: "/{owner}/{project}/settings/members"), "members.put",
            "Gives an account a role in the project",
            body: .object(
                [.init("handle", .handle), .init("role", .role)], required: ["handle", "role"])
        ) { call, grant in
            let body = try await call.body()
            return try await form(call, grant, body) {
                try await call.forge.setMember(
                    Handle(body.string("handle") ?? ""), role(body), grant)
                return grant.project.path
            }
        }
        + Route.managing(
            .post, .init(page: "/{owner}/{project}/settings/members/{member}/remove"),
            "members.remove", "Takes an account's role in the project away"
        ) { call, grant in
            try await form(call, grant, nil) {
                try await call.forge.setMember(call.handle("member"), nil, grant)
                return grant.project.path
            }
        }

    private static func role(_ body: JSONBody) throws -> Role {
        guard let role = Role(rawValue: body.string("role") ?? "") else {
            throw ForgeError.invalid("a role is read, write or owner")
        }
        return role
    }

    private static func list(
        _ call: Call, _ grant: ProjectGrant<Managing>
    ) async throws -> [MemberView] {
        try await call.forge.members(grant).map {
            MemberView(account: $0.handle.text, name: "", role: $0.role.rawValue)
        }
    }

    // MARK: Name, owner, and the end

    private static let moving =
        action(
            "rename", "project.rename", "Gives the project another name; the old one leads to it",
            [.init("name", .projectName, "The new name, without the owner")]
        ) { call, grant, body in
            try await call.forge.rename(grant, to: ProjectName(body.string("name") ?? ""))
        }
        + action(
            "transfer", "project.transfer",
            "Gives the project to the caller, or to an organisation that they are in",
            [.init("to", .handle, "The new owner")], isSensitive: true
        ) { call, grant, body in
            try await call.forge.transfer(grant, to: Handle(body.string("to") ?? ""))
        }
        + action(
            "archive", "project.archive", "Makes the project read-only, or no longer so",
            [.init("archived", .boolean, "Whether it is to be read-only")]
        ) { call, grant, body in
            try await call.forge.setArchived(grant, body.bool("archived") ?? false)
            return grant.project.path
        }

    private static let ending =
        Route.managing(
            .post, .project("/settings/delete"), "project.delete",
            "Deletes the project; for 14 days its owners have it back",
            body: .object(
                [
                    .init("name", .projectPath, "owner/name of the project, typed again"), password,
                ],
                required: ["name"])
        ) { call, grant in
            let body = try await call.body()
            return try await call.answeringForm { error in
                try await again(call, grant, body, error)
            } _: {
                try await confirm(call, grant, body)
                try await call.forge.delete(grant, confirmedBy: body.string("name") ?? "")
                return call.isForm ? .redirect("/settings/deleted") : .json(Route.Ended())
            }
        }
        .answering(Route.Ended.shape).refusing(.unprocessable)

    private static let restoring =
        Route.own(
            .init(page: "/settings/deleted~", api: "/api/v1/me/deleted"), "projects.deleted",
            "Deleted projects that the account can have back"
        ) { call, grant in
            .answer(
                DeletedAnswer(
                    items: try await call.forge.deletedProjects(grant).map(DeletedView.init)))
        }
        .answering(DeletedAnswer.shape)
        + [
            .account(
                .post, "/settings/deleted/{number}/restore", .page, "projects.restore",
                "Gives a deleted project back"
            ) { call, grant in
                .redirect("/\(try await call.forge.restoreProject(call.number(), grant))")
            },
            .account(
                .post, "/api/v1/me/deleted/{number}/restore", .api, "projects.restore",
                "Gives a deleted project back", body: .object([], required: [])
            ) { call, grant in
                _ = try await call.body()
                let path = try await call.forge.restoreProject(call.number(), grant)
                return .json(ProjectNameView(name: "\(path)"))
            },
        ].answering(ProjectNameView.shape).refusing(.alreadyExists)

    private static let password = Route.passwordField

    private static func confirm(
        _ call: Call, _ grant: ProjectGrant<Managing>, _ body: JSONBody
    ) async throws {
        try await call.forge.confirm(
            grant.principal, password: body.string("password") ?? "",
            address: call.context.remoteAddress)
    }

    /// A form of its own on the page, and a call of the API of the same name.
    private static func action(
        _ word: String, _ id: String, _ summary: String, _ fields: [JSONShape.Field],
        isSensitive: Bool = false,
        _ run:
            @escaping @Sendable (Call, ProjectGrant<Managing>, JSONBody) async throws -> ProjectPath
    ) -> [Route] {
        Route.managing(
            .post, .project("/settings/\(word)"), id, summary,
            body: .object(
                fields + (isSensitive ? [password] : []), required: fields.map(\.name))
        ) { call, grant in
            let body = try await call.body()
            return try await form(call, grant, body) {
                if isSensitive { try await confirm(call, grant, body) }
                return try await run(call, grant, body)
            }
        }
        .answering(ProjectNameView.shape).refusing(.alreadyExists)
    }

    /// Does what a form or a call asks for; a form leads back to the settings of the project, by the name
    /// that it has then.
    private static func form(
        _ call: Call, _ grant: ProjectGrant<Managing>, _ body: JSONBody?,
        _ work: () async throws -> ProjectPath
    ) async throws -> Reply {
        try await call.answeringForm { error in
            try await again(call, grant, body, error)
        } _: {
            let path = try await work()
            return call.match.route.surface == .page
                ? .redirect("/\(path)/settings") : .json(ProjectNameView(name: "\(path)"))
        }
    }

    private static func again(
        _ call: Call, _ grant: ProjectGrant<Managing>, _ body: JSONBody?, _ error: ForgeError
    ) async throws -> Reply {
        var page = try await answer(call, grant)
        page.problem = error.message
        page.typed = body
        return .page({ [page] in page.page($0) }, error.code.httpStatus)
    }

    /// - Parameter again: whether the project was changed since the grant was given.
    private static func answer(
        _ call: Call, _ grant: ProjectGrant<Managing>, again: Bool = false
    ) async throws -> ProjectSettingsAnswer {
        let grant =
            again
            ? try await call.forge.access.check(
                call.principal, Managing.self, on: grant.project.path) : grant
        let tip = try await call.forge.open(
            grant.project.path, for: Reading.self, as: call.principal
        ).tip().position
        var answer = ProjectSettingsAnswer(
            ProjectFrame(grant, tip: tip), grant.project,
            members: try await list(call, grant))
        guard call.format == .html else { return answer }
        answer.needsPassword = call.forge.needsPassword(call.principal)
        answer.owners = try await call.forge.ownersFor(call.principal)
            .filter { $0 != grant.project.path.owner.text }
        return answer
    }
}
