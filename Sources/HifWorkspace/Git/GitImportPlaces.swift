import Foundation
import HifCore
import HifRepository

/// Where an import put the contents it read: what the landings that name them first have to say.
///
/// About 100 bytes a content in memory, 45 in the file.
struct GitImportPlaces: Sendable {
    struct Place: Hashable, Sendable {
        /// Index into `packs`.
        let pack: UInt32
        let offset: UInt32
        let storedBytes: UInt32
        /// Whether the content is in chunks, so that `chunkPacks` has an entry.
        let isChunked: Bool
    }

    /// Packs that were uploaded, in the order of their upload.
    private(set) var packs: [Hash] = []
    private var places: [Hash: Place] = [:]
    /// For contents in chunks: the packs, besides its own, that hold some of them.
    private var chunkPacks: [Hash: [Hash]] = [:]
    private var ordinals: [Hash: UInt32] = [:]

    var count: Int { places.count }

    subscript(id: Hash) -> Place? { places[id] }

    /// Every pack that a reader of the content needs; that of its record first.
    func packs(of id: Hash, at place: Place) -> [Hash] {
        [packs[Int(place.pack)]] + (place.isChunked ? chunkPacks[id] ?? [] : [])
    }

    mutating func add(_ id: Hash, at location: PackLocation, chunks: [Hash]?) {
        guard places[id] == nil else { return }
        let pack: UInt32
        if let known = ordinals[location.pack] {
            pack = known
        } else {
            pack = UInt32(packs.count)
            ordinals[location.pack] = pack
            packs.append(location.pack)
        }
        places[id] = Place(
            pack: pack, offset: location.offset, storedBytes: location.storedBytes,
            isChunked: chunks != nil)
        if let chunks { chunkPacks[id] = chunks }
    }

    /// Forgets a content whose place need not be said again.
    mutating func remove(_ id: Hash) {
        if places.removeValue(forKey: id)?.isChunked == true { chunkPacks[id] = nil }
    }

    /// Keeps only these contents.
    mutating func keep(where shouldKeep: (Hash) -> Bool) {
        places = places.filter { shouldKeep($0.key) }
        chunkPacks = chunkPacks.filter { places[$0.key] != nil }
    }
}

/// What an import leaves behind for the next one, or for itself after it was broken off: git's names
/// and ours of everything that was read and uploaded, and where that lies.
///
/// A file of our own that may be lost: the contents are read and uploaded again then.
struct GitImportState: Sendable {
    var map = GitBlobMap()
    var places = GitImportPlaces()

    private static let format = "import state"
    private static let magic = Array("HIFI\u{1}".utf8)
}

extension GitImportState {
    /// `"HIFI" 1`, the blob map with its length, the packs, by rising id each content with pack, offset,
    /// stored bytes and, when it is in chunks, their packs; a BLAKE3 of all that.
    var encoded: [UInt8] {
        var writer = ByteWriter(capacity: 64 + map.count * 60 + places.count * 48)
        writer.raw(GitImportState.magic)
        writer.prefixed(map.encoded)
        places.encode(into: &writer)
        writer.hash(Blake3.hash(writer.bytes))
        return writer.bytes
    }

    init(decoding bytes: [UInt8]) throws(FormatError) {
        let payload = bytes.count - Hash.byteCount
        guard payload >= 0 else { throw FormatError(GitImportState.format, at: 0, "truncated") }
        var trailer = ByteReader(
            bytes, range: payload..<bytes.count, format: GitImportState.format)
        guard try trailer.hash() == Blake3.hash(bytes, range: 0..<payload) else {
            throw FormatError(GitImportState.format, at: payload, "checksum does not match")
        }
        var reader = ByteReader(bytes, range: 0..<payload, format: GitImportState.format)
        guard try reader.raw(GitImportState.magic.count) == GitImportState.magic else {
            throw FormatError(GitImportState.format, at: 0, "not an import state of version 1")
        }
        map = try GitBlobMap(decoding: try reader.prefixed())
        places = try GitImportPlaces(from: &reader)
        try reader.expectEnd()
    }

    /// Replaces the file at `path` in one step.
    func save(to path: String) throws {
        try Data(encoded).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    /// What `save(to:)` left; nothing when there is no such file or it is damaged.
    static func load(from path: String) -> GitImportState {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path)),
            let state = try? GitImportState(decoding: Array(data))
        else { return GitImportState() }
        return state
    }
}

extension GitImportPlaces {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.varint(packs.count)
        for pack in packs { writer.hash(pack) }
        writer.varint(places.count)
        for (id, place) in places.sorted(by: { $0.key < $1.key }) {
            writer.hash(id)
            writer.varint(UInt64(place.pack))
            writer.varint(UInt64(place.offset))
            writer.varint(UInt64(place.storedBytes))
            guard place.isChunked, let chunks = chunkPacks[id] else {
                writer.u8(0)
                continue
            }
            writer.u8(1)
            writer.varint(chunks.count)
            for pack in chunks { writer.hash(pack) }
        }
    }

    fileprivate init(from reader: inout ByteReader) throws(FormatError) {
        for _ in 0..<(try reader.count(bytesEach: Hash.byteCount)) {
            let pack = try reader.hash()
            ordinals[pack] = UInt32(packs.count)
            packs.append(pack)
        }
        for _ in 0..<(try reader.count(bytesEach: Hash.byteCount + 4)) {
            let id = try reader.hash()
            let pack = try reader.varint()
            let offset = try reader.varint()
            let stored = try reader.varint()
            guard pack < packs.count, let offset = UInt32(exactly: offset),
                let stored = UInt32(exactly: stored)
            else { throw reader.error("a place outside its pack") }
            var chunks: [Hash]?
            if try reader.u8() == 1 {
                var list: [Hash] = []
                for _ in 0..<(try reader.count(bytesEach: Hash.byteCount)) {
                    list.append(try reader.hash())
                }
                chunks = list
            }
            places[id] = Place(
                pack: UInt32(pack), offset: offset, storedBytes: stored, isChunked: chunks != nil)
            if let chunks { chunkPacks[id] = chunks }
        }
    }
}
