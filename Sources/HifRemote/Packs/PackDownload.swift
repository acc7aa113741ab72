import AsyncHTTPClient
import HifCore
import HifRepository
import HifWorkspace
import NIOCore
import NIOSSL
import Synchronization

/// Fetching contents out of packs over HTTP, from the cache that stands before a forge.
///
/// What comes is verified as what lies in a store. The first failure, of whatever kind, ends it for this
/// process: the forge itself is asked from then on, rather than the cache again for each content.
final class PackDownload: Sendable {
    /// Ranges under way besides the one that is waited for.
    private static let readahead = 3

    private struct State {
        var isGivenUp = false
        var client: HTTPClient?
    }

    /// A PEM file with the authority to trust in place of the system's.
    private let certificateAuthority: String?
    private let state = Mutex(State())

    init(certificateAuthority: String?) {
        self.certificateAuthority = certificateAuthority
    }

    deinit {
        // Keeps the client alive until its connections are closed.
        guard let client = state.withLock({ $0.client }) else { return }
        client.shutdown { [client] _ in _ = client }
    }

    /// Whether a forge is to be told that places will do.
    var isOfUse: Bool { state.withLock { !$0.isGivenUp } }

    /// Hands over the contents, in the order of the packs and the parts of one together. Those that did
    /// not come before something failed are not handed over, and nothing is thrown for it.
    ///
    /// - Throws: what `deliver` throws, and when the task is cancelled.
    func contents(
        _ places: PackPlaces, _ deliver: (ContentPiece) async throws -> Void
    ) async throws {
        var failure: (any Error)?
        func handOver(_ piece: ContentPiece) async throws {
            do {
                try await deliver(piece)
            } catch {
                failure = error
                throw error
            }
        }
        do {
            let reader = ContentReader(
                PackHTTPStore(try client(), addresses: places.addresses),
                readahead: PackDownload.readahead)
            try await reader.read(places.requests) { index, found in
                let id = places.requests[index].id
                switch found {
                case .whole(let bytes):
                    try await handOver(ContentPiece(id: id, bytes: bytes, isLast: true))
                case .chunked(let manifest):
                    try await reader.stream(manifest) { bytes in
                        try await handOver(ContentPiece(id: id, bytes: bytes, isLast: false))
                    }
                    try await handOver(ContentPiece(id: id, bytes: [], isLast: true))
                }
            }
        } catch {
            if let failure { throw failure }
            try Task.checkCancellation()
            giveUp()
        }
    }

    func giveUp() {
        state.withLock { $0.isGivenUp = true }
    }

    private func client() throws -> HTTPClient {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(5), read: .seconds(15)))
        configuration.httpVersion = .http1Only
        // Who is not there is not waited for: there is another way.
        configuration.connectionPool.retryConnectionEstablishment = false
        if let path = certificateAuthority {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(path))
            configuration.tlsConfiguration = tls
        }
        return state.withLock { state in
            if let client = state.client { return client }
            let client = HTTPClient(
                eventLoopGroupProvider: .singleton, configuration: configuration)
            state.client = client
            return client
        }
    }
}
