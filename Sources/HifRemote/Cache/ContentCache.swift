import Foundation
package import HifCore
package import HifRepository
import Synchronization

/// Tree nodes and file contents of one project, kept on this machine for every workspace of its
/// user: content never changes, so what was fetched once need not be fetched again, and what is here
/// can be read without a network.
///
/// The files are packs, as a store has them. Each process writes its own and closes them at the end;
/// the others see a pack once it is whole. Everything read is verified, and a pack with a damaged
/// record is removed: it is fetched again. No error of the cache is an error of its user.
package final class ContentCache: Sendable {
    /// What all packs together may take. A quarter goes when it is more.
    package static let bytesMaxStandard = 4 << 30
    /// A larger file is passed through and not kept.
    package static let contentBytesMax = 512 << 20
    private static let packBytesTarget = 16 << 20

    private struct State {
        /// The packs to read from; nil until something is looked for.
        var packs: CachePacks?
        var writer: ContentWriter
        /// What was given to the writer, and can be read once its pack is closed.
        var written: Set<Hash> = []
        /// Contents of which the last piece has not come yet, and their bytes so far.
        var streams: [UInt64: (ContentStream, Int)] = [:]
        var streamCount: UInt64 = 0
        var isBroken = false
        let zstd = Zstd()
    }

    private let folder: CacheFolder
    private let bytesMax: Int
    private let random: @Sendable () -> UInt64
    private let state: Mutex<State>
    private let roots: CachedRoots

    /// - Parameters:
    ///   - directory: of this project alone. Made if need be.
    ///   - random: 64 random bits.
    package init(
        directory: String, bytesMax: Int = ContentCache.bytesMaxStandard,
        random: @escaping @Sendable () -> UInt64
    ) throws {
        folder = try CacheFolder(path: directory)
        self.bytesMax = bytesMax
        self.random = random
        roots = CachedRoots(path: directory + "/roots")
        state = Mutex(
            State(
                writer: ContentWriter(
                    packs: PackSequence(packBytesTarget: ContentCache.packBytesTarget) {
                        PackNonce(high: random(), low: random())
                    })))
    }

    /// `hif` below `XDG_CACHE_HOME`, or below `~/.cache`. A project's cache is `<store>/<project>`
    /// in there: the store's id because a store that was restored from a backup is another one.
    package static func standardDirectory(environment: [String: String]) -> String {
        let home = environment["HOME"] ?? NSHomeDirectory()
        let base = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return (base ?? home + "/.cache") + "/hif"
    }

    // MARK: Reading

    /// The node with this hash; nil when it is not here.
    package func node(_ hash: Hash) -> TreeNode? {
        read(hash, .node).flatMap { try? TreeNode(decoding: $0) }
    }

    /// A content that is here.
    package enum Found: Sendable {
        case whole([UInt8])
        /// In these chunks, in order, which `chunk(_:)` gives.
        case chunked([Hash])
    }

    /// Where the content with this id is; nil when it is not here, or not all of it.
    package func find(_ id: Hash) -> Found? {
        if let whole = read(id, .blob) { return .whole(whole) }
        guard let bytes = read(id, .manifest), let manifest = try? ChunkManifest(bytes),
            manifest.id == id
        else { return nil }
        let chunks = manifest.chunks.map(\.id)
        let isComplete = withPacks { packs, _ in
            chunks.allSatisfy { packs.has($0, .chunk) }
        }
        return isComplete ? .chunked(chunks) : nil
    }

    /// A piece of a large content; nil when it is gone or damaged.
    package func chunk(_ id: Hash) -> [UInt8]? {
        read(id, .chunk)
    }

    /// The root of the tree at a position, as the forge said when it was asked last.
    package func root(at position: Position) -> Hash? {
        roots[position]
    }

    private func read(_ id: Hash, _ kind: PackRecordKind) -> [UInt8]? {
        let folder = folder
        return withPacks { packs, zstd in packs.content(id, kind, zstd, folder) }
    }

    private func withPacks<Result: Sendable>(
        _ body: @Sendable (inout CachePacks, Zstd) -> Result
    ) -> Result {
        state.withLock { state in
            if state.packs == nil { state.packs = CachePacks(in: folder) }
            return body(&state.packs!, state.zstd)
        }
    }

    // MARK: Keeping

    package func keep(_ node: TreeNode) {
        write { state throws(ContentError) in
            guard state.written.insert(node.hash).inserted else { return }
            state.writer.packs.add(.node, id: node.hash, node.bytes)
        }
    }

    package func keep(root: Hash, at position: Position) {
        roots[position] = root
    }

    /// Takes a content that arrives in pieces. Give every piece, in order; one that is not finished
    /// leaves nothing that could be found.
    package final class Keeping {
        private let cache: ContentCache
        private let number: UInt64

        package init(in cache: ContentCache) {
            self.cache = cache
            number = cache.state.withLock { state in
                state.streamCount += 1
                state.streams[state.streamCount] = (ContentStream(), 0)
                return state.streamCount
            }
        }

        /// - Parameter piece: its content was verified when it is the last one.
        package func take(_ piece: ContentPiece) {
            cache.take(piece, of: number)
        }

        deinit { cache.forget(number) }
    }

    private func take(_ piece: ContentPiece, of number: UInt64) {
        write { state throws(ContentError) in
            guard var (stream, size) = state.streams.removeValue(forKey: number) else { return }
            size += piece.bytes.count
            guard size <= ContentCache.contentBytesMax else { return }
            try stream.append(piece.bytes, to: &state.writer)
            if !piece.isLast {
                state.streams[number] = (stream, size)
            } else if state.written.insert(piece.id).inserted {
                _ = stream.finish(in: &state.writer)
            }
        }
    }

    private func forget(_ number: UInt64) {
        state.withLock { _ = $0.streams.removeValue(forKey: number) }
    }

    private func write(_ body: @Sendable (inout State) throws(ContentError) -> Void) {
        state.withLock { state in
            guard !state.isBroken else { return }
            do throws(ContentError) {
                try body(&state)
            } catch {
                return
            }
            writeSealed(&state)
        }
    }

    private func writeSealed(_ state: inout State) {
        while let pack = state.writer.packs.takeSealed() {
            // A full disk, say: what cannot be kept is done without, and not tried again.
            guard !state.isBroken, let path = try? folder.write(pack) else {
                state.isBroken = true
                continue
            }
            state.packs?.add(path)
        }
    }

    /// Writes what is held in memory, and keeps the cache within its bounds. Call at the end.
    package func close() {
        let hasWritten = state.withLock { state in
            state.writer.packs.seal()
            writeSealed(&state)
            return !state.written.isEmpty
        }
        guard hasWritten else { return }
        folder.tidy(bytesMax: bytesMax) { PackNonce(high: random(), low: random()) }
    }

    deinit { close() }
}

