import HifCore
import HifRepository

/// Content that this machine has and the project need not have.
enum OwnContent {
    /// Merged here.
    case bytes([UInt8])
    /// What the file at this path of the working copy holds: only its kind changes.
    case file(RepoPath)
}

/// Gives a materializer the contents it asks for, fetching those it will ask for next along with
/// them, so that a checkout is a few large requests.
///
/// Held in memory: one batch, at most `batchBytesMax` of content; a larger file is streamed alone.
final class PrefetchingSource: ContentSource {
    static let batchBytesMax: UInt64 = 16 << 20
    static let batchCountMax = 4096

    private let remote: any Remote
    private let position: Position
    /// What will be wanted, in the order of the materializer.
    private let order: [(path: RepoPath, leaf: Leaf)]
    private var next = 0
    private var batch: [Hash: [UInt8]] = [:]
    /// Contents that are not in the project.
    private let own: [Hash: OwnContent]
    private let top: DirectoryHandle

    init(
        _ remote: any Remote, at position: Position, changes: [TargetChange],
        own: [Hash: OwnContent] = [:], below top: DirectoryHandle
    ) {
        self.remote = remote
        self.position = position
        self.own = own
        self.top = top
        order = changes.compactMap { change in
            guard let leaf = change.new, leaf.kind != .directory else { return nil }
            return (change.path, leaf)
        }.sorted { precedesDirectoryMajor($0.path.bytes, $1.path.bytes) }
    }

    func content(
        of leaf: Leaf, at path: RepoPath, _ receive: ([UInt8]) throws -> Void
    ) async throws {
        switch own[leaf.hash] {
        case .bytes(let bytes): return try receive(bytes)
        case .file(let path):
            guard let file = try WorkingFile.open(path, below: top) else {
                throw ReadError.noContent(leaf.hash)
            }
            while let piece = try file.next() { try receive(piece) }
            return
        case nil: break
        }
        if let bytes = batch[leaf.hash] { return try receive(bytes) }
        if leaf.size > PrefetchingSource.batchBytesMax {
            try await remote.contents([leaf.hash], at: position) { try receive($0.bytes) }
            return
        }
        try await fetchBatch(including: leaf, at: path)
        guard let bytes = batch[leaf.hash] else { throw ReadError.noContent(leaf.hash) }
        try receive(bytes)
    }

    /// Replaces the batch by this content and those that come after it.
    private func fetchBatch(including leaf: Leaf, at path: RepoPath) async throws {
        batch = [:]
        var wanted: [Hash] = [leaf.hash]
        var seen: Set<Hash> = [leaf.hash]
        var bytes = leaf.size
        if let index = order[next...].firstIndex(where: { $0.path == path }) { next = index + 1 }
        var index = next
        while index < order.count, wanted.count < PrefetchingSource.batchCountMax {
            let ahead = order[index].leaf
            index += 1
            guard own[ahead.hash] == nil, !seen.contains(ahead.hash),
                ahead.size <= PrefetchingSource.batchBytesMax
            else { continue }
            guard bytes + ahead.size <= PrefetchingSource.batchBytesMax else { break }
            seen.insert(ahead.hash)
            wanted.append(ahead.hash)
            bytes += ahead.size
        }
        var fetched: [Hash: [UInt8]] = [:]
        try await remote.contents(wanted, at: position) { piece in
            fetched[piece.id, default: []] += piece.bytes
        }
        batch = fetched
    }
}
