import Crypto

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Keeps the successor of a refresh token so that only who presents the old token can read it.
///
/// A lost answer must not log anybody out: the old token, presented again, has to give the same
/// successor. The database may hold no token in the clear, so the successor is sealed (AES-GCM)
/// under a key derived from the old token (HKDF), of which the database holds only a hash.
enum SuccessorSeal {
    static func seal(_ successor: TokenText, under old: TokenText) throws -> Data {
        let box = try AES.GCM.seal(Array(successor.text.utf8), using: key(of: old))
        guard let combined = box.combined else {
            preconditionFailure("AES-GCM with the standard nonce always has a combined form")
        }
        return combined
    }

    static func open(_ sealed: Data, with old: TokenText) throws -> TokenText {
        let bytes = try AES.GCM.open(AES.GCM.SealedBox(combined: sealed), using: key(of: old))
        return try TokenText(parsing: String(decoding: bytes, as: UTF8.self))
    }

    private static func key(of token: TokenText) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: Array(token.text.utf8)),
            info: Array("micelio refresh successor v1".utf8), outputByteCount: 32)
    }
}
