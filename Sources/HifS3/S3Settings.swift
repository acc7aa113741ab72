import HifStore

/// Which bucket, where, and how it is spoken to.
package struct S3Settings: Hashable, Sendable {
    package var bucket: String
    /// Scheme, host and port, as `http://127.0.0.1:8333`; nil for AWS itself, by `region`.
    package var endpoint: String?
    package var region: String
    package var dialect: S3Dialect
    /// `https://host/bucket/key`, instead of `https://bucket.host/key`.
    package var isPathStyle: Bool
    /// A PEM file with the authorities to trust in place of the system's.
    package var authorityPath: String?
    /// How long the store may be silent before a request counts as lost. The whole request may take
    /// this, and a second more for each 256 KiB that it carries.
    package var silenceSeconds: Int
    /// Connections to the store at one time; more requests wait in line.
    package var connectionsMax: Int
    /// Packs longer than this are sent in parts; see `S3Store`.
    package var partsAboveBytes: Int
    package var partBytes: Int

    /// - Parameters:
    ///   - dialect: nil for the one that the endpoint's name suggests.
    ///   - isPathStyle: nil for what is usual: names in the host for AWS, in the path elsewhere.
    package init(
        bucket: String, endpoint: String? = nil, region: String = "us-east-1",
        dialect: S3Dialect? = nil, isPathStyle: Bool? = nil, authorityPath: String? = nil
    ) {
        self.bucket = bucket
        self.endpoint = endpoint
        self.region = region
        self.dialect =
            dialect ?? (endpoint?.contains("storage.googleapis.com") == true ? .gcs : .aws)
        self.isPathStyle = isPathStyle ?? (endpoint != nil)
        self.authorityPath = authorityPath
        silenceSeconds = 15
        connectionsMax = 64
        partsAboveBytes = 32 << 20
        partBytes = 16 << 20
    }
}

/// How a store departs from AWS, as far as we send it something else.
package enum S3Dialect: String, CaseIterable, Hashable, Sendable {
    /// AWS S3 and whatever is like it: R2, and most others.
    case aws
    /// Google Cloud Storage: conditions are `x-goog-if-generation-match`, an object's tag is its
    /// generation, and the signature has other words in it.
    case gcs
    /// Ceph's RADOS gateway, which compares `If-Match` with a tag without quotes.
    case ceph
    /// SeaweedFS and others that keep directories: they list `a/b` before `a-b`, so listings walk
    /// directory by directory. Found out by itself for SeaweedFS, which names itself in answers.
    case tree
}

extension S3Settings {
    /// What the requests to one endpoint have in common.
    struct Endpoint: Hashable, Sendable {
        let isSecure: Bool
        /// With the port, where it is not the scheme's own: exactly what the `Host` header says.
        let host: String
        /// Before the key; ends with a slash.
        let pathPrefix: String

        var url: String { (isSecure ? "https://" : "http://") + host }
    }

    /// - Throws: `refused`, with what is wrong and how it is said.
    func resolvedEndpoint() throws(StoreError) -> Endpoint {
        guard S3Settings.isBucketName(bucket) else {
            throw StoreError(
                .refused, "'\(bucket)' is no name of a bucket: 3 to 63 of a-z, 0-9, . and -")
        }
        guard !bucket.hasSuffix("--x-s3") else {
            throw StoreError(
                .refused,
                "'\(bucket)' is a directory bucket (S3 Express), which lists in no order and wants "
                    + "another way of signing: use a general purpose bucket")
        }
        guard region.utf8.allSatisfy({ isNameByte($0) }), !region.isEmpty else {
            throw StoreError(.refused, "'\(region)' is no region: it is like eu-central-1")
        }
        var text = Substring(endpoint ?? "https://s3.\(region).amazonaws.com")
        let isSecure: Bool
        if text.hasPrefix("https://") {
            isSecure = true
            text = text.dropFirst(8)
        } else if text.hasPrefix("http://") {
            isSecure = false
            text = text.dropFirst(7)
        } else {
            throw S3Settings.noEndpoint(endpoint)
        }
        if text.hasSuffix("/") { text = text.dropLast() }
        let standard = isSecure ? ":443" : ":80"
        if text.hasSuffix(standard) { text = text.dropLast(standard.utf8.count) }
        guard !text.isEmpty,
            text.utf8.allSatisfy({ isNameByte($0) || "[]:".utf8.contains($0) })
        else { throw S3Settings.noEndpoint(endpoint) }
        return Endpoint(
            isSecure: isSecure, host: isPathStyle ? String(text) : "\(bucket).\(text)",
            pathPrefix: isPathStyle ? "/\(bucket)/" : "/")
    }

    private static func noEndpoint(_ text: String?) -> StoreError {
        StoreError(
            .refused,
            "'\(text ?? "")' is no S3 endpoint: it is like https://s3.example.org, without a path")
    }

    /// The rules of AWS, which are the strictest; so a name needs no escaping in host or path.
    static func isBucketName(_ name: String) -> Bool {
        (3...63).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                isNameByte($0) && !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
            } && !"-.".contains(name.first!) && !"-.".contains(name.last!)
            && !name.contains("..")
    }
}

private func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
        true
    default: false
    }
}