/// The packs of a folder that were there when it was looked at, and those of this process since.
struct CachePacks {
    private var packs: [Box] = []

    private final class Box {
        let pack: CachePack
        var isUsed = false

        init(_ pack: consuming CachePack) {
            self.pack = pack
        }
    }

    init(in folder: CacheFolder) {
        for path in folder.packs() {
            if let pack = CachePack(path: path) {
                packs.append(Box(pack))
            } else {
                folder.remove(path)
            }
        }
    }

    mutating func add(_ path: String) {
        if let pack = CachePack(path: path) { packs.append(Box(pack)) }
    }

    func has(_ id: Hash, _ kind: PackRecordKind) -> Bool {
        packs.contains { $0.pack.has(id, kind) }
    }

    /// The content, verified; nil when no pack has it. A pack that has it damaged is removed.
    mutating func content(
        _ id: Hash, _ kind: PackRecordKind, _ zstd: Zstd, _ folder: CacheFolder
    ) -> [UInt8]? {
        var index = packs.count - 1
        while index >= 0 {
            do throws(FormatError) {
                if let content = try packs[index].pack.content(id, kind, zstd) {
                    if !packs[index].isUsed {
                        packs[index].isUsed = true
                        folder.touch(packs[index].pack.path)
                    }
                    return content
                }
            } catch {
                folder.remove(packs[index].pack.path)
                packs.remove(at: index)
            }
            index -= 1
        }
        return nil
    }
}
