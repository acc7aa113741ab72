import Crypto
import HifCore

/// Codes that change every half minute: TOTP of RFC 6238 with SHA-1 and six digits, the only kind that every
/// authenticator app knows.
enum TimeCode {
    /// Bytes of a secret, as long as the hash (RFC 4226, section 4, R6).
    static let secretBytes = 20
    static let digits = 6
    private static let stepMillis: Int64 = 30_000

    /// The step that a moment, in milliseconds since 1970, lies in.
    static func step(at millis: Int64) -> Int64 { millis / stepMillis }

    /// The code of a step (RFC 4226, section 5.3).
    static func code(of secret: [UInt8], step: Int64, digits: Int = TimeCode.digits) -> String {
        let counter = (0..<8).map { UInt8(truncatingIfNeeded: step >> ((7 - $0) * 8)) }
        let mac = Array(
            HMAC<Insecure.SHA1>.authenticationCode(
                for: counter, using: SymmetricKey(data: secret)))
        let offset = Int(mac[mac.count - 1] & 0xF)
        let number =
            mac[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        let text = String(number % (0..<digits).reduce(UInt32(1)) { power, _ in power * 10 })
        return String(repeating: "0", count: digits - text.count) + text
    }

    /// The step, of now or a neighbour, whose code it is; nil for a wrong code, and for one of a step that
    /// is not after `last`: each code works once.
    static func match(_ code: String, of secret: [UInt8], now: Int64, after last: Int64) -> Int64? {
        let typed = code.filter { !$0.isWhitespace }
        let here = step(at: now)
        return (here - 1...here + 1).first { step in
            step > last && isEqualInConstantTime(TimeCode.code(of: secret, step: step), typed)
        }
    }

    static func newSecret() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<secretBytes).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    /// What an authenticator app takes (the Key URI format of Google Authenticator).
    static func address(secret: [UInt8], handle: Handle, host: String) -> String {
        let issuer = PercentCoding.encode(host.utf8)
        return "otpauth://totp/\(issuer):\(handle)?secret=\(Base32.encode(secret))&issuer=\(issuer)"
    }
}

/// Base 32 of RFC 4648, without padding: how authenticator apps show secrets.
enum Base32 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        var bits = 0
        var held = 0
        for byte in bytes {
            held = held << 8 | Int(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                result.append(alphabet[held >> bits & 31])
            }
            held &= (1 << bits) - 1
        }
        if bits > 0 { result.append(alphabet[held << (5 - bits) & 31]) }
        return String(decoding: result, as: UTF8.self)
    }

    /// Nil for anything but the alphabet in capital letters.
    static func decode(_ text: String) -> [UInt8]? {
        var result: [UInt8] = []
        var bits = 0
        var held = 0
        for byte in text.utf8 {
            guard let value = alphabet.firstIndex(of: byte) else { return nil }
            held = held << 5 | value
            bits += 5
            guard bits >= 8 else { continue }
            bits -= 8
            result.append(UInt8(held >> bits))
            held &= (1 << bits) - 1
        }
        return result
    }
}

/// A code that signs somebody in once whose authenticator app is lost: sixteen letters, some 69 bits, which
/// is why the database keeps a plain SHA-256.
enum RecoveryCode {
    static let count = 10
    private static let length = 16
    /// Without vowels, so that no words come out, and without look-alikes.
    private static let letters = Array("bcdfghjkmnpqrstvwxyz".utf8)

    /// `bcdf-ghjk-mnpq-rstv`.
    static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        let code = (0..<length).map { _ in letters.randomElement(using: &generator)! }
        return stride(from: 0, to: length, by: 4)
            .map { String(decoding: code[$0..<$0 + 4], as: UTF8.self) }.joined(separator: "-")
    }

    /// What the database keeps of a code, however it was typed; nil for what cannot be one.
    static func hash(typed text: String) -> String? {
        let typed = text.lowercased().utf8.filter { $0 != UInt8(ascii: "-") && $0 != 0x20 }
        guard typed.count == length, typed.allSatisfy(letters.contains) else { return nil }
        return Array(SHA256.hash(data: Array(typed))).hex
    }
}
