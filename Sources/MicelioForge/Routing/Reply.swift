import Foundation
import HTTPTypes
import HifCore
import Hummingbird

/// Something that can be shown as a page, as JSON and as Markdown: one value, three forms.
protocol Answer: Encodable, Sendable {
    /// The whole page.
    func page(_ frame: Frame) -> HTML
    /// The same for a reader without a browser.
    var markdown: String { get }
}

/// What a route answers.
enum Reply: Sendable {
    /// In whichever form was asked for.
    case answer(any Answer)
    /// JSON only.
    case json(any Encodable & Sendable, HTTPResponse.Status = .ok)
    /// A page without twins: forms, and what came of them.
    case page(@Sendable (Frame) -> HTML, HTTPResponse.Status = .ok)
    /// Look there, with GET.
    case redirect(String)
    /// As it is.
    case response(Response)
}

extension Reply {
    /// The answer over HTTP.
    func response(to call: Call) throws -> Response {
        switch self {
        case .answer(let answer):
            switch call.format {
            case .html:
                return Reply.cacheable(
                    Array(answer.page(Frame(call)).text.utf8), "text/html; charset=utf-8", call)
            case .json:
                return Reply.cacheable(try JSONText.bytes(answer), "application/json", call)
            case .markdown:
                return Reply.cacheable(
                    Array(answer.markdown.utf8), "text/markdown; charset=utf-8", call)
            // Made by its route, which has the contents.
            case .patch: throw Call.nothing
            }
        case .json(let value, let status): return try Response.json(value, status: status)
        case .page(let page, let status): return .page(page(Frame(call)), status: status)
        case .redirect(let address):
            return Response(status: .seeOther, headers: [.location: address])
        case .response(let response): return response
        }
    }

    /// Lets a client keep the answer and ask whether it still holds; what is the same costs no
    /// transfer. Only the one who asked may keep it: what it says depends on who that is.
    static func cacheable(_ bytes: [UInt8], _ type: String, _ call: Call) -> Response {
        let tag = "\"\(Blake3.hash(bytes).hex.prefix(32))\""
        var response = Response.bytes(bytes, type: type)
        response.headers[.eTag] = tag
        response.headers[.cacheControl] = "private, no-cache"
        response.headers[.vary] = "Accept, Authorization, Cookie"
        guard EntityTags(call.request.headers[values: .ifNoneMatch]).name(tag) else {
            return response
        }
        response.headers[.contentType] = nil
        return Response(status: .notModified, headers: response.headers)
    }
}

/// JSON as the forge writes it: sorted keys, so that equal answers are equal bytes, in snake case.
enum JSONText {
    static func bytes(_ value: any Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return Array(try encoder.encode(value))
    }
}

extension Response {
    static func json(
        _ value: any Encodable, status: HTTPResponse.Status = .ok,
        type: String = "application/json"
    ) throws -> Response {
        .bytes(try JSONText.bytes(value), type: type, status: status)
    }

    static func page(_ html: HTML, status: HTTPResponse.Status = .ok) -> Response {
        .bytes(Array(html.text.utf8), type: "text/html; charset=utf-8", status: status)
    }

    static func text(_ text: String, type: String = "text/plain; charset=utf-8") -> Response {
        .bytes(Array(text.utf8), type: type)
    }

    static func bytes(
        _ bytes: [UInt8], type: String, status: HTTPResponse.Status = .ok
    ) -> Response {
        Response(
            status: status, headers: [.contentType: type],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
