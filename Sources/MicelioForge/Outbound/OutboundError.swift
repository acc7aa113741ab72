/// Why a fetch came to nothing.
struct OutboundError: Error, Hashable, Sendable, CustomStringConvertible {
    enum Code: Hashable, Sendable {
        /// The forge does not go there, whoever asks.
        case refused
        /// Nobody answered, or not in HTTP.
        case unreachable
        /// It took longer than it may.
        case late
        /// The answer is longer than it may be.
        case tooLarge
        /// Too many fetches are under way.
        case busy
    }

    let code: Code
    let description: String

    init(_ code: Code, _ description: String) {
        (self.code, self.description) = (code, description)
    }

    static func refused(_ description: String) -> OutboundError {
        OutboundError(.refused, description)
    }
}
