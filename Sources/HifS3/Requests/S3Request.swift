import HifStore

/// One request, before it is signed.
struct S3Request: Sendable {
    enum Method: String {
        case get = "GET"
        case put = "PUT"
        case post = "POST"
        case delete = "DELETE"
        case head = "HEAD"
    }

    var method: Method
    /// Nil for the bucket itself.
    var key: ObjectKey?
    var query: [(String, String)] = []
    var headers: [(String, String)] = []
    var body: [UInt8] = []
    /// Called when half of the body is on its way, before the rest: for the probe.
    var halfway: (@Sendable () async -> Void)?
    /// More bytes in an answer than this are an error.
    var answerBytesMax = S3Request.documentBytesMax

    /// Answers that are documents: a page of a listing has at most 1,000 keys of 1 KiB.
    static let documentBytesMax = 8 << 20
}

/// What came back, whatever the status.
struct S3Answer: Sendable {
    let status: Int
    /// Names in lower case. Of a field that came twice, the first.
    let headers: [String: String]
    let body: [UInt8]

    var isSuccess: Bool { (200...299).contains(status) }

    /// The store's own word for what is wrong, such as `NoSuchKey`; nil when it said none.
    var errorCode: String? { errorDocument?["Code"]?.text }

    /// What people are told: status, code and message as far as they were given.
    var cause: String {
        var text = "status \(status)"
        guard let document = errorDocument else { return text }
        if let code = document["Code"]?.text { text += " \(code)" }
        if let message = document["Message"]?.text, !message.isEmpty {
            text += ": \(message.prefix(300))"
        }
        return text
    }

    private var errorDocument: SmallXML? {
        guard let document = try? SmallXML(parsing: body), document.name == "Error" else {
            return nil
        }
        return document
    }
}
