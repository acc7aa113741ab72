import GRPCCore

/// The token that came with the call being answered, for asking other nodes in the client's name.
///
/// Carriers set it together with `Principal.current`, and nothing else does.
struct Credential: Sendable {
    let token: TokenText

    @TaskLocal static var current: Credential?

    /// What goes along with a call to another node; nothing for nobody in particular.
    static var metadata: Metadata {
        current.map { ["authorization": "Bearer \($0.token.text)"] } ?? [:]
    }
}
