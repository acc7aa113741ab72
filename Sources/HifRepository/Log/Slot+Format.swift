package import HifCore

extension Slot {
    private static let magic: UInt32 = 0x5346_4948  // "HIFS"

    /// The bytes to store, with a BLAKE3 of everything before it at the end.
    package func encode() -> [UInt8] {
        var writer = ByteWriter(capacity: 4096)
        writer.u32(Slot.magic)
        writer.u16(Slot.formatVersion)
        writer.u16(0)
        writer.u64(epoch)
        writer.u64(firstPosition)
        writer.u64(landingCount)
        writer.hash(previous)
        writer.hash(root)
        batch.encode(into: &writer)
        writer.u64(clock)
        writer.u64(controlEpoch)
        writer.u64(checkpointEpoch)
        writer.prefixed(self.writer)
        let bodyLengthOffset = writer.count
        writer.u32(0)
        writer.varint(records.count)
        for record in records { record.encode(into: &writer) }
        writer.u8(control == nil ? 0 : 1)
        control?.encode(into: &writer)
        writer.patchU32(UInt32(writer.count - bodyLengthOffset - 4), at: bodyLengthOffset)
        writer.hash(Blake3.hash(writer.bytes))
        return writer.bytes
    }

    /// Reads a slot and checks its checksum and everything that can be checked without the rest of
    /// the log.
    ///
    /// - Throws: `FormatError` naming the first byte that is wrong. It is a read error: read again,
    ///   from another tier if there is one; a slot is never stepped over.
    package init(decoding bytes: [UInt8]) throws(FormatError) {
        let format = "slot"
        var reader = try Slot.checked(bytes)
        guard try reader.u16() == 0 else { throw reader.error("reserved flags are set") }
        epoch = try reader.u64()
        firstPosition = try reader.u64()
        let landingCount = try reader.u64()
        previous = try reader.hash()
        root = try reader.hash()
        batch = try BatchID(from: &reader)
        clock = try reader.u64()
        controlEpoch = try reader.u64()
        checkpointEpoch = try reader.u64()
        writer = try reader.string(bytesMax: Slot.writerBytesMax)
        let bodyLength = try reader.u32()
        guard Int(bodyLength) == reader.remaining else {
            throw reader.error("body length \(bodyLength), \(reader.remaining) bytes follow")
        }
        var records: [ClosingRecord] = []
        for _ in 0..<(try reader.count(bytesEach: 40)) {
            records.append(try ClosingRecord(from: &reader))
        }
        self.records = records
        let hasControl = try reader.u8()
        guard hasControl <= 1 else { throw reader.error("control flag \(hasControl)") }
        control = hasControl == 1 ? try ControlState(from: &reader) : nil
        try reader.expectEnd()

        guard firstPosition >= 1, self.landingCount == landingCount else {
            throw FormatError(format, at: 24, "landing count \(landingCount) is not what it holds")
        }
        guard firstPosition <= UInt64.max - landingCount - 1 else {
            throw FormatError(format, at: 16, "position out of range")
        }
        guard controlEpoch <= epoch, (control != nil) == (controlEpoch == epoch) else {
            throw FormatError(format, at: 0, "control epoch \(controlEpoch) in slot \(epoch)")
        }
        if let previous = control?.condemnation.previous, previous >= epoch, previous > 0 {
            throw FormatError(format, at: 0, "condemned packs before in slot \(previous)")
        }
        guard checkpointEpoch < epoch || epoch == 0 && checkpointEpoch == 0 else {
            throw FormatError(format, at: 0, "checkpoint epoch \(checkpointEpoch) in slot \(epoch)")
        }
        guard epoch > 0 || (control != nil && records.isEmpty && previous == .zero) else {
            throw FormatError(format, at: 0, "slot 0 is not a genesis")
        }
    }

    /// A reader of everything between version and checksum of bytes that are a slot of this version
    /// and not altered.
    static func checked(_ bytes: [UInt8]) throws(FormatError) -> ByteReader {
        let format = "slot"
        guard bytes.count <= Slot.bytesMax else {
            throw FormatError(format, at: 0, "\(bytes.count) bytes, at most \(Slot.bytesMax)")
        }
        var head = ByteReader(bytes, format: format)
        guard try head.u32() == Slot.magic else {
            throw FormatError(format, at: 0, "does not begin with HIFS")
        }
        let version = try head.u16()
        guard version == Slot.formatVersion else {
            throw FormatError(
                format, at: 4,
                "format version \(version); this program reads version 1, use a newer one")
        }
        let payload = bytes.count - Hash.byteCount
        guard payload >= head.offset else { throw head.error("truncated before the checksum") }
        var trailer = ByteReader(bytes, range: payload..<bytes.count, format: format)
        guard try trailer.hash() == Blake3.hash(bytes, range: 0..<payload) else {
            throw FormatError(format, at: payload, "checksum does not match: truncated or altered")
        }
        return ByteReader(bytes, range: head.offset..<payload, format: format)
    }

    /// The hash that the next slot carries as `previous`.
    package static func hash(ofBytes bytes: [UInt8]) -> Hash {
        Blake3.hash(bytes)
    }
}
