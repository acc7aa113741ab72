import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// A server on loopback that does to each request what the test wants: answers well or badly, cuts the
/// connection, resets it, or says nothing.
final class MisbehavingServer: Sendable {
    enum Action: Sendable {
        case answer(Int, headers: [(String, String)] = [], body: String = "")
        /// These bytes and nothing else, then the end of the connection: not for a whole answer, after which
        /// a client would send its next request on a connection that is closed without a word.
        case raw(String)
        case close
        case reset
        case silence
    }

    struct Request: Sendable {
        let method: String
        /// Path and query as they were sent.
        let target: String
        /// Names in lower case.
        let headers: [String: String]
        let body: [UInt8]
    }

    let port: Int
    private let channel: any Channel
    private let state: Box

    fileprivate final class Box: Sendable {
        let requests = Mutex<[Request]>([])
        let respond: @Sendable (Request, _ number: Int) -> Action

        init(_ respond: @escaping @Sendable (Request, Int) -> Action) {
            self.respond = respond
        }

        func action(for request: Request) -> Action {
            let number = requests.withLock { requests in
                requests.append(request)
                return requests.count
            }
            return respond(request, number)
        }
    }

    private init(port: Int, channel: any Channel, state: Box) {
        self.port = port
        self.channel = channel
        self.state = state
    }

    /// Runs `body` beside a server; `respond` gets each request and its number, from 1.
    static func with(
        _ respond: @escaping @Sendable (Request, _ number: Int) -> Action,
        _ body: (MisbehavingServer) async throws -> Void
    ) async throws {
        let state = Box(respond)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 64)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Conversation(state))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = MisbehavingServer(
            port: channel.localAddress?.port ?? 0, channel: channel, state: state)
        do {
            try await body(server)
        } catch {
            try? await channel.close()
            throw error
        }
        try await channel.close()
    }

    var requests: [Request] { state.requests.withLock { $0 } }
}

/// One connection: reads whole requests and does what the test says.
private final class Conversation: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let state: MisbehavingServer.Box
    private var buffered = ByteBuffer()

    init(_ state: MisbehavingServer.Box) {
        self.state = state
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var incoming = unwrapInboundIn(data)
        buffered.writeBuffer(&incoming)
        while let request = nextRequest() { perform(state.action(for: request), context) }
    }

    private func nextRequest() -> MisbehavingServer.Request? {
        let view = Array(buffered.readableBytesView)
        let end = Array("\r\n\r\n".utf8)
        guard let headEnd = view.indices.first(where: { view[$0...].starts(with: end) }) else {
            return nil
        }
        let lines = String(decoding: view[..<headEnd], as: UTF8.self).split(separator: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] =
                parts.count == 2 ? String(parts[1].drop { $0 == " " }) : ""
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        let bodyStart = headEnd + 4
        guard view.count >= bodyStart + length else { return nil }
        let words = lines[0].split(separator: " ")
        buffered.moveReaderIndex(forwardBy: bodyStart + length)
        return MisbehavingServer.Request(
            method: String(words[0]), target: String(words[1]), headers: headers,
            body: Array(view[bodyStart..<bodyStart + length]))
    }

    private func perform(_ action: MisbehavingServer.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .answer(let status, let headers, let body):
            var text = "HTTP/1.1 \(status) Word\r\n"
            if !headers.contains(where: { $0.0 == "content-length" }) {
                text += "content-length: \(body.utf8.count)\r\n"
            }
            for (name, value) in headers { text += "\(name): \(value)\r\n" }
            context.writeAndFlush(
                wrapOutboundOut(ByteBuffer(string: text + "\r\n" + body)), promise: nil)
        case .raw(let text):
            let channel = context.channel
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text))).whenComplete { _ in
                channel.close(promise: nil)
            }
        case .close: context.close(promise: nil)
        case .reset:
            let channel = context.channel
            guard let socket = channel as? any SocketOptionProvider else { return }
            socket.setSoLinger(linger(l_onoff: 1, l_linger: 0))
                .whenComplete { _ in channel.close(promise: nil) }
        case .silence: break
        }
    }
}
