package import HifCore

/// Writes any amount of content as a sequence of packs, holding one at a time: what an import, an
/// upload and a compaction do.
///
/// A record's pack has no name until it is sealed, so a record is placed by the ordinal of its
/// pack; `location(of:)` turns that into a location later. The owner calls `takeSealed()` after
/// each record it adds and writes what it gets.
package struct PackSequence {
    /// A record's place: the ordinal of its pack in the sequence, and where it lies in there.
    package struct Place: Hashable, Sendable {
        package let packOrdinal: Int
        package let offset: UInt32
        package let storedBytes: UInt32
    }

    /// Ids of the packs sealed so far, by ordinal.
    package private(set) var packs: [Hash] = []
    private var writer: PackWriter
    private var sealed: [SealedPack] = []
    private let session: Hash
    private let packBytesTarget: Int
    private let nonce: () -> PackNonce
    private let zstd: Zstd

    /// - Parameters:
    ///   - session: whose work this is, zero for none.
    ///   - packBytesTarget: a pack is sealed when it has reached this many bytes; at most
    ///     `PackWriter.bytesSoftMax`.
    ///   - nonce: sixteen new random bytes at every call.
    package init(
        session: Hash = .zero, packBytesTarget: Int = 16 << 20, zstd: Zstd = Zstd(),
        nonce: @escaping () -> PackNonce
    ) {
        precondition((1...PackWriter.bytesSoftMax).contains(packBytesTarget), "pack size")
        self.session = session
        self.packBytesTarget = packBytesTarget
        self.nonce = nonce
        self.zstd = zstd
        writer = PackWriter(session: session, nonce: nonce(), zstd: zstd)
    }

    /// The ordinal of the pack being written, which the next record goes into.
    package var packOrdinal: Int { packs.count }

    /// Bytes held: the pack being written, and sealed ones that were not taken.
    package var byteCount: Int { sealed.reduce(writer.byteCount) { $0 + $1.bytes.count } }

    /// As `PackWriter.add(_:_:)`. Content is found again only within the present pack.
    @discardableResult
    package mutating func add(_ kind: PackRecordKind, _ content: [UInt8]) -> Place {
        placed(writer.add(kind, content))
    }

    /// As `PackWriter.add(_:id:_:)`.
    @discardableResult
    package mutating func add(_ kind: PackRecordKind, id: Hash, _ content: [UInt8]) -> Place {
        placed(writer.add(kind, id: id, content))
    }

    /// As `PackWriter.add(_:id:_:base:level:)`. With `baseInPack`, the content is stored whole
    /// unless the base lies in the pack being written, as packs in the store must have it.
    @discardableResult
    package mutating func add(
        _ kind: PackRecordKind, id: Hash, _ content: [UInt8], base: (id: Hash, content: [UInt8]),
        baseInPack: Bool, level: Int = Zstd.levelOnline
    ) -> Place {
        guard !baseInPack || writer.entry(of: base.id, kind: kind) != nil else {
            return add(kind, id: id, content)
        }
        return placed(writer.add(kind, id: id, content, base: base, level: level))
    }

    /// As `PackWriter.add(_:)`.
    @discardableResult
    package mutating func add(_ record: PackRecord) -> Place {
        placed(writer.add(record))
    }

    /// A pack that is full, once each; nil when there is none.
    package mutating func takeSealed() -> SealedPack? {
        sealed.isEmpty ? nil : sealed.removeFirst()
    }

    /// Seals the pack being written if it holds anything, because what was added so far must be
    /// durable now. Take it with `takeSealed()`; the next record begins another pack.
    package mutating func seal() {
        guard !writer.isEmpty else { return }
        let full = writer
        writer = PackWriter(session: session, nonce: nonce(), zstd: zstd)
        let pack = full.finish()
        packs.append(pack.id)
        sealed.append(pack)
    }

    /// Where a record lies; nil until its pack is sealed.
    package func location(of place: Place) -> PackLocation? {
        guard place.packOrdinal < packs.count else { return nil }
        return PackLocation(
            pack: packs[place.packOrdinal], offset: place.offset, storedBytes: place.storedBytes)
    }

    private mutating func placed(_ entry: PackEntry) -> Place {
        let place = Place(
            packOrdinal: packs.count, offset: entry.offset, storedBytes: entry.storedBytes)
        if writer.byteCount >= packBytesTarget { seal() }
        return place
    }
}
