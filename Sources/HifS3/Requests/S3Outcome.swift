import HifStore

/// What an answer of the store means, sorted by what the caller has to do about it.
///
/// The table for writes decides about the log, and is deliberately pessimistic: only statuses with
/// which a store says that it did *not* write count as refusals. Everything else leaves the outcome
/// open, also statuses nobody thought of, because a proxy may say them after the store has written.
/// Nothing here repeats a request; `RetryingStore` does, where that cannot turn an answer wrong.
///
/// | status | write | read, listing |
/// | --- | --- | --- |
/// | 412 | `preconditionFailed` | `unknown` |
/// | 409 | `conflict` | `unknown` |
/// | 404 | `refused`, for there is no bucket; `notFound` for `ifMatch` | `notFound` |
/// | 400, 403, 501 | `refused` | `refused` |
/// | 416 | `unknown` | `rangeNotSatisfiable` |
/// | 429, 503 | `throttled` | `throttled` |
/// | any other, time-out, reset | `unknown` | `unknown` |
enum S3Outcome {
    enum Kind: Sendable, Hashable {
        case read
        case list
        /// Any write but `ifMatch`.
        case write
        case writeIfMatch
    }

    static func error(_ answer: S3Answer, _ kind: Kind, key: ObjectKey?) -> StoreError {
        let isWrite = kind == .write || kind == .writeIfMatch
        func made(_ code: StoreError.Code, _ message: String) -> StoreError {
            StoreError(code, key: key, message, cause: answer.cause)
        }
        switch answer.status {
        case 412 where isWrite:
            return made(.preconditionFailed, "the condition of the write did not hold")
        case 409 where isWrite:
            return made(.conflict, "another write to the object was under way: read it back")
        case 404 where answer.errorCode == "NoSuchBucket":
            return made(.refused, "there is no such bucket")
        case 404 where kind == .read || kind == .writeIfMatch:
            return made(.notFound, "there is no such object")
        case 404:
            return made(.refused, "there is no such bucket, or the address is not that of a store")
        case 400 where isWrite && answer.errorCode == "RequestTimeout":
            return made(.unknown, "the store waited in vain for the rest of the request")
        case 403 where answer.errorCode == "RequestTimeTooSkewed":
            return made(
                .refused, "the clock of this machine is wrong: the store refuses its requests")
        case 403 where kind == .read:
            // So says AWS also of an object that is not there, to who may not list the bucket.
            return made(.refused, "reading is not allowed (listing the bucket must be, too)")
        case 403: return made(.refused, "this is not allowed with the key to the store")
        case 400, 501: return made(.refused, "the store refuses the request")
        case 301, 307, 308:
            return made(
                isWrite ? .unknown : .refused,
                "the bucket is elsewhere: its region or endpoint is another one")
        case 416 where kind == .read:
            return made(.rangeNotSatisfiable, "the object ends before the range begins")
        case 429, 503: return made(.throttled, "the store asks to slow down")
        default:
            return made(
                .unknown,
                isWrite ? "the store failed, and may have written: read back" : "the store failed")
        }
    }

    /// For a request that got no answer, or none whole.
    static func lost(
        _ error: any Error, isWrite: Bool, key: ObjectKey?, endpoint: String
    ) -> StoreError {
        if error is CancellationError {
            return StoreError(.cancelled, key: key, "cancelled while the store was asked")
        }
        return StoreError(
            .unknown, key: key,
            isWrite
                ? "no answer from \(endpoint), which may have written: read back"
                : "no answer from \(endpoint)", cause: TransportFailure.sentence(error))
    }
}
