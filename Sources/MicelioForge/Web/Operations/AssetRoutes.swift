import HTTPTypes
import Hummingbird

/// Files that pages refer to.
enum AssetRoutes {
    static let all: [Route] = [
        // The name changes with the content, so a browser never asks twice.
        .free(.get, Stylesheet.address, .plain, "stylesheet", "The look of all pages") { _ in
            var response = Response.text(Stylesheet.text, type: "text/css; charset=utf-8")
            response.headers[.cacheControl] = "public, max-age=31536000, immutable"
            return .response(response)
        }
    ]
}
