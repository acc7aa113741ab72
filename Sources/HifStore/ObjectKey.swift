/// The name of an object: segments of `[a-z0-9._-]` joined by `/`, at most 512 bytes.
///
/// The alphabet is the part that every back end agrees on: a file system that folds case, a URL
/// that must not be escaped, a bucket listing in byte order. A segment is 1 to 255 bytes and does
/// not start with a dot, so neither `.` nor `..` nor a hidden file of a directory store can be
/// named by a key, whoever supplies it.
///
/// Do not use one key as the directory of another (`a` beside `a/b`): a bucket allows it, a
/// directory cannot, so the local stores refuse it.
package struct ObjectKey: Hashable, Sendable {
    /// The key as text; ASCII, so its bytes are its characters.
    package let string: String

    package static let maximumByteCount = 512
    package static let maximumSegmentByteCount = 255

    /// A key that our own code builds; one that breaks the rules is a programmer's mistake.
    package init(_ string: String) {
        precondition(ObjectKey.isValid(string), "not an object key: \(string)")
        self.string = string
    }

    /// A key that came from outside; nil when it breaks the rules.
    package init?(validating string: String) {
        guard ObjectKey.isValid(string) else { return nil }
        self.string = string
    }

    /// This key, a slash, and `suffix`, which may itself have several segments.
    package func appending(_ suffix: String) -> ObjectKey {
        ObjectKey(string + "/" + suffix)
    }

    /// The names between the slashes, outermost first; at least one.
    package var segments: [Substring] {
        // By bytes: a reader of many slots comes here often, and characters cost ten times as much.
        string.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { Substring($0) }
    }

    /// Whether `string` keeps every rule above.
    package static func isValid(_ string: String) -> Bool {
        var segmentCount = 0
        var total = 0
        for byte in string.utf8 {
            total += 1
            guard total <= maximumByteCount else { return false }
            if byte == UInt8(ascii: "/") {
                guard segmentCount > 0 else { return false }
                segmentCount = 0
                continue
            }
            guard isAllowed(byte) else { return false }
            if segmentCount == 0 && byte == UInt8(ascii: ".") { return false }
            segmentCount += 1
            guard segmentCount <= maximumSegmentByteCount else { return false }
        }
        return segmentCount > 0
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

extension ObjectKey: Comparable {
    /// Byte order, the order of every listing. (`-` and `.` sort before `/`, so `a-b` and `a.b`
    /// come before `a/b`.)
    package static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        left.string < right.string
    }
}

extension ObjectKey: CustomStringConvertible {
    package var description: String { string }
}
