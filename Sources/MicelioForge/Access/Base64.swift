#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Base 64 of RFC 4648, for headers and cursors. Strict: nothing but the alphabet and padding.
enum Base64 {
    static func decode(_ text: String) -> [UInt8]? {
        Data(base64Encoded: text).map(Array.init)
    }

    static func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString()
    }
}
