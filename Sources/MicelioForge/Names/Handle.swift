import HifCore

/// The name of an account: what stands in addresses, logs and landings.
///
/// Lower-case ASCII letters, digits and single dashes between them, at most 39 bytes, and not a word
/// that the site needs for its own addresses. One spelling per account, so two handles are the same
/// account if and only if their bytes are equal; look-alikes from other scripts cannot occur.
package struct Handle: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    package init(_ text: String) throws(ForgeError) {
        let bytes = Array(text.utf8)
        let shown = SafeText.escape(String(text.prefix(60)))
        guard !bytes.isEmpty, bytes.count <= Limits.handleBytesMax else {
            throw .invalid("a handle has 1 to \(Limits.handleBytesMax) characters")
        }
        var isAfterDash = true
        for byte in bytes {
            let isDash = byte == UInt8(ascii: "-")
            guard Handle.isLetterOrDigit(byte) || (isDash && !isAfterDash) else {
                throw .invalid(
                    "'\(shown)' cannot be a handle: it has lower-case letters a to z, digits, and"
                        + " single dashes between them")
            }
            isAfterDash = isDash
        }
        guard !isAfterDash else {
            throw .invalid("'\(shown)' cannot be a handle: it ends with a dash")
        }
        guard !ReservedNames.handles.contains(text) else {
            throw .invalid("'\(shown)' is reserved")
        }
        self.text = text
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    package var description: String { text }
}
