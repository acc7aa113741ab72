import HTTPTypes
import Hummingbird

/// Files that pages refer to.
enum AssetRoutes {
    static let all: [Route] = [
        asset(
            Stylesheet.address, "stylesheet", "The look of all pages", Stylesheet.text,
            "text/css; charset=utf-8"),
        asset(
            SessionScript.address, "session.script", "Keeps open sessions up to date",
            SessionScript.text, "text/javascript; charset=utf-8"),
    ]

    /// The name changes with the content, so a browser never asks twice.
    private static func asset(
        _ address: String, _ id: String, _ summary: String, _ text: String, _ type: String
    ) -> Route {
        .free(.get, address, .plain, id, summary) { _ in
            var response = Response.text(text, type: type)
            response.headers[.cacheControl] = "public, max-age=31536000, immutable"
            return .response(response)
        }
    }
}
