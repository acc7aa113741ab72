import Synchronization

/// Under which addresses people and clients reach the forge. With port 0 they are known only once
/// the sockets are bound, so they arrive later than everything else. Never derived from a request's
/// Host: whoever sends the request would choose what we print.
package final class Addresses: Sendable {
    private struct State {
        var publicURL: String
        var rpcAddress = ""
    }

    private let state: Mutex<State>
    /// SHA-256 of the public key's SPKI, `sha256:` and hexadecimal; nil without TLS.
    package let keyPin: String?

    package init(publicURL: String, keyPin: String?) {
        state = Mutex(State(publicURL: publicURL))
        self.keyPin = keyPin
    }

    /// Scheme, host and port, without a slash at the end.
    package var publicURL: String {
        get { state.withLock { $0.publicURL } }
        set { state.withLock { $0.publicURL = newValue } }
    }

    /// Whether people reach it over TLS.
    var isEncrypted: Bool { publicURL.hasPrefix("https://") }

    /// The host, as pages name the forge.
    var host: String { String(publicURL.split(separator: "/").last ?? "") }

    /// The name of the cookie of a signed-in browser. With the prefix a browser takes it over TLS
    /// from this very host only, and gives it to no other; over plain HTTP it would not take it.
    var cookieName: String { isEncrypted ? "__Host-micelio" : "micelio" }

    /// Host and port of gRPC, as a client dials it.
    package var rpcAddress: String {
        get { state.withLock { $0.rpcAddress } }
        set { state.withLock { $0.rpcAddress = newValue } }
    }
}
