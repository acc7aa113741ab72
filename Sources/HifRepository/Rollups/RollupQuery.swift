package import HifCore

/// What is looked for in the log, and where.
package struct RollupQuery: Sendable {
    /// A slot matches when it holds, of each of these, at least one key.
    package var all: [[RollupKey]]
    /// Only slots before this one; nil for no end.
    package var before: Epoch?
    /// Slots are of interest that hold this position or a later one, or begin there. Older ones may be
    /// named too.
    package var downTo: Position
    /// At most this many slots are named.
    package var limit: Int

    package init(
        all: [[RollupKey]], before: Epoch? = nil, downTo: Position = 0, limit: Int
    ) {
        self.all = all
        self.before = before
        self.downTo = downTo
        self.limit = limit
    }
}

/// The answer to a `RollupQuery`.
package struct RollupMatches: Sendable {
    /// Newest first.
    package var epochs: [Epoch] = []
    /// Slots before this one have not been searched: go on with it as `RollupQuery.before`. nil when
    /// all were.
    package var before: Epoch?
    /// The newest position that has not been searched, where the search was cut short because too
    /// many runs are missing.
    package var unsearched: Position?
    /// How many runs the filters could not rule out, and how many of these held nothing.
    package var runsAsked = 0
    package var runsAskedInVain = 0
}
