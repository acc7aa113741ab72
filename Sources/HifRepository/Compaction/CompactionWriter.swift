import HifCore
import HifStore

/// Writes the packs of a compaction, one after the other, each durable before the next is begun.
///
/// Not `Sendable`: it keeps compression contexts.
struct CompactionWriter {
    /// Bytes at which a bundle of documents ends.
    static let documentBundleBytes = 1 << 18

    private struct ChunkPlace {
        let ordinal: Int
        let entry: PackEntry
    }

    private let store: any ObjectStore
    private let world: World
    private let level: Int
    private let session: Hash
    private let packsMax: Int
    private let zstd = Zstd()
    private var writer: PackWriter
    private var bundle: [(kind: PackRecordKind, id: Hash, bytes: [UInt8])] = []
    private var bundleBytes = 0
    /// Ids of what the bundles of the open pack hold, by the bundle's id.
    private var members: [Hash: [Hash]] = [:]
    private var chunks: [Hash: ChunkPlace] = [:]
    /// The packs written so far.
    private(set) var packs: [Hash] = []
    private(set) var byteCount = 0
    /// What they hold.
    private(set) var held: [PlaceIndex.Held] = []

    /// - Parameter packsMax: no more packs than this are written, and the last takes all that is left:
    ///   each replaces one at least.
    init(store: any ObjectStore, world: World, level: Int, session: Hash, packsMax: Int) {
        self.store = store
        self.world = world
        self.level = level
        self.session = session
        self.packsMax = packsMax
        writer = CompactionWriter.open(session, world, zstd, level)
    }

    private static func open(
        _ session: Hash, _ world: World, _ zstd: Zstd, _ level: Int
    ) -> PackWriter {
        PackWriter(
            session: session, nonce: PackNonce(high: world.random(), low: world.random()),
            zstd: zstd, level: level)
    }

    /// Copies a group: newest versions in the order of their paths, so that a listing is read in a few
    /// requests, then the bundles behind them.
    mutating func add(
        _ group: CompactionPlan.Group, _ live: LiveContents, _ contents: [Int: [UInt8]]
    ) async throws {
        for head in group.heads {
            guard let content = contents[head] else { continue }
            writer.add(.blob, id: live.contents[head].id, content)
        }
        for planned in group.bundles {
            let base = addBase(planned, live, contents)
            let members = planned.members.filter { contents[$0] != nil }
            guard !members.isEmpty else { continue }
            let bundle = PackBundle(members.map { (.blob, contents[$0]!) })
            add(bundle, members.map { live.contents[$0].id }, base: base)
        }
        try await sealIfFull()
    }

    /// Sees to it that what a bundle copies from is in the pack.
    private mutating func addBase(
        _ planned: CompactionPlan.Bundle, _ live: LiveContents, _ contents: [Int: [UInt8]]
    ) -> (id: Hash, content: [UInt8])? {
        guard let content = contents[planned.base] else { return nil }
        let id = live.contents[planned.base].id
        // What it is a delta of may be in a group before, or in a pack that was sealed since.
        if let origin = planned.origin, let before = contents[origin],
            writer.entry(of: live.contents[origin].id, kind: .blob) != nil
        {
            writer.add(
                .blob, id: id, content, base: (live.contents[origin].id, before), level: level)
        } else {
            writer.add(.blob, id: id, content)
        }
        return (id, content)
    }

    private mutating func add(
        _ bundle: PackBundle, _ ids: [Hash], base: (id: Hash, content: [UInt8])?
    ) {
        let id = Blake3.hash(bundle.bytes)
        let prefix = base?.content ?? []
        let frame = zstd.compress(
            bundle.bytes, level: prefix.isEmpty ? level : min(level, Compaction.bundleLevelMax),
            prefix: prefix)
        _ = writer.add(
            .bundle, id: id, rawBytes: bundle.bytes.count, frame: frame,
            base: prefix.isEmpty ? nil : base?.id)
        members[id] = ids
    }

    mutating func add(_ kind: PackRecordKind, _ id: Hash, _ content: [UInt8]) async throws {
        let entry = writer.add(kind, id: id, content)
        if kind == .chunk { chunks[id] = ChunkPlace(ordinal: packs.count, entry: entry) }
        try await sealIfFull()
    }

    // MARK: Large files

    func hasChunk(_ id: Hash) -> Bool { chunks[id] != nil }

    /// Where a chunk lies that was added; zero stands for the pack that is being written.
    func chunkLocation(_ id: Hash) -> PackLocation {
        let place = chunks[id]!
        return place.entry.location(
            in: place.ordinal < packs.count ? packs[place.ordinal] : .zero)
    }

    /// The chunks of a file as they lie now: a pack may have been sealed since a location was asked for.
    func relative(_ located: [ChunkManifest.Chunk]) -> [ChunkManifest.Chunk] {
        located.map { chunk in
            guard chunk.location.pack == .zero else { return chunk }
            return ChunkManifest.Chunk(
                id: chunk.id, rawBytes: chunk.rawBytes, location: chunkLocation(chunk.id))
        }
    }

    mutating func addManifest(_ manifest: ChunkManifest) async throws {
        try await add(.manifest, manifest.id, manifest.encoded())
    }

    // MARK: Documents

    /// Adds a content to the bundle that is being filled; a large one becomes a record of its own.
    mutating func addToBundle(
        _ kind: PackRecordKind, _ id: Hash, _ content: [UInt8]
    ) async throws {
        guard content.count < CompactionWriter.documentBundleBytes else {
            try await closeBundle()
            return try await add(kind, id, content)
        }
        bundle.append((kind, id, content))
        bundleBytes += content.count
        if bundleBytes >= CompactionWriter.documentBundleBytes || bundle.count == 1_024 {
            try await closeBundle()
        }
    }

    mutating func closeBundle() async throws {
        guard !bundle.isEmpty else { return }
        add(PackBundle(bundle.map { ($0.kind, $0.bytes) }), bundle.map(\.id), base: nil)
        bundle = []
        bundleBytes = 0
        try await sealIfFull()
    }

    // MARK: Sealing

    private mutating func sealIfFull() async throws {
        guard writer.byteCount >= Compaction.packBytesTarget, packs.count + 1 < packsMax else {
            return
        }
        try await seal()
    }

    mutating func finish() async throws {
        try await closeBundle()
        if !writer.isEmpty { try await seal() }
    }

    private mutating func seal() async throws {
        let full = writer
        writer = CompactionWriter.open(session, world, zstd, level)
        let sealed = full.finish()
        // Copied bytes are worth a second look before what they came from goes.
        try PackReader(sealed.bytes).verify(id: sealed.id, using: zstd)
        _ = try await store.put(sealed.key, sealed.bytes, .ifAbsent)
        for entry in sealed.entries {
            held.append(
                PlaceIndex.Held(
                    pack: sealed.id, offset: entry.offset, storedBytes: entry.storedBytes,
                    kind: entry.kind, ids: members[entry.id] ?? [entry.id]))
        }
        packs.append(sealed.id)
        byteCount += sealed.bytes.count
        members = [:]
    }
}
