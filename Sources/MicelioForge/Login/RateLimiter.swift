import Synchronization

/// Counts tries in fixed windows, for each key and for all keys together. In memory: a restart
/// forgets, which costs an attacker more than it gives.
package final class RateLimiter: Sendable {
    private struct Window {
        var start: Int64
        var count: Int
    }

    private struct State {
        var keys: [String: Window] = [:]
        var all = Window(start: 0, count: 0)
    }

    private let limit: RateLimit
    private let what: String
    private let state = Mutex(State())

    /// - Parameter what: named in the refusal, "too many …".
    package init(_ limit: RateLimit, of what: String) {
        self.limit = limit
        self.what = what
    }

    /// Counts one try; throws `rateLimited` when it is one too many.
    package func count(_ key: String, now: Int64) throws(ForgeError) {
        let isAllowed = state.withLock { state in
            if now - state.all.start >= limit.windowMillis {
                state = State()
                state.all.start = now
            }
            if state.keys.count >= Limits.rateLimitKeysMax, state.keys[key] == nil {
                // Full of networks that came once: under such a flood only the common count helps.
                state.keys.removeAll()
            }
            var window = state.keys[key] ?? Window(start: now, count: 0)
            if now - window.start >= limit.windowMillis { window = Window(start: now, count: 0) }
            window.count += 1
            state.all.count += 1
            state.keys[key] = window
            return window.count <= limit.tries && state.all.count <= limit.globalTries
        }
        guard isAllowed else {
            throw ForgeError(
                .rateLimited, "too many \(what)", hint: "try again in a few minutes",
                retrySeconds: Int(limit.windowMillis / 1_000))
        }
    }
}

/// The network that an address belongs to: /24 of IPv4, /64 of IPv6. Whoever has one address of it
/// usually has them all, so tries are counted by network.
package func network(of address: String) -> String {
    if address.contains(".") {
        // Also `::ffff:192.0.2.7`, an IPv4 address in an IPv6 socket.
        let plain = address.split(separator: ":").last.map(String.init) ?? address
        return plain.split(separator: ".").prefix(3).joined(separator: ".") + ".0/24"
    }
    guard address.contains(":") else { return address }
    let halves = address.split(separator: ":", omittingEmptySubsequences: false)
    var groups: [Substring] = []
    for group in halves {
        guard !group.isEmpty else { break }
        groups.append(group)
    }
    while groups.count < 4 { groups.append("0") }
    return groups.prefix(4).joined(separator: ":") + "::/64"
}
