import HTTPTypes

/// Organisations: making one, and what its owners change.
enum OrganisationRoutes {
    private static let profile = JSONShape.object(
        [
            .init("name", .upTo(Limits.displayNameLengthMax), "The name to show beside the handle"),
            .init("bio", .upTo(Limits.bioLengthMax), "A few words, shown as they are"),
            .init("links", .list(.link, count: 0...Limits.profileLinksMax)),
        ], required: [])

    static let all: [Route] = own + changing + members + ending

    // MARK: Of an account

    private static let own: [Route] =
        Route.own(
            .init(page: "/settings/organisations~", api: "/api/v1/me/organisations"),
            "organisations.list", "The organisations that the account is in"
        ) { call, grant in .answer(try await list(call, grant)) }
        .answering(OrganisationsAnswer.shape)
        + Route.changing(
            page: "/settings/organisations", api: (.post, "/api/v1/organisations"),
            "organisations.create", "Makes an organisation, which belongs to the caller",
            .object(
                [
                    .init("handle", .handle, "Its name in addresses, one among those of accounts"),
                    .init(
                        "name", .upTo(Limits.displayNameLengthMax), "The name to show beside it"),
                ], required: ["handle"])
        ) { call, grant in
            let body = try await call.body()
            return try await call.answeringForm { error in
                var answer = try await list(call, grant)
                answer.problem = error.message
                answer.typed = body
                return .page({ [answer] in answer.page($0) }, error.code.httpStatus)
            } _: {
                let made = try await call.forge.createOrganisation(
                    grant, handle: Handle(body.string("handle") ?? ""),
                    name: body.string("name") ?? "")
                return call.isForm
                    ? .redirect("/organisations/\(made.handle)")
                    : .json(
                        MembershipView(
                            organisation: made.handle.text, name: made.displayName,
                            role: OrganisationRole.owner.rawValue), .created)
            }
        }
        .making(MembershipView.shape).refusing(.alreadyExists, .unprocessable).costing(5)
        + Route.ending(
            page: "/settings/organisations/{organisation}/leave",
            api: "/api/v1/me/organisations/{organisation}", "organisations.leave",
            "Takes the account out of an organisation", back: "/settings/organisations"
        ) { call, grant in try await call.forge.leave(call.handle("organisation"), grant) }
        .refusing(.unprocessable)

    private static func list(
        _ call: Call, _ grant: AccountGrant
    ) async throws -> OrganisationsAnswer {
        OrganisationsAnswer(
            items: try await call.forge.memberships(grant).map {
                MembershipView(
                    organisation: $0.organisation.text, name: $0.displayName, role: $0.role.rawValue
                )
            })
    }

    // MARK: Of its owners

    private static let page = "/organisations/{organisation}"
    private static let api = "/api/v1/organisations/{organisation}"
    private static let member = JSONShape.object(
        [.init("role", .organisationRole)], required: ["role"])

    private static let changing: [Route] = [
        .organisation(
            .get, page, .page, .owner, "organisations.show", "An organisation, to be changed"
        ) { call, grant in
            let page = try await show(call, grant)
            return .page { page.page($0) }
        },
        .organisation(
            .post, page, .page, .owner, "organisations.change", "Changes what it says of itself",
            body: profile
        ) { call, grant in
            let body = try await call.body()
            return try await changing(call, grant) {
                try await call.forge.changeProfile(
                    grant, name: body.string("name") ?? "", bio: body.string("bio") ?? "",
                    links: body.strings("links") ?? [])
            }
        },
        .organisation(
            .patch, api, .api, .owner, "organisations.change", "Changes what it says of itself",
            body: profile
        ) { call, grant in
            let body = try await call.body()
            try await call.forge.changeProfile(
                grant, name: body.string("name"), bio: body.string("bio"),
                links: body.strings("links"))
            let page = try await show(call, grant)
            return .json(page)
        },
    ].answering(OrganisationPage.shape)

