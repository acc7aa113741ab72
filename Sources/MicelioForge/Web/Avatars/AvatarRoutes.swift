import HTTPTypes
import Hummingbird

/// The pictures of accounts as files, for everybody: no cookie is looked at, and a name that nobody has
/// looks like one that has no picture.
enum AvatarRoutes {
    static let all: [Route] = [
        route("/avatars/{account}", .large, "The picture of an account"),
        route("/avatars/{account}/small", .small, "The picture of an account, for lists"),
    ]

    /// Where it is served.
    static func address(_ handle: String, _ size: AvatarPicture.Size) -> String {
        "/avatars/\(handle)\(size == .small ? "/small" : "")"
    }

    private static func route(
        _ pattern: String, _ size: AvatarPicture.Size, _ summary: String
    ) -> Route {
        .free(.get, pattern, .plain, "avatar.\(size)", summary) { call in
            let handle = try call.handle("account")
            let shown = try await call.forge.avatar(of: handle, size)
            return .response(response(shown, handle, call))
        }
    }

    private static func response(
        _ shown: Forge.ShownAvatar, _ handle: Handle, _ call: Call
    ) -> Response {
        let (bytes, type, tag, caching): ([UInt8], String, String, String)
        switch shown {
        case .picture(let png, let now):
            (bytes, type, tag) = (png, "image/png", now)
            // An address that names the picture is another when the picture is.
            caching =
                call.query["v"] == now
                ? "public, max-age=31536000, immutable" : "public, max-age=300"
        case .drawn(let isLasting):
            bytes = DrawnAvatar.file(handle)
            (type, tag) = ("image/svg+xml", "drawn-\(AvatarPicture.tag(bytes))")
            caching = isLasting ? "public, max-age=300" : "public, no-cache"
        }
        let quoted = "\"\(tag)\""
        var headers: HTTPFields = [
            .eTag: quoted, .cacheControl: caching, .contentSecurityPolicy: SecurityHeaders.sandbox,
        ]
        if EntityTags(call.request.headers[values: .ifNoneMatch]).name(quoted) {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = type
        return Response(
            status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
