import HifCore

/// Which positions a slot holds, read from the beginning of its bytes: for a search that passes by, a
/// tenth of the work of decoding the slot.
struct SlotHead {
    let epoch: Epoch
    let firstPosition: Position
    /// One less than `firstPosition` where it holds no landing.
    let lastPosition: Position

    init(_ slot: Slot) {
        epoch = slot.epoch
        firstPosition = slot.firstPosition
        lastPosition = slot.lastPosition
    }

    /// Checks the checksum and no more: what the rest says is checked by whoever decodes the slot.
    init(_ bytes: [UInt8]) throws(FormatError) {
        var reader = try Slot.checked(bytes)
        _ = try reader.u16()
        epoch = try reader.u64()
        firstPosition = try reader.u64()
        let landingCount = try reader.u64()
        guard firstPosition >= 1, firstPosition <= UInt64.max - landingCount - 1 else {
            throw FormatError("slot", at: 16, "position out of range")
        }
        lastPosition = firstPosition + landingCount - 1
    }

    func holds(_ position: Position) -> Bool {
        firstPosition <= position && position <= lastPosition
    }
}
