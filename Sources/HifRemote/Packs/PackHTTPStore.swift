import AsyncHTTPClient
import HifCore
import HifRepository
import HifStore
import NIOCore
import NIOHTTP1
import Synchronization

/// Packs at addresses that were given out: a store of which ranges can be read, and nothing else be asked.
///
/// Sends no credentials, follows no redirect, and repeats nothing: whoever reads has another way.
final class PackHTTPStore: ObjectStore {
    /// Beyond it nothing of a pack was asked for by anybody.
    private static let rangeBytesMax = 1 << 30
    private static let bytesPerSecondMin = 64 << 10

    private let client: HTTPClient
    private let addresses: [Hash: String]
    /// Of packs of which something was read.
    private let sizes = Mutex<[Hash: Int]>([:])

    init(_ client: HTTPClient, addresses: [Hash: String]) {
        self.client = client
        self.addresses = addresses
    }

    func get(_ key: ObjectKey, _ range: ByteRange) async throws(StoreError) -> StoredObject {
        guard let pack = PackKey.pack(of: key), let url = addresses[pack] else {
            throw StoreError(.notFound, key: key, "no address was given for it")
        }
        guard PackHTTPStore.isAllowed(url) else {
            throw StoreError(.refused, key: key, "packs come over https, or from this machine")
        }
        switch range {
        case .all:
            throw StoreError(.refused, key: key, "packs are not read whole over HTTP")
        case .range(let offset, let count):
            return try await fetch(key, pack, url, offset, count)
        case .suffix(let count):
            // As a plain range: caches that keep slices take no other.
            var known = sizes.withLock { $0[pack] }
            if known == nil { known = try await fetch(key, pack, url, 0, 1).size }
            let size = known ?? 0
            let offset = max(0, size - count)
            return try await fetch(key, pack, url, offset, size - offset)
        }
    }

    private func fetch(
        _ key: ObjectKey, _ pack: Hash, _ url: String, _ offset: Int, _ count: Int
    ) async throws(StoreError) -> StoredObject {
        guard count > 0, count <= PackHTTPStore.rangeBytesMax, offset >= 0, offset <= 1 << 50 else {
            throw StoreError(.refused, key: key, "\(count) bytes of a pack")
        }
        if Task.isCancelled { throw StoreError(.cancelled, key: key, "cancelled") }
        do {
            var request = HTTPClientRequest(url: url)
            request.headers.add(name: "range", value: "bytes=\(offset)-\(offset + count - 1)")
            let seconds = 30 + count / PackHTTPStore.bytesPerSecondMin
            let response = try await client.execute(request, timeout: .seconds(Int64(seconds)))
            switch response.status {
            case .partialContent: break
            case .notFound: throw StoreError(.notFound, key: key, "there is no such pack")
            default:
                throw StoreError(
                    .unknown, key: key, "the answer is \(response.status.code)")
            }
            guard
                let size = PackHTTPStore.size(
                    response.headers.first(name: "content-range"), startingAt: offset)
            else { throw StoreError(.corrupt, key: key, "not the range that was asked for") }
            let expected = min(count, size - offset)
            var bytes: [UInt8] = []
            bytes.reserveCapacity(expected)
            for try await piece in response.body {
                guard bytes.count + piece.readableBytes <= expected else { break }
                bytes += piece.readableBytesView
            }
            guard bytes.count == expected else {
                throw StoreError(.corrupt, key: key, "another length than was said")
            }
            sizes.withLock { $0[pack] = size }
            return StoredObject(bytes: bytes, etag: ETag(""), size: size)
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(.unknown, key: key, "no answer", cause: "\(error)")
        }
    }

    /// The size that `bytes first-last/size` says, if it begins where it should.
    static func size(_ header: String?, startingAt offset: Int) -> Int? {
        guard let header, header.hasPrefix("bytes \(offset)-"),
            let slash = header.lastIndex(of: "/"),
            let size = Int(header[header.index(after: slash)...]), size > offset
        else { return nil }
        return size
    }

    /// An address that a forge gave is its word; only where it leads is ours to judge.
    static func isAllowed(_ url: String) -> Bool {
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, parts[1].isEmpty, !parts[2].contains("@") else { return false }
        switch parts[0] {
        case "https:": return true
        case "http:": return ForgeAddress.isLoopback(ForgeAddress.host(of: String(parts[2])))
        default: return false
        }
    }

    // MARK: What nobody can ask here

    func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag {
        throw StoreError(.refused, key: key, "packs are only read over HTTP")
    }

    func list(
        prefix: String, after: ObjectKey?, limit: Int
    ) async throws(StoreError) -> ListPage {
        throw StoreError(.refused, "packs are only read over HTTP")
    }

    func delete(_ key: ObjectKey) async throws(StoreError) {
        throw StoreError(.refused, key: key, "packs are only read over HTTP")
    }
}
