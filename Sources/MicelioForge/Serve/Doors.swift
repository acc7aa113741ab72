import NIOCore
import Synchronization

/// The listening sockets of a server, which close to newcomers before anything else stops.
///
/// NIO does not survive a listener that goes while a connection which it accepted is still being set
/// up: what was made of the connection is dropped unfinished, and that ends the process ("Deinited
/// NIOAsyncWriter without calling finish()"). So first nobody is let in any more, then those are
/// waited for who are half in, and only then may the servers stop.
final class Doors: Sendable {
    private let listeners = Mutex<[any Channel]>([])

    /// Puts a door before a listener that is bound.
    func add(_ listener: any Channel) async throws {
        try await listener.eventLoop.submit {
            let door = Door()
            try listener.pipeline.syncOperations.addHandler(door, position: .first)
            // Behind what makes a connection ready for whoever serves it.
            try listener.pipeline.syncOperations.addHandler(Threshold(door), position: .last)
        }.get()
        listeners.withLock { $0.append(listener) }
    }

    /// Lets nobody in from now on; returns when nobody is half in. Connections that the kernel has
    /// taken already are refused when the listener goes.
    func close() async {
        for listener in listeners.withLock({ $0 }) {
            // Fails when the listener has gone already: then it lets nobody in.
            try? await listener.triggerUserOutboundEvent(ClosingDoor()).get()
        }
    }
}

private struct ClosingDoor: Sendable {}

/// Next to the socket: lets accepted connections through, and remembers who is on the way in.
private final class Door: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = Never

    private var isClosed = false
    private var settingUp: Set<ObjectIdentifier> = []
    private var closing: [EventLoopPromise<Void>] = []

    func read(context: ChannelHandlerContext) {
        if !isClosed { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let connection = unwrapInboundIn(data)
        guard !isClosed else {
            // A read was under way.
            connection.close(promise: nil)
            return
        }
        settingUp.insert(ObjectIdentifier(connection))
        connection.closeFuture.hop(to: context.eventLoop).assumeIsolated().whenComplete { _ in
            self.settled(connection)
        }
        context.fireChannelRead(data)
    }

    /// The connection is in, or has gone.
    func settled(_ connection: any Channel) {
        guard settingUp.remove(ObjectIdentifier(connection)) != nil, settingUp.isEmpty else {
            return
        }
        for promise in closing { promise.succeed() }
        closing = []
    }

    func triggerUserOutboundEvent(
        context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
    ) {
        guard event is ClosingDoor else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        isClosed = true
        guard let promise else { return }
        if settingUp.isEmpty { promise.succeed() } else { closing.append(promise) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        for promise in closing { promise.succeed() }
        closing = []
        context.fireChannelInactive()
    }
}

/// The end of the listener's pipeline: who comes by here is in.
private final class Threshold: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let door: Door

    init(_ door: Door) {
        self.door = door
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        door.settled(unwrapInboundIn(data))
        context.fireChannelRead(data)
    }
}
