import Crypto
import Foundation
import HifCore
import SwiftASN1
import X509

/// The certificate and key with which the forge answers over TLS: one's own, or one that it makes
/// for itself on first start.
///
/// The self-made one serves a single machine or a trusted network: no authority vouches for it, so
/// clients remember its *key* (`pin`) at login and refuse every other. Renewing the certificate
/// with the same key changes nothing for them.
package struct ServerKey: Sendable, Hashable {
    package let certificatePath: String
    package let keyPath: String
    /// SHA-256 of the public key's SPKI, as `sha256:` and 64 hexadecimal digits.
    package let pin: String

    /// Reads a certificate chain and its key, both PEM.
    package init(certificatePath: String, keyPath: String) throws {
        let pem = try ServerKey.read(certificatePath)
        guard FileManager.default.isReadableFile(atPath: keyPath) else {
            throw ForgeError(.unavailable, "the TLS key \(keyPath) cannot be read")
        }
        do {
            let documents = try PEMDocument.parseMultiple(pemString: pem)
            guard let first = documents.first else {
                throw ForgeError(.unavailable, "\(certificatePath) holds no certificate")
            }
            let certificate = try Certificate(pemDocument: first)
            pin = try ServerKey.pin(of: certificate.publicKey)
        } catch let error as ForgeError {
            throw error
        } catch {
            throw ForgeError(.unavailable, "\(certificatePath) is no PEM certificate: \(error)")
        }
        self.certificatePath = certificatePath
        self.keyPath = keyPath
    }

    /// What only who has the key knows, to make other keys from.
    func secret() throws -> [UInt8] { Array(try ServerKey.read(keyPath).utf8) }

    private static func read(_ path: String) throws -> String {
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw ForgeError(.unavailable, "\(path) cannot be read")
        }
    }

    static func pin(of key: Certificate.PublicKey) throws -> String {
        // Algorithm and key bits together, as `openssl pkey -pubin -outform der` writes them.
        var serializer = DER.Serializer()
        try serializer.serialize(key)
        return "sha256:" + Array(SHA256.hash(data: serializer.serializedBytes)).hex
    }

    /// The forge's own in `directory`, made there if need be: P-256, valid for ten years, for
    /// localhost and its addresses. The key file is readable by its owner only.
    package static func selfSigned(in directory: String) throws -> ServerKey {
        let certificatePath = "\(directory)/cert.pem"
        let keyPath = "\(directory)/key.pem"
        if !FileManager.default.fileExists(atPath: certificatePath) {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            let key = P256.Signing.PrivateKey()
            // The key first: a crash in between leaves a key without a certificate, and the next
            // start makes both anew.
            try writePrivately(key.pemRepresentation, to: keyPath)
            try writePrivately(
                certificate(for: key).serializeAsPEM().pemString, to: certificatePath)
        }
        return try ServerKey(certificatePath: certificatePath, keyPath: keyPath)
    }

    private static func certificate(for key: P256.Signing.PrivateKey) throws -> Certificate {
        let name = try DistinguishedName { CommonName("micelio") }
        let key = Certificate.PrivateKey(key)
        return try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: key.publicKey,
            // An hour of leave for clocks that run behind ours.
            notValidBefore: Date(timeIntervalSinceNow: -3600),
            notValidAfter: Date(timeIntervalSinceNow: 3650 * 86_400),
            issuer: name,
            subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames([
                    .dnsName("localhost"),
                    .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])),
                    .ipAddress(
                        ASN1OctetString(
                            contentBytes: ArraySlice([UInt8](repeating: 0, count: 15) + [1]))),
                ])
            },
            issuerPrivateKey: key)
    }

    /// Writes beside the target and renames, so that nobody reads half a file, and never with more
    /// rights than the owner's.
    private static func writePrivately(_ text: String, to path: String) throws {
        let temporary = path + ".new"
        try? FileManager.default.removeItem(atPath: temporary)
        guard
            FileManager.default.createFile(
                atPath: temporary, contents: Data(text.utf8),
                attributes: [.posixPermissions: 0o600])
        else {
            throw ForgeError(.unavailable, "\(temporary) cannot be written")
        }
        guard rename(temporary, path) == 0 else {
            throw ForgeError(.unavailable, "\(path) cannot be written")
        }
    }
}
