import Crypto
import Foundation

/// What a node of this forge shows another when it hands intents on: made from the forge's private key,
/// which all its nodes have and nobody else.
///
/// It is said over TLS to a node with that key and nowhere else (`NodeLinks`). Who learns it may land as
/// anybody; that is no more than the key's owner can do with the store's credentials, which lie beside it.
struct NodeProof: Sendable {
    private let key: SymmetricKey

    /// - Parameter secret: the private key, as it lies in its file.
    init(secret: [UInt8]) {
        key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: secret), info: Array("micelio nodes v1".utf8),
            outputByteCount: 32)
    }

    /// As it goes into a call.
    var wire: Data { key.withUnsafeBytes { Data($0) } }

    /// Whether somebody showed this very proof. Compares in constant time.
    func isShown(in bytes: Data) -> Bool {
        bytes.count == 32 && SymmetricKey(data: bytes) == key
    }
}
