import Foundation
import GRPCCore
import Logging
import NIOCore
import Synchronization
import Testing

@testable import MicelioForge

/// How a server ends, and what it says of clients that went first.
@Suite(.timeLimit(.minutes(2))) struct StoppingTests {
    /// Dials both ports of a server again and again, from threads, until told to stop.
    private final class Crowd: Sendable {
        private let isOver = Mutex(false)
        private let dialled = Mutex(0)

        var count: Int { dialled.withLock { $0 } }

        func come(to port: Int) {
            let thread = Thread { [self] in
                while !isOver.withLock({ $0 }) {
                    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
                    var address = sockaddr_in()
                    address.sin_family = sa_family_t(AF_INET)
                    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
                    address.sin_port = UInt16(port).bigEndian
                    let result = withUnsafePointer(to: &address) { pointer in
                        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                            connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
                        }
                    }
                    if result == 0 { dialled.withLock { $0 += 1 } }
                    usleep(result == 0 ? 50 : 1_000)
                    close(descriptor)
                }
            }
            thread.start()
        }

        func go() { isOver.withLock { $0 = true } }
    }

    /// What happens otherwise ends the process, and this test with it: NIO does not survive a
    /// connection that is half accepted when its listener goes.
    @Test func `a server ends in order while people come in`() async throws {
        for _ in 0..<6 {
            let crowd = Crowd()
            defer { crowd.go() }
            try await TestServer.with { server in
                for _ in 0..<2 {
                    crowd.come(to: server.rpcPort)
                    crowd.come(to: server.httpPort)
                }
                let deadline = Date().addingTimeInterval(20)
                while crowd.count < 40, Date() < deadline {
                    try await Task.sleep(for: .milliseconds(2))
                }
                #expect(crowd.count >= 40)
            }
        }
    }

    @Test func `a data directory has one server at a time`() async throws {
        let directory = try TemporaryDirectory()
        let data = directory.path + "/data"
        for _ in 0..<2 {
            try await TestServer.with({ $0.dataDirectory = data }) { server in
                let second = await #expect(throws: ForgeError.self) {
                    try await TestServer.with({ $0.dataDirectory = data }) { _ in }
                }
                #expect(second?.code == .alreadyExists)
                #expect(second?.message.contains(data) == true)
                #expect(second?.message.contains(server.run.http) == true, "says where it is")
                #expect(second?.hint?.contains("--data") == true)
                // The refused one has not taken away what leads to the first.
                #expect(RunFile.read(data + "/run.json") == server.run)
            }
        }
    }

    @Test func `a client that has gone is no fault of the forge`() {
        let gone: [any Error] = [
            ChannelError.ioOnClosedChannel, CancellationError(),
            IOError(errnoCode: ECONNRESET, reason: "write"), NIOAsyncWriterError.alreadyFinished(),
        ]
        let faults: [any Error] = [CocoaError(.fileNoSuchFile), ForgeError(.damaged, "x")]
        for (error, isGone) in gone.map({ ($0, true) }) + faults.map({ ($0, false) }) {
            let lines = LogLines()
            withLogger(Logger(label: "test") { _ in lines }) { _ in
                let status = RPCErrors.status(
                    for: error,
                    method: MethodDescriptor(fullyQualifiedService: "a.B", method: "C"))
                #expect(((status as? RPCError)?.code == .cancelled) == isGone, "\(error)")
                #expect(lines.levels == (isGone ? [.debug] : [.error]), "\(error)")
            }
        }
    }

    /// Remembers at which levels something was logged.
    private final class LogLines: LogHandler, Sendable {
        private let state = Mutex<[Logger.Level]>([])

        var levels: [Logger.Level] { state.withLock { $0 } }
        var logLevel: Logger.Level {
            get { .trace }
            set {}
        }
        var metadata: Logger.Metadata {
            get { [:] }
            set {}
        }
        subscript(metadataKey _: String) -> Logger.Metadata.Value? {
            get { nil }
            set {}
        }

        func log(event: LogEvent) {
            state.withLock { $0.append(event.level) }
        }
    }
}
