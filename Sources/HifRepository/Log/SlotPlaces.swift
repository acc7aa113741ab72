import HifCore

/// The bytes of a slot, searched for where contents lie: every length is followed and nothing
/// allocated, so a search costs a few nanoseconds for each operation and the checksum.
///
/// What a record says beyond its lengths is not checked here: the checksum says that the bytes are
/// those a writer wrote, and whoever reads a content checks it against its id.
struct SlotPlaces {
    let epoch: Epoch
    private var reader: ByteReader

    /// Checks the checksum and reads up to the records. docs/formats/slot.md has every field.
    init(_ bytes: [UInt8]) throws(FormatError) {
        reader = try Slot.checked(bytes)
        _ = try reader.u16()
        epoch = try reader.u64()
        // First position, landings, previous, root, batch, clock, control and checkpoint epoch.
        _ = try reader.skip(8 + 8 + 32 + 32 + 16 + 8 + 8 + 8)
        try reader.skipPrefixed()
        _ = try reader.u32()
    }

    /// The places of those of `ids` that operations in the slot brought, the first place of each;
    /// nil when a landing's operations lie elsewhere. Call once.
    mutating func find(_ ids: Set<Hash>) throws(FormatError) -> [Hash: PackLocation]? {
        var found: [Hash: PackLocation] = [:]
        for _ in 0..<(try reader.count(bytesEach: 40)) {
            switch try reader.u8() {
            case 1:
                guard try findInLanding(ids, &found) else { return nil }
            case 2:
                _ = try reader.skip(Hash.byteCount)
                for _ in 0..<5 { try reader.skipPrefixed() }  // author, reason
                _ = try reader.skip(8)
            case let kind: throw reader.error("unknown closing record \(kind)")
            }
        }
        return found
    }

    /// False when its operations are not in the slot.
    private mutating func findInLanding(
        _ ids: Set<Hash>, _ found: inout [Hash: PackLocation]
    ) throws(FormatError) -> Bool {
        let flags = try reader.u8()
        guard flags & 2 == 0 else { return false }
        _ = try reader.skip(Hash.byteCount)
        for _ in 0..<5 { try reader.skipPrefixed() }  // author, goal line
        _ = try reader.skip(8 + 8 + 32 + 32)
        _ = try reader.varint()
        _ = try reader.varint()
        let packCount = try reader.count(bytesEach: Hash.byteCount)
        let packs = reader
        _ = try reader.skip(packCount * Hash.byteCount)
        if flags & 1 != 0 {
            _ = try reader.skip(Hash.byteCount)
            for _ in 0..<3 { _ = try reader.varint() }
        }
        for _ in 0..<(try reader.count(bytesEach: 2)) { try reader.skipPrefixed() }
        for _ in 0..<(try reader.count(bytesEach: LandedOperation.bytesMin)) {
            try reader.skipPrefixed()
            let flags = try reader.u8()
            if flags & 1 != 0 { _ = try leafHash() }
            let after = flags & 2 != 0 ? try leafHash() : nil
            guard flags & LandedOperation.hasLocation != 0 else { continue }
            let location = try LandedLocation(from: &reader, packCount: packCount)
            guard flags & LandedOperation.noOp == 0, let after, ids.contains(after),
                found[after] == nil
            else { continue }
            var pack = packs
            _ = try pack.skip(location.packOrdinal * Hash.byteCount)
            found[after] = PackLocation(
                pack: try pack.hash(), offset: location.offset, storedBytes: location.storedBytes)
        }
        return true
    }

    private mutating func leafHash() throws(FormatError) -> Hash {
        _ = try reader.skip(2)
        _ = try reader.varint()
        return try reader.hash()
    }
}

extension ByteReader {
    /// Passes over a varint length and that many bytes.
    fileprivate mutating func skipPrefixed() throws(FormatError) {
        _ = try skip(try count())
    }
}
