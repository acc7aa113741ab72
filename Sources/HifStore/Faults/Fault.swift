/// One way in which a request to an object store goes wrong.
///
/// The model is that of a client behind an unreliable network and, at times, a proxy: a request may
/// be lost before or after it is applied, applied twice, applied long after the client gave up, or
/// answered by somebody who does not know. What a store *never* does in this model is apply half a
/// write or break its own atomicity; that is the contract's business.
package enum Fault: Hashable, Sendable {
    /// Not applied; the caller sees `unknown`, as after a time-out.
    case lost
    /// Not applied; the caller sees this code: `throttled`, `conflict`, `refused` after a full
    /// disk or an expired credential, `unknown` for a 500.
    case fails(StoreError.Code)
    /// Applied; the caller sees this code all the same: `unknown` when the answer was lost,
    /// `throttled` or `conflict` from a proxy that gave up waiting.
    case appliedBut(StoreError.Code)
    /// Applied twice in a row; the caller sees the answer to the first.
    case duplicated
    /// Applied twice in a row; the caller sees the answer to the second, so a successful `ifAbsent`
    /// looks like `preconditionFailed`. What a client library with hidden retries does.
    case repeatedInside
    /// The caller sees `unknown` now; the request is applied just before the call that follows
    /// this many other calls to the store (0: before the very next one). A zombie.
    case late(after: Int)
    /// A read returns only the first part of its bytes, at most this many, without an error.
    case truncated(count: Int)
    /// A read returns its bytes with one bit flipped, at this position modulo their number.
    case corrupted(bit: Int)
    /// A read of an existing object says `notFound`, as a cache of negative answers would.
    case hidden
    /// A page of a listing lacks its last objects and claims to be the end.
    case stale(missing: Int)

    /// A full disk: definitely not applied.
    package static let diskFull = Fault.fails(.refused)
    /// Applied, and the answer lost on the way.
    package static let answerLost = Fault.appliedBut(.unknown)

    /// Whether the fault means anything for this kind of request.
    func concerns(_ operation: FaultyStore.Operation) -> Bool {
        switch self {
        case .lost, .fails: true
        case .appliedBut, .duplicated, .repeatedInside, .late:
            operation == .put || operation == .delete
        case .truncated, .corrupted, .hidden: operation == .get
        case .stale: operation == .list
        }
    }
}
