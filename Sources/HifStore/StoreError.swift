/// Why a store operation did not succeed, sorted by what the caller has to do about it.
///
/// The question that matters after a failed write is whether it may have been applied, now or
/// later. Only `refused`, `preconditionFailed`, `notFound` and `rangeNotSatisfiable` say no;
/// see `mayHaveBeenApplied`.
package struct StoreError: Error, Hashable, Sendable {
    package enum Code: String, Hashable, Sendable, CaseIterable {
        /// No object has this key (404). Final for reads of objects that are never written late;
        /// a write that timed out may still create it.
        case notFound
        /// The condition of the write did not hold (412): an object exists for `ifAbsent`, another
        /// version for `ifMatch`. Nothing was written by the attempt that got this answer; an
        /// earlier attempt of the same caller may be the object that exists: read it.
        case preconditionFailed
        /// A conflicting operation was under way (409). Outcome unknown: read back, then send
        /// the same bytes again.
        case conflict
        /// Too many requests (429, 503). For a write the outcome is unknown, since a proxy may say
        /// this after the store applied it: back off, then read back or send the same bytes again.
        case throttled
        /// Time-out, reset, 5xx, a failed sync. The write may have been applied, or may be
        /// applied later: read back, and send the same bytes again if there is nothing.
        case unknown
        /// Not allowed, not valid, no room. Definitely nothing was written by this attempt;
        /// trying again does not help until somebody changes something.
        case refused
        /// The range starts at or after the end of the object (416).
        case rangeNotSatisfiable
        /// The task was cancelled. A write that had begun may have been applied.
        case cancelled
        /// Bytes came back that are not what the store was given: too few, or a checksum of the
        /// transport differs. Read again, if possible from another place.
        case corrupt
    }

    package let code: Code
    /// The object in question; nil for a listing.
    package let key: ObjectKey?
    /// One sentence for people: what failed and, where it helps, what to do.
    package let message: String
    /// What the layer below said (`No space left on device`, a status line), nil if nothing.
    package let cause: String?
    /// There is no room for what should be written: it can be written when there is.
    package var isOutOfRoom = false

    package init(
        _ code: Code, key: ObjectKey? = nil, _ message: String, cause: String? = nil
    ) {
        self.code = code
        self.key = key
        self.message = message
        self.cause = cause
    }

    /// Whether a write that ended with this error may exist nevertheless, or come to exist later.
    ///
    /// `corrupt` counts: it says something about an answer, not about the request.
    package var mayHaveBeenApplied: Bool {
        switch code {
        case .conflict, .throttled, .unknown, .cancelled, .corrupt: true
        case .notFound, .preconditionFailed, .refused, .rangeNotSatisfiable: false
        }
    }
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        var text = message
        if let key { text += " [\(key)]" }
        if let cause { text += ": \(cause)" }
        return "\(text) (\(code.rawValue))"
    }
}
