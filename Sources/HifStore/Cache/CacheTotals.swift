/// What the tiers of a cache did since it was made. Looked for piece by piece: one that is not in
/// memory is looked for on the disk, and then fetched, or waited for if somebody is fetching it.
package struct CacheTotals: Hashable, Sendable {
    /// Pieces found in memory.
    package var memoryHits = 0
    /// Pieces found on the disk.
    package var diskHits = 0
    /// Pieces that somebody else was fetching already.
    package var joined = 0
    /// Pieces that came from the store.
    package var misses = 0
    /// Requests to the store for what is cached, with those that failed, and what they brought.
    package var storeRequests = 0
    package var storeBytes = 0
    /// Reads of what is never cached, which went through.
    package var passed = 0
    /// Pieces on the disk that were not what had been written, and were removed.
    package var damaged = 0
    /// Pieces that the disk did not take.
    package var unwritten = 0
    /// What the tiers hold now.
    package var memoryBytes = 0
    package var diskBytes = 0

    package init() {}
}
