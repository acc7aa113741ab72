package import HifStore
import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Objects in a bucket that speaks S3.
///
/// One request for each call, and never a second attempt at one: docs/design/0010-s3.md says why, and
/// `S3Outcome` what each answer means. Exceptions, which take more requests: listings of a store that
/// keeps directories (`S3Dialect.tree`), and objects longer than `S3Settings.partsAboveBytes` whose key
/// `isContentNamed`, which go up in parts.
///
/// Objects are read whole into memory, at most `objectBytesMax` of them.
package final class S3Store: ObjectStore {
    /// No object of ours is longer; one that is was not written by us.
    package static let objectBytesMax = 1 << 30

    let connection: S3Connection
    let isContentNamed: @Sendable (ObjectKey) -> Bool
    /// Whether the store was found to keep directories, which it says only in its answers.
    let isTree: Mutex<Bool>

    /// No request is made.
    ///
    /// - Parameters:
    ///   - isContentNamed: whether all writers of a key write the same bytes, so that they may go up in
    ///     parts: the last step of that is not conditional everywhere.
    ///   - now: seconds since 1970, for signatures.
    /// - Throws: `refused` when the settings cannot be right.
    package init(
        _ settings: S3Settings, credentials: S3Credentials,
        isContentNamed: @escaping @Sendable (ObjectKey) -> Bool = { _ in false },
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }
    ) throws(StoreError) {
        connection = try S3Connection(settings, credentials: credentials, now: now)
        self.isContentNamed = isContentNamed
        isTree = Mutex(settings.dialect == .tree)
    }

    package var settings: S3Settings { connection.settings }

    // MARK: Reading

    package func get(
        _ key: ObjectKey, _ range: ByteRange
    ) async throws(StoreError) -> StoredObject {
        var request = S3Request(method: .get, key: key)
        request.answerBytesMax = S3Store.objectBytesMax
        if let (value, count) = S3Store.rangeHeader(range) {
            request.headers.append(("range", value))
            if let count {
                request.answerBytesMax = max(count, S3Request.documentBytesMax)
            }
        }
        let answer = try await connection.perform(request)
        switch answer.status {
        case 200: return try S3Store.whole(answer, key, range, tag(answer))
        case 206:
            return try S3Store.part(answer, key, range, tag(answer))
        default:
            throw S3Outcome.error(answer, .read, key: key)
        }
    }

    /// The largest object that S3 knows: no end of a range needs to be beyond it.
    private static let sizeMax = 5 << 40

    /// The value of the `Range` header, and how many bytes it asks for, as far as that is known.
    private static func rangeHeader(_ range: ByteRange) -> (String, count: Int?)? {
        switch range {
        case .all: nil
        case .range(let offset, let count):
            if count <= sizeMax, offset <= sizeMax {
                ("bytes=\(offset)-\(offset + count - 1)", count)
            } else {
                ("bytes=\(offset)-", nil)
            }
        case .suffix(let count): ("bytes=-\(min(count, sizeMax))", min(count, objectBytesMax))
        }
    }

    /// The answer of a store that sends the object whole, though a part may have been asked for.
    private static func whole(
        _ answer: S3Answer, _ key: ObjectKey, _ range: ByteRange, _ tag: ETag
    ) throws(StoreError) -> StoredObject {
        let size = answer.body.count
        guard let indices = range.resolved(size: size) else {
            throw StoreError(
                .rangeNotSatisfiable, key: key, "the object ends after \(size) bytes")
        }
        let bytes = indices.count == size ? answer.body : Array(answer.body[indices])
        return StoredObject(bytes: bytes, etag: tag, size: size)
    }

    private static func part(
        _ answer: S3Answer, _ key: ObjectKey, _ range: ByteRange, _ tag: ETag
    ) throws(StoreError) -> StoredObject {
        guard let (first, last, size) = contentRange(answer.headers["content-range"] ?? ""),
            let wanted = range.resolved(size: size),
            wanted == first..<last + 1, answer.body.count == wanted.count
        else {
            throw StoreError(
                .corrupt, key: key, "the part that came is not the part asked for",
                cause:
                    "\(answer.body.count) bytes with '\(answer.headers["content-range"] ?? "")'")
        }
        return StoredObject(bytes: answer.body, etag: tag, size: size)
    }

    /// First, last and size of `bytes 0-99/1000`.
    static func contentRange(_ text: String) -> (first: Int, last: Int, size: Int)? {
        guard text.hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(
            separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let size = Int(parts[1]) else { return nil }
        let ends = parts[0].split(
            separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Int(ends[0]), let last = Int(ends[1]),
            first >= 0, last >= first, last < size
        else { return nil }
        return (first, last, size)
    }

    func tag(_ answer: S3Answer) -> ETag {
        switch settings.dialect {
        case .gcs: ETag(answer.headers["x-goog-generation"] ?? "")
        case .aws, .ceph, .tree: ETag(answer.headers["etag"] ?? "")
        }
    }

    // MARK: Writing

    package func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag {
        if bytes.count > settings.partsAboveBytes, isContentNamed(key) {
            return try await putInParts(key, bytes, condition)
        }
        return try await put(key, bytes, condition, halfway: nil)
    }

    /// As `put`, in one request, and calls `halfway` when half of the bytes are on their way.
    func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition,
        halfway: (@Sendable () async -> Void)?
    ) async throws(StoreError) -> ETag {
        let request = S3Request(
            method: .put, key: key, headers: headers(condition), body: bytes, halfway: halfway)
        let answer = try await connection.perform(request)
        guard answer.isSuccess else {
            if case .ifMatch = condition {
                throw S3Outcome.error(answer, .writeIfMatch, key: key)
            }
            throw S3Outcome.error(answer, .write, key: key)
        }
        let tag = tag(answer)
        guard !tag.text.isEmpty else {
            throw StoreError(
                .unknown, key: key, "the store says success and names no version: read back",
                cause: answer.cause)
        }
        return tag
    }

    func headers(_ condition: WriteCondition) -> [(String, String)] {
        switch (condition, settings.dialect) {
        case (.none, _): []
        case (.ifAbsent, .gcs): [("x-goog-if-generation-match", "0")]
        case (.ifAbsent, _): [("if-none-match", "*")]
        case (.ifMatch(let tag), .gcs): [("x-goog-if-generation-match", tag.text)]
        case (.ifMatch(let tag), .ceph): [("if-match", tag.text.filter { $0 != "\"" })]
        case (.ifMatch(let tag), _): [("if-match", tag.text)]
        }
    }

    package func delete(_ key: ObjectKey) async throws(StoreError) {
        let answer = try await connection.perform(S3Request(method: .delete, key: key))
        if answer.isSuccess { return }
        if answer.status == 404, answer.errorCode != "NoSuchBucket" { return }
        throw S3Outcome.error(answer, .write, key: key)
    }

    // MARK: The bucket

    /// Makes the bucket; one that is ours already is a success.
    package func makeBucket() async throws(StoreError) {
        var request = S3Request(method: .put)
        if settings.endpoint == nil, settings.region != "us-east-1" {
            request.body = Array(
                """
                <CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\
                <LocationConstraint>\(settings.region)</LocationConstraint></CreateBucketConfiguration>
                """.utf8)
        }
        let answer = try await connection.perform(request)
        if answer.isSuccess || answer.errorCode == "BucketAlreadyOwnedByYou" { return }
        throw S3Outcome.error(answer, .write, key: nil)
    }

    /// What a bucket says of itself.
    struct Facts: Hashable, Sendable {
        /// Whether it keeps old versions of objects; nil when the store does not say.
        let isVersioned: Bool?
        /// Whether the answer came from Google's store.
        let isGoogle: Bool
    }

    /// Asks for the bucket's settings: one request.
    ///
    /// - Throws: when the store does not answer, or refuses the key or the bucket.
    func facts() async throws(StoreError) -> Facts {
        let answer = try await connection.perform(
            S3Request(method: .get, query: [("versioning", "")]))
        let isGoogle = answer.headers.keys.contains { $0.hasPrefix("x-guploader") }
        if answer.status == 200, let document = try? SmallXML(parsing: answer.body),
            document.name == "VersioningConfiguration"
        {
            let state = document["Status"]?.text ?? ""
            return Facts(isVersioned: state == "Enabled", isGoogle: isGoogle)
        }
        // Not every store has the question, and not every key may ask it. The other parts of the probe
        // find out whether the bucket can be used.
        if [200, 400, 403, 405, 501].contains(answer.status), answer.errorCode != "NoSuchBucket",
            answer.errorCode != "SignatureDoesNotMatch", answer.errorCode != "InvalidAccessKeyId"
        {
            return Facts(isVersioned: nil, isGoogle: isGoogle)
        }
        throw S3Outcome.error(answer, .list, key: nil)
    }
}
