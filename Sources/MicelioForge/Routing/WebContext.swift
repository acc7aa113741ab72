import Hummingbird
import NIOCore

/// What travels with a request: the framework's part, and who sent it.
struct WebContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The address that the request came from. Behind a proxy that whoever runs the forge did not name
    /// (`TrustedProxies`) it is the proxy's: headers that claim otherwise can be written by anybody.
    var remoteAddress: String

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        remoteAddress = source.channel.remoteAddress?.ipAddress ?? "unknown"
    }
}
