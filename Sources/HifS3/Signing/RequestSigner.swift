import Crypto

/// Signs requests with AWS Signature Version 4, in the form that S3 asks for.
///
/// The signature is a chain of HMACs over a canonical text of the request: method, path, query,
/// headers, and the hash of the body. Source: "Authenticating Requests (AWS Signature Version 4)" in
/// the Amazon S3 API reference, whose examples are our tests. Google's variant for HMAC keys differs in
/// four words and in the names of the headers.
struct RequestSigner: Sendable {
    let credentials: S3Credentials
    let region: String
    let words: Words

    /// What differs between AWS and Google.
    struct Words: Hashable, Sendable {
        let algorithm: String
        let keyPrefix: String
        let service: String
        let terminator: String
        /// Of the headers that belong to the signature: `x-amz` or `x-goog`.
        let headerPrefix: String

        static let aws = Words(
            algorithm: "AWS4-HMAC-SHA256", keyPrefix: "AWS4", service: "s3",
            terminator: "aws4_request", headerPrefix: "x-amz")
        static let gcs = Words(
            algorithm: "GOOG4-HMAC-SHA256", keyPrefix: "GOOG4", service: "storage",
            terminator: "goog4_request", headerPrefix: "x-goog")
    }

    /// The headers to send: those given, and the ones that prove who sends them. Everything is signed.
    ///
    /// - Parameters:
    ///   - path: as it is sent, percent-encoded, from the first slash on.
    ///   - query: names and values, not encoded.
    ///   - bodyHash: SHA-256 of the body in hexadecimal.
    ///   - seconds: since 1970; the store refuses what is more than 15 minutes off its own clock.
    func signed(
        method: String, host: String, path: String, query: [(String, String)],
        headers: [(String, String)], bodyHash: String, at seconds: Int64
    ) -> [(String, String)] {
        let moment = Timestamp(seconds: seconds)
        var all = headers
        all.append(("host", host))
        all.append(("\(words.headerPrefix)-content-sha256", bodyHash))
        all.append(("\(words.headerPrefix)-date", moment.compact))
        if let token = credentials.sessionToken {
            all.append(("\(words.headerPrefix)-security-token", token))
        }
        let lowered = all.map { ($0.0.lowercased(), RequestSigner.squeezed($0.1)) }
            .sorted { $0.0 < $1.0 }
        let names = lowered.map(\.0).joined(separator: ";")
        let canonical = [
            method, path, RequestSigner.encoded(query),
            lowered.map { "\($0.0):\($0.1)\n" }.joined(), names, bodyHash,
        ].joined(separator: "\n")
        let scope = "\(moment.day)/\(region)/\(words.service)/\(words.terminator)"
        let text = [
            words.algorithm, moment.compact, scope, RequestSigner.hash(Array(canonical.utf8)),
        ].joined(separator: "\n")
        var key = SymmetricKey(data: Array((words.keyPrefix + credentials.secretKey).utf8))
        for part in [moment.day, region, words.service, words.terminator] {
            key = SymmetricKey(
                data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
        }
        let signature = hexadecimal(
            HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key))
        all.append(
            (
                "authorization",
                "\(words.algorithm) Credential=\(credentials.accessKey)/\(scope),"
                    + "SignedHeaders=\(names),Signature=\(signature)"
            ))
        return all
    }

    /// SHA-256 in hexadecimal.
    static func hash(_ bytes: [UInt8]) -> String { hexadecimal(SHA256.hash(data: bytes)) }

    /// A query as it is sent and signed: sorted, and everything encoded that is not unreserved.
    static func encoded(_ query: [(String, String)]) -> String {
        query.map { (percentEncoded($0.0), percentEncoded($0.1)) }
            .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    /// RFC 3986: letters, digits and `-._~` stay; with `keeping` also those bytes.
    static func percentEncoded(_ text: String, keeping: String = "") -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            case _ where keeping.utf8.contains(byte):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%" + (digits.utf8.count == 1 ? "0" : "") + digits
            }
        }
        return result
    }

    /// A header's value as it is signed: no blanks around it, and one where there were more.
    private static func squeezed(_ value: String) -> String {
        value.split(separator: " ").joined(separator: " ")
    }
}

/// Lower case hexadecimal digits of a digest.
private func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}

/// A moment in UTC as signatures spell it: `20130524` and `20130524T000000Z`.
struct Timestamp: Hashable, Sendable {
    let day: String
    let compact: String

    /// - Parameter seconds: since 1970. Civil date from day count: H. Hinnant, "chrono-Compatible
    ///   Low-Level Date Algorithms", for dates from 1970 on.
    init(seconds: Int64) {
        let seconds = max(0, seconds)
        let days = seconds / 86_400 + 719_468
        let era = days / 146_097
        let dayOfEra = days % 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let dayOfMonth = dayOfYear - (153 * shifted + 2) / 5 + 1
        func digits(_ value: Int64, _ count: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
        }
        day = digits(year, 4) + digits(month, 2) + digits(dayOfMonth, 2)
        let rest = seconds % 86_400
        compact =
            day + "T" + digits(rest / 3_600, 2) + digits(rest / 60 % 60, 2) + digits(rest % 60, 2)
            + "Z"
    }
}
