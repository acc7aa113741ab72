import Foundation

/// What a running server says about itself in `DATA/run.json`, so that scripts may let it choose
/// free ports and `micelio admin` can print links that work. Removed on an orderly stop; after a
/// crash it is stale, and readers check the process id.
package struct RunFile: Codable, Hashable, Sendable {
    package let pid: Int32
    /// The HTTP address, as `http://127.0.0.1:4000`.
    package let http: String
    /// What pages and links name.
    package let publicURL: String
    /// Host and port of gRPC.
    package let grpc: String
    /// The key to pin; nil without TLS.
    package let pin: String?

    package func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        try encoder.encode(self).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    /// The file at `path`; nil when there is none that can be read.
    package static func read(_ path: String) -> RunFile? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        return try? JSONDecoder().decode(RunFile.self, from: data)
    }

    /// One line for scripts: `micelio ready http=… grpc=… pin=…`.
    package var line: String {
        "micelio ready http=\(http) grpc=\(grpc) pin=\(pin ?? "none") pid=\(pid)"
    }
}
