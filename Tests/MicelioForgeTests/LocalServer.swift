import NIOCore
import NIOPosix
import Synchronization

/// An HTTP server of this machine that answers as a test says, also as no server should.
final class LocalServer: Sendable {
    enum Answer: Sendable {
        /// A status, heads without the usual ones, and a body; then the connection is closed.
        case answer(Int, [String] = [], [UInt8] = [])
        /// Bytes as they are; then the connection is closed.
        case raw([UInt8])
        /// Bytes as they are, and nothing more.
        case begin([UInt8])
        /// Nothing, and the connection stays open.
        case silence
    }

    private let channel: any Channel
    private let log: Requests

    private final class Requests: Sendable {
        let all = Mutex<[String]>([])
    }

    /// Starts one, runs `body`, and stops it.
    ///
    /// - Parameter respond: what is answered to a request, whose head is given.
    static func with<Value>(
        _ respond: @escaping @Sendable (String) -> Answer,
        _ body: (LocalServer) async throws -> Value
    ) async throws -> Value {
        let log = Requests()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.addHandler(
                        Handler { head in
                            log.all.withLock { $0.append(head) }
                            return respond(head)
                        })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = LocalServer(channel: channel, log: log)
        do {
            let value = try await body(server)
            try await channel.close()
            return value
        } catch {
            try? await channel.close()
            throw error
        }
    }

    private init(channel: any Channel, log: Requests) {
        self.channel = channel
        self.log = log
    }

    var port: Int { channel.localAddress?.port ?? 0 }
    var address: String { "http://127.0.0.1:\(port)" }
    /// The heads of all requests so far.
    var requests: [String] { log.all.withLock { $0 } }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private var head = ""
        private let respond: @Sendable (String) -> Answer

        init(_ respond: @escaping @Sendable (String) -> Answer) {
            self.respond = respond
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            head += String(buffer: unwrapInboundIn(data))
            guard head.hasSuffix("\r\n\r\n") else { return }
            let (bytes, isWhole): ([UInt8], Bool)
            switch respond(head) {
            case .answer(let status, let fields, let body):
                let lines =
                    ["HTTP/1.1 \(status) Word", "Content-Length: \(body.count)"] + fields
                bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
                isWhole = true
            case .raw(let raw): (bytes, isWhole) = (raw, true)
            case .begin(let raw): (bytes, isWhole) = (raw, false)
            case .silence: (bytes, isWhole) = ([], false)
            }
            head = ""
            let channel = context.channel
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes))).whenComplete { _ in
                if isWhole { channel.close(promise: nil) }
            }
        }
    }
}
