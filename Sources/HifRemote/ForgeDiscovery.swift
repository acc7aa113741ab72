import AsyncHTTPClient
import Foundation
import HifCore
import HifWorkspace
import NIOCore
import NIOHTTP1
import NIOSSL

/// What a client needs to know of a forge before it can speak to it, from `/.well-known/micelio`.
package struct ForgeDiscovery: Codable, Hashable, Sendable {
    /// Where gRPC answers.
    package let host: String
    package let port: Int
    /// The key to insist on; nil for a forge on this machine that speaks gRPC without TLS.
    package var pin: String?
    package let storeID: String

    package init(host: String, port: Int, pin: String?, storeID: String) {
        self.host = host
        self.port = port
        self.pin = pin
        self.storeID = storeID
    }

    private struct Document: Decodable {
        let version: Int
        let store_id: String
        let grpc: String
        let grpc_tls: Bool
        let key_pin: String?
    }

    private static let documentBytesMax = 64 << 10

    /// Asks the forge at `address`.
    ///
    /// - Parameter certificateAuthority: a PEM file with an authority to trust instead of the
    ///   system's, for https.
    package static func ask(
        _ address: ForgeAddress, certificateAuthority: String? = nil
    ) async throws -> ForgeDiscovery {
        let body: [UInt8]
        do {
            body = try await get("\(address.url)/.well-known/micelio", certificateAuthority)
        } catch let error as WorkspaceError {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            if let fault = NetworkFault(error) { throw fault.error(at: address.url) }
            throw WorkspaceError(
                .network, "there is no forge at \(address): \(SafeText.escape("\(error)"))",
                hint: "is it running, and is the address right?")
        }
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(body)) else {
            throw WorkspaceError(
                .network, "what answers at \(address) is no forge", hint: "is the address right?")
        }
        guard document.version == 1 else {
            throw WorkspaceError(
                .newerVersion, "the forge at \(address) speaks version \(document.version)",
                hint: "install a newer hif")
        }
        return try read(document, address)
    }

    private static func read(
        _ document: Document, _ address: ForgeAddress
    ) throws -> ForgeDiscovery {
        guard let colon = document.grpc.lastIndex(of: ":"),
            let port = Int(document.grpc[document.grpc.index(after: colon)...]),
            (1...65_535).contains(port)
        else {
            throw WorkspaceError(
                .network, "the forge at \(address) names no address for gRPC yet",
                hint: "try again in a moment")
        }
        // Without a host it is the one by which we came.
        let named = ForgeAddress.host(of: String(document.grpc))
        let host = named.isEmpty ? address.host : named
        let pin = document.grpc_tls ? document.key_pin : nil
        guard pin != nil || ForgeAddress.isLoopback(host) else {
            throw WorkspaceError(
                .refused, "the forge at \(address) speaks gRPC without TLS on another machine",
                hint: "its owner has to switch TLS on")
        }
        return ForgeDiscovery(host: host, port: port, pin: pin, storeID: document.store_id)
    }

    private static func get(_ url: String, _ authority: String?) async throws -> [UInt8] {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10), read: .seconds(10)))
        if let authority {
            // Read here: the client would go on trying to connect until its time is up.
            guard let roots = try? NIOSSLCertificate.fromPEMFile(authority), !roots.isEmpty else {
                throw WorkspaceError(
                    .usage,
                    "no certificates to trust can be read from '\(SafeText.escape(authority))'",
                    hint: "--ca wants a PEM file")
            }
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .certificates(roots)
            configuration.tlsConfiguration = tls
        }
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let response = try await client.execute(
                HTTPClientRequest(url: url), timeout: .seconds(20))
            guard response.status == .ok else {
                throw WorkspaceError(
                    .network, "\(url) answers \(response.status.code)",
                    hint: "is this the address of a forge?")
            }
            let body = try await response.body.collect(upTo: documentBytesMax)
            try await client.shutdown()
            return Array(body.readableBytesView)
        } catch {
            try? await client.shutdown()
            throw error
        }
    }
}
