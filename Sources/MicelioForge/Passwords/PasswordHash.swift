import CArgon2

/// Argon2id in PHC form (`$argon2id$v=19$m=…,t=…,p=…$salt$hash`), through the reference library.
///
/// Both functions hold a core and `memoryKiB` for some 30 ms: call them through `PasswordHasher`.
enum PasswordHash {
    /// OWASP's minimum: 19 MiB, two passes, one lane.
    struct Parameters: Hashable, Sendable {
        var memoryKiB: UInt32 = 19_456
        var passes: UInt32 = 2
        var lanes: UInt32 = 1
    }

    static let current = Parameters()
    private static let saltBytes = 16
    private static let hashBytes = 32

    static func make(
        _ password: String, parameters: Parameters = current, salt: [UInt8]? = nil
    ) throws -> String {
        var generator = SystemRandomNumberGenerator()
        let salt =
            salt ?? (0..<saltBytes).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let password = Array(password.utf8)
        var encoded = [CChar](
            repeating: 0,
            count: argon2_encodedlen(
                parameters.passes, parameters.memoryKiB, parameters.lanes, UInt32(salt.count),
                UInt32(hashBytes), Argon2_id))
        let code = argon2id_hash_encoded(
            parameters.passes, parameters.memoryKiB, parameters.lanes, password, password.count,
            salt, salt.count, hashBytes, &encoded, encoded.count)
        guard code == ARGON2_OK.rawValue else {
            throw ForgeError(.internalError, "Argon2id failed with code \(code)")
        }
        let end = encoded.firstIndex(of: 0) ?? encoded.endIndex
        return String(decoding: encoded[..<end].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Whether `password` made `encoded`. A damaged `encoded` fits no password.
    static func verify(_ password: String, against encoded: String) -> Bool {
        let bytes = Array(password.utf8)
        return argon2id_verify(encoded, bytes, bytes.count) == ARGON2_OK.rawValue
    }

    /// Whether `encoded` was made with weaker parameters than today's, so that the next login
    /// should store a new hash.
    static func isOutdated(_ encoded: String) -> Bool {
        let wanted = "m=\(current.memoryKiB),t=\(current.passes),p=\(current.lanes)"
        return !encoded.hasPrefix("$argon2id$v=19$\(wanted)$")
    }
}
