import HTTPTypes

/// Making projects, and who one is.
enum ProjectAPI {
    static let all: [Route] = [
        .free(
            .post, "/api/v1/projects", .api, "projects.create",
            "Makes a project under the caller's own name",
            body: .object(
                [
                    .init("name", .string, "owner/name"), .init("description", .string, "One line"),
                    .init("public", .boolean, "Whether everybody may read it; false without it"),
                ], required: ["name"])
        ) { call in
            let body = try await call.body()
            let view = try await call.forge.createProject(
                ProjectPath(body.string("name") ?? ""),
                description: body.string("description") ?? "",
                isPublic: body.bool("public") ?? false, as: call.principal)
            return .json(ProjectLine(view, newest: nil), .created)
        },
        .free(
            .get, "/api/v1/me", .api, "account.me", "The account that the credential stands for"
        ) { call in
            let (user, token) = try call.forge.whoAmI(call.principal)
            return .json(
                Me(
                    handle: user.handle.text, name: user.displayName,
                    scopes: token?.scopes.words ?? [],
                    expiresAt: token?.expiresMillis.map { Moment($0) }))
        },
    ]

    private struct Me: Encodable {
        let handle: String
        let name: String
        let scopes: [String]
        let expiresAt: Moment?
    }
}
