import HifWorkspace

/// What to show a person who signs in: a code, and the page to approve it on.
package struct DevicePrompt: Hashable, Sendable {
    package let userCode: String
    package let page: String
    /// The page with the code filled in.
    package let pageWithCode: String
    package let expiresInSeconds: Int
}

/// How a device login ended.
package enum DeviceOutcome<Tokens: Sendable>: Sendable {
    case approved(Tokens)
    /// Somebody said no on the page.
    case denied
    /// Nobody said anything in time, or the code was used already.
    case expired
}

/// The waiting half of the device flow (RFC 8628, sections 3.4 and 3.5), without clock and network.
struct DeviceFlow<Tokens: Sendable> {
    /// What the forge answers to one poll.
    enum Answer: Sendable {
        case pending
        /// Asked too soon: five seconds longer between polls, from now on.
        case slowDown
        case denied
        case expired
        case approved(Tokens)
    }

    private var intervalSeconds: Int
    private var leftSeconds: Int
    private static var slowerBySeconds: Int { 5 }
    private static var intervalSecondsMax: Int { 60 }

    /// - Parameters:
    ///   - intervalSeconds: the pause before each poll, the first too.
    ///   - expiresInSeconds: how long the code lives: at the end of it the flow is over whatever
    ///     the forge says, or does not say.
    init(intervalSeconds: Int, expiresInSeconds: Int) {
        self.intervalSeconds = max(1, intervalSeconds)
        leftSeconds = max(1, min(expiresInSeconds, 3_600))
    }

    /// Polls until there is an outcome. A forge that cannot be reached is asked again, ever more
    /// slowly, as section 3.5 wants it.
    ///
    /// - Parameters:
    ///   - pause: waits so many seconds; throws when the person gave up.
    mutating func run(
        pause: (Int) async throws -> Void, poll: () async throws -> Answer
    ) async throws -> DeviceOutcome<Tokens> {
        while leftSeconds > 0 {
            let wait = min(intervalSeconds, leftSeconds)
            try await pause(wait)
            leftSeconds -= wait
            do {
                switch try await poll() {
                case .pending: break
                case .slowDown: intervalSeconds += Self.slowerBySeconds
                case .denied: return .denied
                case .expired: return .expired
                case .approved(let tokens): return .approved(tokens)
                }
            } catch let error as WorkspaceError where error.code == .network {
                intervalSeconds = min(2 * intervalSeconds, Self.intervalSecondsMax)
            }
        }
        return .expired
    }
}
