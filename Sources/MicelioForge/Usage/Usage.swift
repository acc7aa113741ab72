import Synchronization

/// What this node did for each account in each project, since it began: the figures by which one would
/// spread projects over nodes, or ask somebody to use less.
///
/// In memory, and said in the log (`UsageReport`). A node that is killed takes with it what it did not say.
final class Usage: Sendable {
    struct Key: Hashable, Comparable, Sendable {
        /// Handle; empty for who is not signed in.
        let account: String
        /// The project's id in the store, which stays when it is renamed.
        let projectID: String

        static func < (left: Key, right: Key) -> Bool {
            (left.projectID, left.account) < (right.projectID, right.account)
        }
    }

    struct Counts: Hashable, Sendable {
        /// Calls and pages that opened the project.
        var requests = 0
        var landings = 0
        /// Bytes of content, as it was transferred: packs that came, and content and packs that went.
        var received = 0
        var sent = 0

        static func += (left: inout Counts, right: Counts) {
            left.requests += right.requests
            left.landings += right.landings
            left.received += right.received
            left.sent += right.sent
        }
    }

    /// Where those are counted together for which there is no room.
    static let others = Key(account: "", projectID: "others")

    private let keysMax: Int
    private let counts = Mutex<[Key: Counts]>([:])

    /// - Parameter keysMax: pairs of account and project that are counted apart between two reports.
    init(keysMax: Int = Limits.usageKeysMax) {
        self.keysMax = keysMax
    }

    func add(_ more: Counts, to key: Key) {
        counts.withLock { counts in
            if let known = counts.index(forKey: key) {
                counts.values[known] += more
            } else {
                counts[counts.count < keysMax ? key : Usage.others, default: Counts()] += more
            }
        }
    }

    /// What was counted since the last call, by key.
    func take() -> [(key: Key, counts: Counts)] {
        let taken = counts.withLock { counts in
            defer { counts = [:] }
            return counts
        }
        return taken.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

/// Counts for one account and project.
struct Meter: Sendable {
    let usage: Usage
    let key: Usage.Key

    func count(requests: Int = 0, landings: Int = 0, received: Int = 0, sent: Int = 0) {
        usage.add(
            Usage.Counts(
                requests: requests, landings: landings, received: received, sent: sent), to: key)
    }
}
