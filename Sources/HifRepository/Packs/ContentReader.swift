package import HifCore
package import HifStore
import Synchronization

/// Reads contents out of the packs of a store, verifying each against its id.
///
/// One ranged GET reads a content whose location is known; a delta costs its pack's footer (kept)
/// and usually one GET more. A pack that is gone was compacted: the content is looked for where
/// `places` says, and read there. Shared freely between tasks.
package final class ContentReader: Sendable {
    let store: any ObjectStore
    /// How many ranges are fetched ahead of the one being delivered.
    let readahead: Int
    /// Where content went that is no longer where the log says.
    package let places: Places
    private let footers = Mutex(FooterCache())
    private let bundles = Mutex(BundleCache())
    /// Contexts for whoever comes first; a task that finds them in use makes its own.
    private let scratch = Mutex(Zstd())

    /// - Parameter readahead: requests under way besides the one that is waited for; each may hold
    ///   `PackRange.rangeBytesMax` bytes.
    package init(_ store: any ObjectStore, readahead: Int = 2) {
        precondition(readahead >= 0, "readahead \(readahead)")
        self.store = store
        self.readahead = readahead
        places = Places(store)
    }

    /// The whole content of a file, from its blob or from its chunks.
    ///
    /// - Parameter bytesMax: fail with `tooLarge` rather than allocate more.
    package func blob(
        _ id: Hash, at location: PackLocation, bytesMax: Int
    ) async throws -> [UInt8] {
        let (kind, content, pack) = try await found(id, at: location, .file, bytesMax: bytesMax)
        guard kind == .manifest else { return content }
        let manifest = try manifest(content, id, in: pack)
        guard manifest.size <= UInt64(bytesMax) else {
            throw tooLarge(id, manifest.size, bytesMax, pack)
        }
        var joined: [UInt8] = []
        joined.reserveCapacity(Int(manifest.size))
        try await stream(manifest) { joined += $0 }
        return joined
    }

    /// The content of a record of one kind: a node, a session document, an operation list.
    package func content(
        _ kind: PackRecordKind, _ id: Hash, at location: PackLocation, bytesMax: Int
    ) async throws(ContentError) -> [UInt8] {
        try await found(id, at: location, .only(kind), bytesMax: bytesMax).content
    }

    /// The footer of a pack: one GET, two if it has more than some 1,400 records, none if it was
    /// read lately.
    package func footer(of pack: Hash) async throws(ContentError) -> PackFooter {
        if let footer = footers.withLock({ $0.footers[pack] }) { return footer }
        var suffixBytes = PackFooter.suffixBytes
        // A second answer can only fail to suffice if the object changed in between.
        for _ in 0..<2 {
            do {
                let object = try await store.get(PackKey.key(of: pack), .suffix(suffixBytes))
                switch try PackFooter.parse(suffix: object.bytes, packBytes: object.size) {
                case .footer(let footer):
                    footers.withLock { $0.keep(footer, of: pack) }
                    return footer
                case .needs(let more): suffixBytes = more
                }
            } catch let error as StoreError {
                throw ContentError(error, id: .zero, pack: pack)
            } catch let error as FormatError {
                throw ContentError(error, id: .zero, pack: pack)
            } catch {
                preconditionFailure("stores and decoders throw their own errors: \(error)")
            }
        }
        throw ContentError(.damaged, id: .zero, pack: pack, "the footer is of no certain length")
    }

    /// `requests` with the locations at which they would be read now: those of packs that are known to
    /// be gone are where compactions copied them.
    package func current(_ requests: [ContentRequest]) -> [ContentRequest] {
        requests.map { request in
            ContentRequest(
                id: request.id,
                location: places.relocated(request.id, request.location, isFile: true))
        }
    }

    // MARK: What reading is made of

    func bytes(
        of range: Range<Int>, in pack: Hash, for id: Hash
    ) async throws(ContentError) -> [UInt8] {
        // Locations come from outside; nothing longer than a record or a range can be meant.
        guard !range.isEmpty, range.count <= ContentReader.requestBytesMax else {
            throw ContentError(.damaged, id: id, pack: pack, "a record of \(range.count) bytes")
        }
        let object: StoredObject
        do {
            object = try await store.get(
                PackKey.key(of: pack), .range(offset: range.lowerBound, count: range.count))
        } catch {
            throw ContentError(error, id: id, pack: pack)
        }
        guard object.bytes.count == range.count else {
            throw ContentError(.damaged, id: id, pack: pack, "the pack ends inside a record")
        }
        return object.bytes
    }

    private static let requestBytesMax =
        PackRecordKind.manifest.rawBytesMax + PackRecord.headerBytesMax

    /// What a reader takes for what it asked for.
    enum Wanted {
        /// A whole file, or the manifest of its chunks.
        case file
        case chunk
        case only(PackRecordKind)

        var isFile: Bool { if case .file = self { true } else { false } }

        var kinds: [PackRecordKind] {
            switch self {
            case .file: [.blob, .chunk, .manifest]
            case .chunk: [.chunk, .blob]
            case .only(let kind): [kind]
            }
        }

        /// Whether the record, found as `part` says, is one.
        func takes(_ kind: PackRecordKind, _ part: PackLocation.Part) -> Bool {
            switch part {
            case .record: kinds.contains(kind)
            case .found: kind.isPlain
            case .member: kind == .bundle
            }
        }
    }

    /// One content; a pack that is gone costs another look at where things are.
    private func found(
        _ id: Hash, at location: PackLocation, _ wanted: Wanted, bytesMax: Int
    ) async throws(ContentError) -> (kind: PackRecordKind, content: [UInt8], pack: Hash) {
        var location = places.relocated(id, location, isFile: wanted.isFile)
        for move in 0... {
            do throws(ContentError) {
                let bytes = try await bytes(of: location.range, in: location.pack, for: id)
                let found = try await content(
                    id, location, bytes.indices, of: bytes, wanted, bytesMax: bytesMax)
                return (found.kind, found.content, location.pack)
            } catch {
                guard await mayHelpToRepeat(after: error, moved: move) else { throw error }
                location = places.relocated(id, location, isFile: wanted.isFile)
            }
        }
        preconditionFailure("the last move throws or returns")
    }

    /// How often one reading follows content that a compaction moved. More can happen only if it takes
    /// longer than several compactions and collections.
    private static let movesMax = 4

    /// Whether to read again: elsewhere, when the pack is gone and it is known where its content went,
    /// or in the same place, when what was read came from a cache and was damaged.
    ///
    /// - Parameter moved: how often the reading was begun anew.
    func mayHelpToRepeat(after error: ContentError, moved: Int) async -> Bool {
        guard moved < ContentReader.movesMax, let pack = error.pack else { return false }
        switch error.code {
        case .missing: return await places.isGone(pack, id: error.id)
        case .damaged:
            footers.withLock { $0.forget(pack) }
            return store.distrust(PackKey.key(of: pack))
        default: return false
        }
    }

    /// The content at `location`, whose record fills `range` of bytes that were read from its pack.
    func content(
        _ id: Hash, _ location: PackLocation, _ range: Range<Int>, of bytes: [UInt8],
        _ wanted: Wanted, bytesMax: Int
    ) async throws(ContentError) -> (kind: PackRecordKind, content: [UInt8]) {
        let pack = location.pack
        if case .member(let number) = location.part,
            let bundle = bundles.withLock({ $0[pack, location.offset] })
        {
            return try member(number, id, of: bundle, in: pack, bytesMax: bytesMax)
        }
        let record: PackRecord
        do throws(FormatError) {
            record = try PackRecord(filling: range, of: bytes)
            guard wanted.takes(record.kind, location.part) else {
                throw record.error("a record of kind \(record.kind)")
            }
            if record.kind != .bundle, record.id != id {
                throw record.error("record of \(record.id), not of \(id)")
            }
        } catch {
            throw ContentError(error, id: id, pack: pack)
        }
        guard case .member(let number) = location.part else {
            return (record.kind, try await decode(record, in: pack, bytesMax: bytesMax))
        }
        let decoded = try await decode(
            record, in: pack, bytesMax: PackRecordKind.bundle.rawBytesMax)
        let bundle: PackBundle
        do throws(FormatError) {
            bundle = try PackBundle(decoded)
        } catch {
            throw ContentError(error, id: id, pack: pack)
        }
        bundles.withLock { $0.keep(bundle, pack, location.offset) }
        return try member(number, id, of: bundle, in: pack, bytesMax: bytesMax)
    }

    private func member(
        _ number: UInt16, _ id: Hash, of bundle: PackBundle, in pack: Hash, bytesMax: Int
    ) throws(ContentError) -> (kind: PackRecordKind, content: [UInt8]) {
        do throws(FormatError) {
            let content = try bundle.content(Int(number), id: id)
            guard content.count <= bytesMax else {
                throw FormatError(
                    "bundle", at: 0, "\(content.count) bytes where \(bytesMax) are allowed")
            }
            return (bundle.members[Int(number)].kind, content)
        } catch {
            throw ContentError(error, id: id, pack: pack)
        }
    }

    /// The record that fills `range` of bytes that were read from `pack`.
    private func record(
        _ id: Hash, _ range: Range<Int>, of bytes: [UInt8], in pack: Hash,
        _ kinds: [PackRecordKind]
    ) throws(ContentError) -> PackRecord {
        do {
            let record = try PackRecord(filling: range, of: bytes)
            try record.expect(id, kinds)
            return record
        } catch {
            throw ContentError(error, id: id, pack: pack)
        }
    }

    func manifest(_ content: [UInt8], _ id: Hash, in pack: Hash) throws(ContentError)
        -> ChunkManifest
    {
        do {
            let manifest = try ChunkManifest(content)
            try manifest.check(id: id)
            return manifest.located(in: pack)
        } catch {
            throw ContentError(error, id: id, pack: pack)
        }
    }

    /// The content of `record`, reading the records it builds on.
    func decode(
        _ record: PackRecord, in pack: Hash, bytesMax: Int
    ) async throws(ContentError) -> [UInt8] {
        guard record.rawBytes <= bytesMax else {
            throw tooLarge(record.id, UInt64(record.rawBytes), bytesMax, pack)
        }
        var chain = [record]
        var window = Window()
        while let base = chain[chain.count - 1].base {
            guard chain.count < PackRecord.chainMax else {
                throw ContentError(
                    .damaged, id: record.id, pack: pack,
                    "more than \(PackRecord.chainMax) records to decode one")
            }
            let kind = chain[chain.count - 1].kind.baseKind
            guard let entry = try await footer(of: pack).entry(of: base, kind: kind) else {
                throw ContentError(
                    .damaged, id: record.id, pack: pack, "its base \(base) is not in the pack")
            }
            if !window.covers(entry.range) {
                window.range = Window.range(for: entry)
                window.bytes = try await bytes(of: window.range, in: pack, for: base)
            }
            let start = entry.range.lowerBound - window.range.lowerBound
            chain.append(
                try self.record(
                    base, start..<start + entry.range.count, of: window.bytes, in: pack, [kind]))
        }
        do {
            return try content(of: chain)
        } catch {
            throw ContentError(error, id: record.id, pack: pack)
        }
    }

    /// The content of the first of `chain`, each of which has the next as its base.
    private func content(of chain: [PackRecord]) throws(FormatError) -> [UInt8] {
        func decoded(_ zstd: Zstd) throws(FormatError) -> [UInt8] {
            var content: [UInt8]?
            for record in chain.reversed() {
                // Of a bundle one member is wanted, which has a hash of its own.
                content = try record.content(
                    using: zstd, base: content, isVerified: record.kind != .bundle)
            }
            return content!
        }
        let shared = try scratch.withLockIfAvailable { (zstd) throws(FormatError) in
            try decoded(zstd)
        }
        if let shared { return shared }
        return try decoded(Zstd())
    }

    func tooLarge(_ id: Hash, _ size: UInt64, _ bytesMax: Int, _ pack: Hash) -> ContentError {
        ContentError(
            .tooLarge, id: id, pack: pack, "\(size) bytes where \(bytesMax) are allowed")
    }
}

