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

    /// Host and port of gRPC, as a client dials it.
    package var rpcAddress: String {
        get { state.withLock { $0.rpcAddress } }
        set { state.withLock { $0.rpcAddress = newValue } }
    }
}
