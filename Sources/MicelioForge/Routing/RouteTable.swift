import HTTPTypes

/// Every route, and which one answers an address.
struct RouteTable: Sendable {
    /// What is narrower stands first.
    let routes: [Route]
    /// The names that fields of queries have.
    private let queryNames: Set<String>

    init(_ routes: [Route]) {
        self.routes = RouteTable.conditional(routes).enumerated().sorted { left, right in
            if left.element.pattern.isNarrower(than: right.element.pattern) { return true }
            if right.element.pattern.isNarrower(than: left.element.pattern) { return false }
            return left.offset < right.offset
        }.map(\.element)
        queryNames = Set(routes.flatMap(\.query).map(\.name))
    }

    /// Marks what can be changed on condition that it is what the caller has read at the same address of the
    /// API, and the forms of pages that change the same.
    private static func conditional(_ routes: [Route]) -> [Route] {
        let api = routes.filter { $0.surface == .api }
        let read = Set(api.filter { $0.method == .get }.map(\.pattern))
        let changing = api.filter { [.patch, .put, .delete].contains($0.method) }
        let ids = Set(changing.filter { read.contains($0.pattern) }.map(\.id))
        return routes.map { route in
            var route = route
            route.isConditional = ids.contains(route.id)
            if route.isConditional, route.surface == .api { route.headers.append(Route.ifMatch) }
            return route
        }
    }

    struct Match: Sendable {
        let route: Route
        /// What the address holds for the pattern's names, decoded.
        let values: [String: [UInt8]]
        let format: Format
    }

    enum Outcome: Sendable {
        case found(Match)
        /// The address exists for other methods.
        case otherMethods([HTTPRequest.Method])
        case none
    }

    /// HEAD is answered by what answers GET.
    func find(_ method: HTTPRequest.Method, _ path: String) -> Outcome {
        var segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        // `/a/b/` is `/a/b`, and `/` has no segment.
        if segments.last == "" { segments.removeLast() }
        let list = Array(segments)
        let wanted = method == .head ? .get : method
        var others: [HTTPRequest.Method] = []
        for route in routes {
            guard let (values, format) = route.pattern.match(list) else { continue }
            if route.method == wanted {
                return .found(Match(route: route, values: values, format: format))
            }
            // A narrower address of another method hides no wider one of this method.
            if !others.contains(route.method) { others.append(route.method) }
        }
        return others.isEmpty ? .none : .otherMethods(others)
    }

    /// Refuses a query that its route would not understand.
    ///
    /// Programs are told of every name that is not known and of every value that is not what the table
    /// says: else a misspelled `limit` would be an answer that is too long. Pages take empty fields,
    /// for forms have them, and pass over what other sites hang onto links; but a field that means
    /// something elsewhere in the forge is refused there, too.
    func check(_ query: FormFields, of match: Match) throws(ForgeError) {
        let route = match.route
        let isForPrograms = route.surface == .api || match.format != .html
        guard isForPrograms || route.surface == .page else { return }
        for name in query.names {
            if let field = route.query.first(where: { $0.name == name }) {
                if route.surface == .api || (isForPrograms && !query[name].isEmpty) {
                    try field.check(query[name])
                }
            } else if isForPrograms || (!route.query.isEmpty && queryNames.contains(name)) {
                let known = route.query.map(\.name).joined(separator: ", ")
                throw ForgeError(
                    .invalidArgument, "this address takes no '\(name.prefix(60))' in its query",
                    hint: known.isEmpty ? "it takes nothing there" : "it takes \(known)")
            }
        }
    }

    /// The forge's own.
    static let forge = RouteTable(keepers + shared)

    /// Of a node that keeps no accounts: who signs in there is sent to the one that does.
    static let besideKeeper = RouteTable(shared)

    private static let shared =
        OperationRoutes.all + AssetRoutes.all + AvatarRoutes.all + ExploreRoutes.all
        + FileRoutes.all
        + HistoryRoutes.all + SessionRoutes.all + SessionActions.all + SessionAPI.all
        + ProjectAPI.all + PackRoutes.all + SearchRoutes.all + GuideRoutes.all

    private static let keepers =
        OAuthRoutes.all + DeviceRoutes.all + LinkRoutes.all + SignInRoutes.all + SignUpRoutes.all
        + ProfileSettings.all + AvatarSettings.all + PasswordSettings.all + TwoFactorSettings.all
        + DeviceSettings.all
        + TokenSettings.all + InvitationRoutes.all + OrganisationRoutes.all + NewProjectRoutes.all
        + ProjectSettingsRoutes.all + AdminRoutes.all
}
