import Crypto
import HifCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A pack of a project that not everybody may read, as an address that was given out names it.
struct SignedPack: Hashable, Sendable {
    /// Under which the store has the project: 32 hexadecimal digits.
    let storeProjectID: String
    let pack: Hash
    /// Seconds since 1970 at which the address opens nothing any more.
    let expires: Int64
    /// As it came: nothing is known of it.
    let signature: [UInt8]
}

/// Signs addresses of packs, so that whoever may read a project can fetch from a cache that knows of no
/// accounts: HMAC-SHA-256 over project, pack and expiry.
///
/// The key comes from the forge's TLS key, which all its nodes have, so each of them knows the others'
/// signatures and there is no further secret to keep. Without TLS it is drawn anew at each start.
struct PackSigner: Sendable {
    private let key: SymmetricKey

    /// - Parameter secret: what nobody else has, such as a private key; nil to draw one.
    init(secret: [UInt8]?) {
        guard let secret else {
            key = SymmetricKey(size: .bits256)
            return
        }
        key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: secret),
            info: Array("micelio pack addresses v1".utf8), outputByteCount: 32)
    }

    func sign(_ pack: Hash, of storeProjectID: String, expires: Int64) -> SignedPack {
        let code = HMAC<SHA256>.authenticationCode(
            for: PackSigner.message(storeProjectID, pack, expires), using: key)
        return SignedPack(
            storeProjectID: storeProjectID, pack: pack, expires: expires, signature: Array(code))
    }

    /// Compares in constant time.
    func isGenuine(_ signed: SignedPack) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(
            signed.signature,
            authenticating: PackSigner.message(signed.storeProjectID, signed.pack, signed.expires),
            using: key)
    }

    /// No two triples have one message: only the first part may vary in length, and has no blank.
    private static func message(_ project: String, _ pack: Hash, _ expires: Int64) -> [UInt8] {
        Array("\(project) \(pack.hex) \(expires)".utf8)
    }
}
