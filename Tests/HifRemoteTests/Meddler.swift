import Foundation
import Glibc
import Synchronization

/// Stands between client and forge, and does to their connections what networks do.
///
/// Threads and blocking sockets: the client under test has the event loops to itself.
final class Meddler: Sendable {
    enum Deed: Hashable {
        case pass
        /// Closes the connection after so many bytes from the forge.
        case cut(after: Int)
        /// Goes silent after so many bytes from the forge, with the connection open.
        case stall(after: Int)
    }

    private struct State {
        var deeds: [Deed]
        /// The port of whoever is behind; 0 for nobody.
        var target: Int
        var connections = 0
        var sockets: [Int32] = []
        var isStopped = false
    }

    let port: Int
    private let listener: Int32
    private let state: Mutex<State>

    /// - Parameters:
    ///   - target: the forge's port; nil for nobody behind, where every connection stalls.
    ///   - deeds: for the first connections in order; the later ones pass.
    init(to target: Int?, _ deeds: [Deed]) throws {
        state = Mutex(State(deeds: deeds, target: target ?? 0))
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = Meddler.loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && listen(listener, 16) == 0
                    && getsockname(listener, pointer, &length) == 0
            }
        }
        guard isListening else { throw POSIXError(.EADDRNOTAVAIL) }
        port = Int(UInt16(bigEndian: address.sin_port))
        let thread = Thread { [self] in acceptAll() }
        thread.start()
    }

    /// How many connections came.
    var connections: Int { state.withLock { $0.connections } }

    /// Who is behind from now on, where that is known only after the port of this.
    func lead(to target: Int) {
        state.withLock { $0.target = target }
    }

    func stop() {
        let sockets = state.withLock { state in
            state.isStopped = true
            return state.sockets
        }
        shutdown(listener, Int32(SHUT_RDWR))
        for socket in sockets { shutdown(socket, Int32(SHUT_RDWR)) }
    }

    private static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        return address
    }

    private func acceptAll() {
        while true {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { break }
            let deed = state.withLock { state -> Deed? in
                guard !state.isStopped else { return nil }
                state.connections += 1
                state.sockets.append(client)
                return state.deeds.isEmpty ? .pass : state.deeds.removeFirst()
            }
            guard let deed else { break }
            let target = state.withLock { $0.target }
            if target == 0 { continue }
            let forge = connect(target)
            state.withLock { $0.sockets.append(forge) }
            pump(from: client, to: forge, .pass)
            pump(from: forge, to: client, deed)
        }
        close(listener)
    }

    private func connect(_ target: Int) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Meddler.loopback(port: target)
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                Glibc.connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return descriptor
    }

    private func pump(from source: Int32, to sink: Int32, _ deed: Deed) {
        let thread = Thread { [self] in
            var buffer = [UInt8](repeating: 0, count: 16 << 10)
            var passed = 0
            while true {
                let count = recv(source, &buffer, buffer.count, 0)
                guard count > 0 else { break }
                switch deed {
                case .cut(let limit) where passed + count > limit:
                    shutdown(source, Int32(SHUT_RDWR))
                    shutdown(sink, Int32(SHUT_RDWR))
                    return
                case .stall(let limit) where passed + count > limit:
                    // Silent until the test is over, and deaf as well.
                    while !state.withLock({ $0.isStopped }) { usleep(20_000) }
                    return
                default: break
                }
                passed += count
                var sent = 0
                while sent < count {
                    let more = buffer.withUnsafeBytes {
                        send(sink, $0.baseAddress! + sent, count - sent, Int32(MSG_NOSIGNAL))
                    }
                    guard more > 0 else { break }
                    sent += more
                }
            }
            shutdown(sink, Int32(SHUT_WR))
        }
        thread.start()
    }
}
