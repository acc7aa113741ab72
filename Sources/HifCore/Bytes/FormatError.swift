/// Bytes from outside that are not what their format says.
///
/// Every decoder throws this and nothing else, whatever the input: a truncated, altered or hostile
/// object is an error with a place, never a trap. The caller decides whether to read the object
/// again from another tier or to refuse it.
package struct FormatError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The format being read, as the glossary calls it: `slot`, `pack`, `tree node`.
    package let format: String
    /// Byte offset from the start of the object at which reading stopped.
    package let offset: Int
    /// What was expected or found there, for people.
    package let reason: String

    package init(_ format: String, at offset: Int, _ reason: String) {
        self.format = format
        self.offset = offset
        self.reason = reason
    }

    package var description: String { "\(format), byte \(offset): \(reason)" }
}
