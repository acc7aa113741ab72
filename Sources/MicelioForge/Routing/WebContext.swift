import Hummingbird
import NIOCore

/// What travels with a request: the framework's part, and who sent it.
struct WebContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The peer's address. Behind a proxy it is the proxy's: headers that claim otherwise can be
    /// written by anybody.
    let remoteAddress: String

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        remoteAddress = source.channel.remoteAddress?.ipAddress ?? "unknown"
    }
}