    private static let members: [Route] =
        [
            .organisation(
                .post, "\(page)/members", .page, .owner, "organisations.put_member",
                "Gives somebody a role in it",
                body: .object(
                    [.init("handle", .handle), .init("role", .organisationRole)],
                    required: ["handle", "role"])
            ) { call, grant in
                let body = try await call.body()
                return try await changing(call, grant) {
                    try await call.forge.setMember(
                        Handle(body.string("handle") ?? ""), role(body), grant)
                }
            },
            .organisation(
                .put, "\(api)/members/{member}", .api, .owner, "organisations.put_member",
                "Gives somebody a role in it", body: member
            ) { call, grant in
                let body = try await call.body()
                let role = try role(body)
                let handle = try call.handle("member")
                try await call.forge.setMember(handle, role, grant)
                return .json(MemberView(account: handle.text, name: "", role: role.rawValue))
            },
        ].answering(MemberView.ofOrganisation)
        + [
            .organisation(
                .post, "\(page)/members/{member}/remove", .page, .owner,
                "organisations.remove_member", "Takes somebody out of it"
            ) { call, grant in
                try await changing(call, grant) {
                    try await call.forge.setMember(call.handle("member"), nil, grant)
                }
            },
            .organisation(
                .delete, "\(api)/members/{member}", .api, .owner, "organisations.remove_member",
                "Takes somebody out of it"
            ) { call, grant in
                try await call.forge.setMember(call.handle("member"), nil, grant)
                return .json(Route.Ended())
            },
        ].answering(Route.Ended.shape)

    private static let ending: [Route] = [
        .organisation(
            .post, "\(page)/delete", .page, .owner, "organisations.delete", deletes, body: confirmed
        ) { call, grant in
            let body = try await call.body()
            return try await call.answeringForm { error in
                var page = try await show(call, grant)
                page.problem = error.description
                return .page({ [page] in page.page($0) }, error.code.httpStatus)
            } _: {
                try await delete(call, grant, body)
                return .redirect("/settings/organisations")
            }
        },
        .organisation(
            .post, "\(api)/delete", .api, .owner, "organisations.delete", deletes, body: confirmed
        ) { call, grant in
            try await delete(call, grant, try await call.body())
            return .json(Route.Ended())
        },
    ].answering(Route.Ended.shape)

    private static let deletes = "Deletes it, when it owns no project; its handle stays taken"
    private static let confirmed = JSONShape.object(
        [.init("handle", .handle, "Its handle, typed again"), Route.passwordField],
        required: ["handle"])

    private static func delete(
        _ call: Call, _ grant: OrganisationGrant, _ body: JSONBody
    ) async throws {
        try await call.forge.confirm(
            grant.principal, password: body.string("password") ?? "",
            address: call.context.remoteAddress)
        try await call.forge.delete(grant, confirmedBy: body.string("handle") ?? "")
    }

    private static func role(_ body: JSONBody) throws -> OrganisationRole {
        guard let role = OrganisationRole(rawValue: body.string("role") ?? "") else {
            throw ForgeError.invalid("a role is member or owner")
        }
        return role
    }

    private static func show(
        _ call: Call, _ grant: OrganisationGrant
    ) async throws -> OrganisationPage {
        var page = OrganisationPage(
            try await call.forge.profile(grant),
            members: try await call.forge.members(ofOrganisation: grant.organisation))
        guard call.match.route.surface == .page else { return page }
        page.projectCount = try await call.forge.projectCount(grant)
        page.needsPassword = call.forge.needsPassword(call.principal)
        return page
    }

    /// Does what a form asks for, and shows the page again, whatever came of it.
    static func changing(
        _ call: Call, _ grant: OrganisationGrant, _ work: () async throws -> Void
    ) async throws -> Reply {
        try await call.answeringForm { error in
            var page = try await show(call, grant)
            page.problem = error.message
            return .page({ [page] in page.page($0) }, error.code.httpStatus)
        } _: {
            try await work()
            return .redirect("/organisations/\(grant.organisation.handle)")
        }
    }
}
