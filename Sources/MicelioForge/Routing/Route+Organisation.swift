import HTTPTypes

/// Routes for what its members and owners do with an organisation.
extension Route {
    /// A route for whoever has at least that role in the organisation that the address names.
    static func organisation(
        _ method: HTTPRequest.Method, _ pattern: String, _ surface: Surface,
        _ role: OrganisationRole, _ id: String, _ summary: String, body: JSONShape? = nil,
        _ run: @escaping @Sendable (Call, OrganisationGrant) async throws -> Reply
    ) -> Route {
        Route(
            method: method, pattern: RoutePattern(pattern), surface: surface, id: id,
            summary: summary, need: .organisation(role), query: [], body: body
        ) { call in
            let grant = try await call.forge.access.checkOrganisation(
                call.principal, call.handle("organisation"), atLeast: role)
            return try await run(call, grant)
        }
    }
}
