import HTTPTypes

/// Every route, and which one answers an address.
struct RouteTable: Sendable {
    /// What is narrower stands first.
    let routes: [Route]

    init(_ routes: [Route]) {
        self.routes = routes.enumerated().sorted { left, right in
            if left.element.pattern.isNarrower(than: right.element.pattern) { return true }
            if right.element.pattern.isNarrower(than: left.element.pattern) { return false }
            return left.offset < right.offset
        }.map(\.element)
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

    /// The forge's own.
    static let forge = RouteTable(keepers + shared)

    /// Of a node that keeps no accounts: who signs in there is sent to the one that does.
    static let besideKeeper = RouteTable(shared)

    private static let shared =
        OperationRoutes.all + AssetRoutes.all + ExploreRoutes.all + FileRoutes.all
        + HistoryRoutes.all + SessionRoutes.all + SessionActions.all + SessionAPI.all
        + ProjectAPI.all + PackRoutes.all + GuideRoutes.all

    private static let keepers =
        OAuthRoutes.all + DeviceRoutes.all + LinkRoutes.all + SignInRoutes.all + SignUpRoutes.all
        + ProfileSettings.all + PasswordSettings.all + TwoFactorSettings.all + DeviceSettings.all
        + TokenSettings.all + InvitationRoutes.all + OrganisationRoutes.all + NewProjectRoutes.all
        + ProjectSettingsRoutes.all + AdminRoutes.all
}
