import Synchronization

/// Hands messages from one task to another, a few at a time: the one that makes them waits when
/// there are enough.
///
/// Needed because a gRPC stream is read in a closure that runs who knows where, while its messages
/// go to code that must stay in its caller's isolation. One task sends, one receives.
final class Pipe<Message: Sendable>: Sendable {
    private struct State {
        var messages: [Message] = []
        var end: Result<Void, any Error>?
        var sender: CheckedContinuation<Void, any Error>?
        var receiver: CheckedContinuation<Void, Never>?
        /// The receiver has gone; nothing is taken any more.
        var isAbandoned = false
    }

    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Waits until there is room. Throws when the receiver has gone.
    func send(_ message: Message) async throws {
        try await withTaskCancellationHandler {
            while true {
                let isSent = try state.withLock { state in
                    guard !state.isAbandoned else { throw CancellationError() }
                    guard state.messages.count < capacity else { return false }
                    state.messages.append(message)
                    state.receiver.take()?.resume()
                    return true
                }
                if isSent { return }
                try await withCheckedThrowingContinuation {
                    (continuation: CheckedContinuation<Void, any Error>) in
                    state.withLock { state in
                        if state.isAbandoned {
                            continuation.resume(throwing: CancellationError())
                        } else if state.messages.count < capacity {
                            continuation.resume()
                        } else {
                            state.sender = continuation
                        }
                    }
                }
            }
        } onCancel: {
            abandon()
        }
    }

    /// There will be no more messages; those sent so far are still received.
    func finish(_ error: (any Error)? = nil) {
        state.withLock { state in
            if state.end == nil { state.end = error.map { .failure($0) } ?? .success(()) }
            state.receiver.take()?.resume()
        }
    }

    /// The next message; nil at the end. Throws what the sender failed with.
    func next() async throws -> Message? {
        try await withTaskCancellationHandler {
            while true {
                let message: Message? = try state.withLock { state in
                    if !state.messages.isEmpty {
                        let message = state.messages.removeFirst()
                        state.sender.take()?.resume()
                        return message
                    }
                    if state.isAbandoned { throw CancellationError() }
                    try state.end?.get()
                    return nil
                }
                if let message { return message }
                if state.withLock({ $0.end != nil && $0.messages.isEmpty }) {
                    try state.withLock { try $0.end?.get() }
                    return nil
                }
                await withCheckedContinuation { continuation in
                    state.withLock { state in
                        if !state.messages.isEmpty || state.end != nil || state.isAbandoned {
                            continuation.resume()
                        } else {
                            state.receiver = continuation
                        }
                    }
                }
            }
        } onCancel: {
            abandon()
        }
    }

    private func abandon() {
        state.withLock { state in
            state.isAbandoned = true
            state.sender.take()?.resume(throwing: CancellationError())
            state.receiver.take()?.resume()
        }
    }
}
