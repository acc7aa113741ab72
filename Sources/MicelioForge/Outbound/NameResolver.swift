import Foundation
package import NIOPosix
import Synchronization

/// Finds the addresses of a name, as the machine is set up to.
package protocol NameResolver: Sendable {
    /// - Returns: addresses as `inet_ntop` writes them, in the order in which to try them; none for a name
    ///   that there is not.
    func addresses(of name: String) async -> [String]
}

/// Asks the C library, on threads of its own because it blocks. Whoever is cancelled does not wait for it.
package final class SystemResolver: NameResolver {
    private let threads: NIOThreadPool

    /// - Parameter threads: started by the caller, and shut down by them.
    package init(threads: NIOThreadPool) {
        self.threads = threads
    }

    package func addresses(of name: String) async -> [String] {
        let waiting = Waiting()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiting.begin(continuation)
                threads.submit { state in
                    let isWanted = state == .active && waiting.isWanted
                    waiting.end(isWanted ? SystemResolver.resolve(name) : [])
                }
            }
        } onCancel: {
            waiting.end([])
        }
    }

    /// IPv4 first: where a machine has no way out over IPv6, an address of it is of no use.
    private static func resolve(_ name: String) -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [(family: Int32, text: String)] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            if let text = text(of: entry) { found.append((entry.ai_family, text)) }
        }
        return found.filter { $0.family == AF_INET }.map(\.text)
            + found.filter { $0.family == AF_INET6 }.map(\.text)
    }

    private static func text(of entry: addrinfo) -> String? {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let isWritten =
            switch entry.ai_family {
            case AF_INET:
                entry.ai_addr.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    inet_ntop(AF_INET, &$0.pointee.sin_addr, &text, socklen_t(text.count)) != nil
                }
            case AF_INET6:
                entry.ai_addr.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    inet_ntop(AF_INET6, &$0.pointee.sin6_addr, &text, socklen_t(text.count)) != nil
                }
            default: false
            }
        guard isWritten else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Whoever waits for an answer, told once.
    private final class Waiting: Sendable {
        private struct State {
            var continuation: CheckedContinuation<[String], Never>?
            var isOver = false
        }

        private let state = Mutex(State())

        var isWanted: Bool { state.withLock { !$0.isOver } }

        func begin(_ continuation: CheckedContinuation<[String], Never>) {
            let isOver = state.withLock { state in
                if !state.isOver { state.continuation = continuation }
                return state.isOver
            }
            if isOver { continuation.resume(returning: []) }
        }

        func end(_ addresses: [String]) {
            let continuation = state.withLock { state in
                state.isOver = true
                defer { state.continuation = nil }
                return state.continuation
            }
            continuation?.resume(returning: addresses)
        }
    }
}
