package import HifStore

/// `s3://bucket` or `s3://bucket/prefix`: where a store lies, as flags and settings spell it.
package struct S3Address: Hashable, Sendable, CustomStringConvertible {
    package let bucket: String
    /// What comes before every key of the store; nil when it has the bucket to itself.
    package let prefix: ObjectKey?

    /// Whether `text` means a bucket rather than a directory.
    package static func isOne(_ text: String) -> Bool { text.hasPrefix("s3://") }

    /// - Throws: `refused`, saying what is wrong with it.
    package init(_ text: String) throws(StoreError) {
        guard S3Address.isOne(text) else {
            throw StoreError(.refused, "'\(text)' is no bucket: it is like s3://bucket/prefix")
        }
        var rest = text.dropFirst(5)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, S3Settings.isBucketName(String(name)) else {
            throw StoreError(
                .refused,
                "'\(text)' names no bucket: a bucket has 3 to 63 of a-z, 0-9, . and -")
        }
        bucket = String(name)
        guard parts.count == 2 else {
            prefix = nil
            return
        }
        // Room is left for the longest key below it.
        guard parts[1].utf8.count <= 128, let key = ObjectKey(validating: String(parts[1])) else {
            throw StoreError(
                .refused,
                "'\(parts[1])' cannot be a prefix: at most 128 of a-z, 0-9, . _ and -, "
                    + "in parts joined by /")
        }
        prefix = key
    }

    package var description: String {
        "s3://\(bucket)" + (prefix.map { "/\($0)" } ?? "")
    }
}
