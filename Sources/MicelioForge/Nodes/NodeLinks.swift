import GRPCCore
import GRPCNIOTransportHTTP2Posix
import GRPCProtobuf
import HifAPI
import ServiceLifecycle
import Synchronization

/// The gRPC connections to other nodes of this forge, made when they are first wanted.
///
/// All nodes of a forge have the same key, because clients remember it; so a node lets in, on the way to
/// another, only its own.
final class NodeLinks: Service {
    typealias Client = GRPCClient<HTTP2ClientTransport.Posix>
    typealias Nodes = Micelio_V1_Nodes.Client<HTTP2ClientTransport.Posix>

    private struct State {
        var clients: [String: (client: Client, used: UInt64)] = [:]
        var clock: UInt64 = 0
    }

    private let pin: String?
    private let state = Mutex(State())
    private let made: AsyncStream<Client>
    private let announce: AsyncStream<Client>.Continuation

    /// - Parameter pin: of this node's key; nil when it speaks in the clear, which is for loopback only.
    init(pin: String?) {
        self.pin = pin
        (made, announce) = AsyncStream.makeStream(of: Client.self)
    }

    /// Keeps the connections up until the server stops.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for await client in self.made {
                    // Ends when the client is told to, or fails for good; calls over it then fail.
                    group.addTask { try? await client.runConnections() }
                }
                group.cancelAll()
            }
        }
    }

    func nodes(at address: HostPort) throws -> Nodes {
        Nodes(wrapping: try client(for: address))
    }

    /// The connection to `address`. One for all callers.
    func client(for address: HostPort) throws -> Client {
        let (client, isNew, dropped) = try state.withLock { state -> (Client, Bool, Client?) in
            state.clock += 1
            let name = address.description
            if let known = state.clients[name]?.client {
                state.clients[name]?.used = state.clock
                return (known, false, nil)
            }
            var dropped: Client?
            if state.clients.count >= Limits.nodeLinksMax,
                let oldest = state.clients.min(by: { $0.value.used < $1.value.used })
            {
                dropped = oldest.value.client
                state.clients[oldest.key] = nil
            }
            let client = try makeClient(address)
            state.clients[name] = (client, state.clock)
            return (client, true, dropped)
        }
        dropped?.beginGracefulShutdown()
        if isNew { announce.yield(client) }
        return client
    }

    private func makeClient(_ address: HostPort) throws -> Client {
        guard pin != nil || address.isLoopback else {
            throw ForgeError.invalid(
                "\(address) is on another machine, and this node speaks gRPC without TLS")
        }
        let target: any ResolvableTarget =
            if address.host.contains(":") {
                .ipv6(address: address.host, port: address.port)
            } else if address.isAddress {
                .ipv4(address: address.host, port: address.port)
            } else {
                .dns(host: address.host, port: address.port)
            }
        return Client(
            transport: try HTTP2ClientTransport.Posix(
                target: target, transportSecurity: pin.map(OwnKey.security) ?? .plaintext,
                config: .defaults { config in
                    config.connection.keepalive = .init(
                        time: .seconds(10), timeout: .seconds(5), allowWithoutCalls: false)
                    config.backoff.initial = .milliseconds(50)
                    config.backoff.max = .seconds(1)
                }))
    }

}

extension ForgeError {
    /// What the node that keeps the accounts said instead of an answer, in its own words; that it does not
    /// answer, when it said nothing.
    static func told(_ error: RPCError) -> ForgeError {
        let details = try? error.unpackGoogleRPCStatus()?.details.lazy.compactMap(\.errorInfo).first
        guard let details, let code = Code(rawValue: details.reason) else {
            return ForgeError(
                .unavailable, "the node that keeps the accounts does not answer", hint: "try again")
        }
        return ForgeError(code, error.message, hint: details.metadata["hint"])
    }
}