/// Part of a pack around the bases of a delta. Bases are written just before what builds on them,
/// so one read of what lies before a base usually has its own bases too.
private struct Window {
    var range = 0..<0
    var bytes: [UInt8] = []

    func covers(_ wanted: Range<Int>) -> Bool {
        range.lowerBound <= wanted.lowerBound && wanted.upperBound <= range.upperBound
    }

    static func range(for entry: PackEntry) -> Range<Int> {
        let end = entry.range.upperBound
        return min(entry.range.lowerBound, max(PackHeader.byteCount, end - (256 << 10)))..<end
    }
}

/// The bundles read last: whoever reads a file's history, or a list of documents, wants their
/// neighbours next.
private struct BundleCache {
    private struct Kept {
        let pack: Hash
        let offset: UInt32
        let bundle: PackBundle
    }

    private var kept: [Kept] = []
    private var byteCount = 0
    private static let bytesMax = 16 << 20
    private static let countMax = 16

    subscript(pack: Hash, offset: UInt32) -> PackBundle? {
        kept.last { $0.offset == offset && $0.pack == pack }?.bundle
    }

    mutating func keep(_ bundle: PackBundle, _ pack: Hash, _ offset: UInt32) {
        kept.append(Kept(pack: pack, offset: offset, bundle: bundle))
        byteCount += bundle.bytes.count
        while kept.count > BundleCache.countMax
            || byteCount > BundleCache.bytesMax && kept.count > 1
        {
            byteCount -= kept.removeFirst().bundle.bytes.count
        }
    }
}

/// The footers read lately. Oldest out: which one goes matters little beside that one goes.
private struct FooterCache {
    var footers: [Hash: PackFooter] = [:]
    private var order: [Hash] = []
    private static let countMax = 32

    mutating func forget(_ pack: Hash) {
        guard footers.removeValue(forKey: pack) != nil else { return }
        order.removeAll { $0 == pack }
    }

    mutating func keep(_ footer: PackFooter, of pack: Hash) {
        guard footers.updateValue(footer, forKey: pack) == nil else { return }
        order.append(pack)
        if order.count > FooterCache.countMax { footers[order.removeFirst()] = nil }
    }
}
