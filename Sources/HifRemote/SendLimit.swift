import GRPCCore

/// The limits of a call that sends a stream.
struct SendLimit: Sendable {
    private let limit: TimeLimit
    private let idle: Duration
    private let answer: Duration

    init(limit: TimeLimit, idle: Duration, answer: Duration) {
        self.limit = limit
        self.idle = idle
        self.answer = answer
    }

    func writer<Message: Sendable>(_ writer: RPCWriter<Message>) -> LimitedWriter<Message> {
        LimitedWriter(writer: writer, limits: self)
    }

    fileprivate func sending() { limit.set(idle) }
    fileprivate func sent() { limit.set(answer) }
}

/// Sends messages, each of which the other side has to take in time.
struct LimitedWriter<Message: Sendable>: Sendable {
    fileprivate let writer: RPCWriter<Message>
    fileprivate let limits: SendLimit

    func write(_ message: Message) async throws {
        limits.sending()
        try await writer.write(message)
    }

    /// Everything was sent.
    func awaitAnswer() {
        limits.sent()
    }
}
