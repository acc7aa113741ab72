import Glibc

/// The process's environment, read without loading Foundation.
enum Environment {
    /// The variable's value; nil when it is not set or empty.
    static subscript(name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }

    /// Bytes of the variable, for paths that need not be text.
    static func bytes(_ name: String) -> [UInt8]? {
        guard let value = getenv(name) else { return nil }
        let bytes = UnsafeBufferPointer(start: value, count: strlen(value)).map(
            UInt8.init(bitPattern:))
        return bytes.isEmpty ? nil : bytes
    }
}
