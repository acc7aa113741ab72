import AsyncHTTPClient
import Glibc
import HifStore
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The connections to one endpoint, and one signed request over one of them at a time.
///
/// Never repeats a request and follows no redirect: whoever writes to the log must know about each
/// attempt. Only connecting is tried again, for as long as the request's time allows, since nothing was
/// sent then.
final class S3Connection: Sendable {
    let settings: S3Settings
    let endpoint: S3Settings.Endpoint
    private let signer: RequestSigner
    private let client: HTTPClient
    private let now: @Sendable () -> Int64

    /// No request is made.
    ///
    /// - Parameter now: seconds since 1970.
    init(
        _ settings: S3Settings, credentials: S3Credentials, now: @escaping @Sendable () -> Int64
    ) throws(StoreError) {
        self.settings = settings
        self.now = now
        endpoint = try settings.resolvedEndpoint()
        signer = RequestSigner(
            credentials: credentials, region: settings.region,
            words: settings.dialect == .gcs ? .gcs : .aws)
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(
                connect: .seconds(Int64(min(5, settings.silenceSeconds))),
                read: .seconds(Int64(settings.silenceSeconds)),
                write: .seconds(Int64(settings.silenceSeconds))))
        configuration.httpVersion = .http1Only
        // Shorter than servers keep idle connections: one that is closed as we send costs a read back.
        configuration.connectionPool = .init(
            idleTimeout: .seconds(4),
            concurrentHTTP1ConnectionsPerHostSoftLimit: settings.connectionsMax)
        if let path = settings.authorityPath {
            // Read here: the client would go on trying to connect until its time is up.
            guard let roots = try? NIOSSLCertificate.fromPEMFile(path), !roots.isEmpty else {
                throw StoreError(.refused, "no certificates to trust can be read from '\(path)'")
            }
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .certificates(roots)
            configuration.tlsConfiguration = tls
        }
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    deinit {
        // Keeps the client alive until its connections are closed.
        client.shutdown { [client] _ in _ = client }
    }

    /// Sends `request` once.
    ///
    /// - Returns: the answer, whatever its status.
    /// - Throws: `unknown` when there was none, or none whole; `cancelled`; `corrupt` when it was longer
    ///   than `answerBytesMax`.
    func perform(_ request: S3Request) async throws(StoreError) -> S3Answer {
        let isWrite = request.method != .get && request.method != .head
        if Task.isCancelled {
            throw StoreError(.cancelled, key: request.key, "cancelled before anything was sent")
        }
        do {
            let response = try await client.execute(
                signed(request), timeout: .seconds(seconds(for: request)))
            let declared = response.headers.first(name: "content-length").flatMap { Int($0) }
            guard declared ?? 0 <= request.answerBytesMax || request.method == .head else {
                throw tooLong(request)
            }
            var body: [UInt8] = []
            body.reserveCapacity(min(declared ?? 0, request.answerBytesMax))
            for try await piece in response.body {
                guard body.count + piece.readableBytes <= request.answerBytesMax else {
                    throw tooLong(request)
                }
                body += piece.readableBytesView
            }
            var headers: [String: String] = [:]
            for (name, value) in response.headers {
                let name = name.lowercased()
                if headers[name] == nil { headers[name] = value }
            }
            return S3Answer(status: Int(response.status.code), headers: headers, body: body)
        } catch let error as StoreError {
            throw error
        } catch {
            throw S3Outcome.lost(
                error, isWrite: isWrite, key: request.key, endpoint: endpoint.url)
        }
    }

    private func tooLong(_ request: S3Request) -> StoreError {
        StoreError(
            .corrupt, key: request.key,
            "the answer is longer than the \(request.answerBytesMax) bytes that can be right")
    }

    /// What the whole of it may take.
    private func seconds(for request: S3Request) -> Int64 {
        // Of an answer's length only the bound is known; documents come at once.
        let expected = max(request.body.count, min(request.answerBytesMax, 256 << 20))
        return Int64(settings.silenceSeconds + expected >> 18)
    }

    private func signed(_ request: S3Request) -> HTTPClientRequest {
        // The alphabets of buckets and keys need no escaping.
        let path = request.key.map { endpoint.pathPrefix + $0.string } ?? endpoint.pathPrefix
        let headers = signer.signed(
            method: request.method.rawValue, host: endpoint.host, path: path,
            query: request.query, headers: request.headers,
            bodyHash: RequestSigner.hash(request.body), at: now())
        let query = RequestSigner.encoded(request.query)
        var result = HTTPClientRequest(
            url: endpoint.url + path + (query.isEmpty ? "" : "?" + query))
        result.method = HTTPMethod(rawValue: request.method.rawValue)
        for (name, value) in headers { result.headers.add(name: name, value: value) }
        if let halfway = request.halfway {
            result.body = .stream(
                TwoHalves(body: request.body, halfway: halfway),
                length: .known(Int64(request.body.count)))
        } else if !request.body.isEmpty || request.method == .put || request.method == .post {
            result.body = .bytes(ByteBuffer(bytes: request.body))
        }
        return result
    }
}

/// A body that pauses in its middle.
private struct TwoHalves: AsyncSequence, Sendable {
    let body: [UInt8]
    let halfway: @Sendable () async -> Void

    func makeAsyncIterator() -> Iterator { Iterator(body: body, halfway: halfway) }

    struct Iterator: AsyncIteratorProtocol {
        let body: [UInt8]
        let halfway: @Sendable () async -> Void
        var part = 0

        mutating func next() async -> ByteBuffer? {
            part += 1
            switch part {
            case 1: return ByteBuffer(bytes: body[..<(body.count / 2)])
            case 2:
                await halfway()
                return ByteBuffer(bytes: body[(body.count / 2)...])
            default: return nil
            }
        }
    }
}

/// What kept an answer away, in words.
enum TransportFailure {
    static func sentence(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.first { return sentence(first.error) }
            return "the host '\(error.host)' is not known"
        case let error as IOError: return String(cString: strerror(error.errnoCode))
        case let error as HTTPClientError:
            switch error {
            case .connectTimeout: return "connecting took too long"
            case .readTimeout, .deadlineExceeded: return "the answer took too long"
            case .writeTimeout: return "sending took too long"
            case .remoteConnectionClosed: return "the connection was closed"
            default: return error.shortDescription
            }
        case is NIOSSLError, is BoringSSLError:
            return "no trust in its certificate, or no TLS at all: \(error)"
        default: return "\(error)"
        }
    }
}
