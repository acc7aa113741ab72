import HTTPTypes
import HifCore
import HifStore
import Hummingbird

/// How a pack leaves the forge over HTTP (RFC 9110, sections 13 and 14): whole or one range of it, in
/// pieces, with its hash as a strong tag. Whoever may keep it, and how long, is the caller's to say.
enum PackResponse {
    /// What a `Range` asks for. Several ranges, other units and nonsense are passed over, as the RFC
    /// allows: the answer is then the whole.
    enum Wish: Hashable {
        case whole
        case from(Int, count: Int?)
        case last(Int)

        init(_ header: String?) {
            self = .whole
            guard let header, header.hasPrefix("bytes=") else { return }
            let ends = header.dropFirst(6).split(
                separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            guard ends.count == 2 else { return }
            let numbers = ends.map { Wish.number($0) }
            switch (ends[0].isEmpty, numbers[0], ends[1].isEmpty, numbers[1]) {
            case (true, _, false, let count?): self = .last(count)
            case (false, let first?, true, _): self = .from(first, count: nil)
            case (false, let first?, false, let last?) where last >= first:
                self = .from(first, count: last - first + 1)
            default: break
            }
        }

        /// Digits only, and not so many that sums could overflow.
        private static func number(_ text: Substring) -> Int? {
            guard !text.isEmpty, text.utf8.count <= 15,
                text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
            else { return nil }
            return Int(text)
        }
    }

    /// Bytes of a pack in memory at a time.
    private static let pieceBytes = 1 << 20

    static func make(
        _ request: Request, _ pack: OpenPack, caching: String
    ) async throws -> Response {
        let tag = "\"\(pack.grant.pack.hex)\""
        var headers: HTTPFields = [
            .eTag: tag, .cacheControl: caching, .acceptRanges: "bytes",
            .contentType: "application/octet-stream",
            .contentSecurityPolicy: SecurityHeaders.sandbox,
        ]
        if !pack.grant.isForAll { headers[.vary] = "Authorization" }
        if EntityTags(request.headers[values: .ifNoneMatch]).name(tag) {
            headers[.contentType] = nil
            return Response(status: .notModified, headers: headers)
        }
        // Of something else than this pack, a part is of no use.
        let isOfThis = request.headers[.ifRange].map { $0 == tag } ?? true
        let wish = Wish(isOfThis ? request.headers[.range] : nil)
        guard let (range, size, first) = try await begin(wish, pack) else {
            headers[.contentType] = nil
            headers[.contentRange] = "bytes */\(try await pack.read(.suffix(1)).size)"
            return Response(status: .rangeNotSatisfiable, headers: headers)
        }
        if wish != .whole {
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
        }
        return Response(
            status: wish == .whole ? .ok : .partialContent, headers: headers,
            body: ResponseBody(contentLength: range.count) { writer in
                try await writer.write(ByteBuffer(bytes: first))
                var next = range.lowerBound + first.count
                while next < range.upperBound {
                    let piece = try await pack.read(
                        .range(offset: next, count: min(pieceBytes, range.upperBound - next)))
                    guard !piece.bytes.isEmpty else { throw Call.nothing }
                    try await writer.write(ByteBuffer(bytes: piece.bytes))
                    next += piece.bytes.count
                }
                try await writer.finish(nil)
            })
    }

    /// The bytes that are meant, the pack's size, and the first piece; nil for a range that has none.
    private static func begin(
        _ wish: Wish, _ pack: OpenPack
    ) async throws -> (range: Range<Int>, size: Int, first: [UInt8])? {
        do {
            var offset = 0
            var count: Int?
            switch wish {
            case .whole: break
            case .from(let first, let wanted):
                offset = first
                count = wanted
            case .last(let wanted):
                guard wanted > 0 else { return nil }
                offset = max(0, try await pack.read(.suffix(1)).size - wanted)
            }
            let (bytes, size) = try await pack.read(
                .range(offset: offset, count: min(count ?? pieceBytes, pieceBytes)))
            let end = min(size, count.map { offset + $0 } ?? size)
            return (offset..<end, size, bytes)
        } catch let error as StoreError where error.code == .rangeNotSatisfiable {
            return nil
        }
    }
}
