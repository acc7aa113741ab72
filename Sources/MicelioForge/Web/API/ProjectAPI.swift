import HTTPTypes

/// Making projects, and who one is.
enum ProjectAPI {
    static let all: [Route] = [making, me].flatMap(\.self)

    private static let making = [
        Route.free(
            .post, "/api/v1/projects", .api, "projects.create",
            "Makes a project under the caller's own name",
            body: .object(
                [
                    .init("name", .projectPath, "owner/name"),
                    .init("description", .upTo(Limits.descriptionLengthMax), "One line"),
                    .init("public", .boolean, "Whether everybody may read it; false without it"),
                ], required: ["name"])
        ) { call in
            let body = try await call.body()
            let view = try await call.forge.createProject(
                ProjectPath(body.string("name") ?? ""),
                description: body.string("description") ?? "",
                isPublic: body.bool("public") ?? false, as: call.principal)
            return .json(ProjectLine(view, newest: nil), .created)
        }
    ].making(ProjectLine.shape).refusing(.unauthenticated, .forbidden, .alreadyExists).costing(5)

    private static let me = [
        Route.free(
            .get, "/api/v1/me", .api, "account.me", "The account that the credential stands for"
        ) { call in
            let (user, token) = try call.forge.whoAmI(call.principal)
            return .json(
                Me(
                    handle: user.handle.text, name: user.displayName,
                    scopes: token?.scopes.words ?? [],
                    expiresAt: token?.expiresMillis.map { Moment($0) }))
        }
    ].answering(Me.shape).refusing(.unauthenticated)

    private struct Me: Encodable {
        let handle: String
        let name: String
        let scopes: [String]
        let expiresAt: Moment?

        static let shape = JSONShape.answer(
            "Me",
            [
                .init("handle", .handle), .init("name", .string),
                .init("scopes", .list(.string), "What the token may be used for: read:*"),
                .maybe("expires_at", .moment),
            ])
    }
}
