import NIOCore

/// Who may ask for how much. One of these serves every carrier, so what is taken over HTTP is missing
/// over gRPC, too.
///
/// Who is not signed in shares a bucket with the network they come from (`network(of:)`): crawlers have
/// whole blocks of addresses. Each token has its own, so an agent with a token of its own has one, too;
/// and the browsers of an account share one.
///
/// Beside that, requests for pages and the API of one such network are worked on a few at a time, and what
/// is refused is held back for a moment: who asks again at once, on many connections, has no more of the
/// forge than who asks one after the other.
struct RateLimits: Sendable {
    private enum Caller: Hashable, Sendable {
        case token(Int64)
        case account(Int64)
    }

    private let networks: RateBuckets<String>?
    private let callers: RateBuckets<Caller>?
    private let turns: Turns<String>?
    private let refusals: HeldRefusals

    init(_ allowances: Allowances) {
        networks = allowances.anonymous.map { RateBuckets($0) }
        callers = allowances.signedIn.map { RateBuckets($0) }
        // One network leaves a core to the others.
        turns = allowances.anonymous.map { _ in
            Turns(
                atOnce: max(1, System.coreCount - 1), waitingMax: Limits.networkWaitingMax,
                refusal: ForgeError(
                    .rateLimited, "too many requests at once from this network",
                    hint: "send the same call again in 1 s, or sign in", retrySeconds: 1))
        }
        refusals = HeldRefusals(millis: allowances.refusalMillis)
    }

    /// Takes what a request costs; nil when there is no limit to it.
    ///
    /// - Parameter address: the caller's, without a port.
    func take(
        _ cost: Int, by principal: Principal, at address: String, now: Int64
    ) -> RateVerdict? {
        if cost == 0 { return nil }
        if let token = principal.token {
            return callers?.take(cost, of: .token(token.id), now: now)
        }
        if let user = principal.user { return callers?.take(cost, of: .account(user.id), now: now) }
        return networks?.take(cost, of: network(of: address), now: now)
    }

    /// Does `work` when it is the caller's turn: at once for who is signed in.
    func inTurn<Value>(
        _ principal: Principal, at address: String, _ work: () async throws -> Value
    ) async throws -> Value {
        guard principal.user == nil, let turns else { return try await work() }
        return try await turns.take(network(of: address), work)
    }

    /// Waits before a refusal is said; does nothing for other errors.
    func holdBack(_ error: any Error) async {
        let isRefusal =
            error is RateLimited || (error as? ForgeError)?.code == .rateLimited
        if isRefusal { await refusals.hold() }
    }
}

/// A request for which its caller has nothing left.
struct RateLimited: Error {
    let verdict: RateVerdict
}

extension RateVerdict {
    /// What a caller is told who has nothing left.
    var refusal: ForgeError {
        ForgeError(
            .rateLimited, "too many requests: \(left) of \(allowance.units) units are left",
            hint: "send the same call again in \(retryInSeconds) s", retrySeconds: retryInSeconds)
    }

    /// As structured fields (draft-ietf-httpapi-ratelimit-headers-11): what there is, how much of it is
    /// left, and when all of it will be back. Units are weighted requests.
    var policyField: String { "\"default\";q=\(allowance.units);w=\(allowance.seconds)" }
    var leftField: String { "\"default\";r=\(left);t=\(fullInSeconds)" }
}
