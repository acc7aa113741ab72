package import HifCore

/// One object of the log: a batch of closing records that became history together.
///
/// Creating it, if absent, is the instant of landing; nothing else has to be written for a landing
/// to exist. Slots are chained by hash, numbered without holes from 0 (the genesis), and never
/// change. The format is docs/formats/slot.md.
package struct Slot: Hashable, Sendable {
    package static let formatVersion: UInt16 = 1
    /// A batch is closed before its slot grows beyond this.
    package static let targetBytes = 256 << 10
    /// A longer slot is refused by writer and reader.
    package static let bytesMax = 4 << 20
    /// A landing whose record would be longer is refused. With `ControlState.bytesMax` and the rest
    /// of a slot it stays below `bytesMax`, so that what is written can be read.
    package static let recordBytesMax = 5 << 19
    package static let landingsMax = 4096
    package static let writerBytesMax = 255

    package var epoch: Epoch
    /// Position of the first landing in here, whether or not there is one: the tip before, plus 1.
    package var firstPosition: Position
    /// BLAKE3 of the bytes of the slot before; zero in the genesis.
    package var previous: Hash
    /// Root of the tree after the last landing.
    package var root: Hash
    package var batch: BatchID
    /// Hybrid logical clock of the writer; advisory.
    package var clock: UInt64
    /// The latest slot up to and including this one that holds a control record.
    package var controlEpoch: Epoch
    /// The latest slot before this one at which a checkpoint was due.
    package var checkpointEpoch: Epoch
    /// Address at which the writer can be asked; advisory, may be empty.
    package var writer: String
    package var records: [ClosingRecord]
    package var control: ControlState?

    package init(
        epoch: Epoch, firstPosition: Position, previous: Hash, root: Hash, batch: BatchID,
        clock: UInt64, controlEpoch: Epoch, checkpointEpoch: Epoch, writer: String,
        records: [ClosingRecord], control: ControlState?
    ) {
        self.epoch = epoch
        self.firstPosition = firstPosition
        self.previous = previous
        self.root = root
        self.batch = batch
        self.clock = clock
        self.controlEpoch = controlEpoch
        self.checkpointEpoch = checkpointEpoch
        self.writer = writer.prefix(utf8Max: Slot.writerBytesMax)
        self.records = records
        self.control = control
    }

    /// The landings with their positions, ascending.
    package var landings: [(position: Position, landing: Landing)] {
        var position = firstPosition
        return records.compactMap { record in
            guard let landing = record.landing else { return nil }
            defer { position += 1 }
            return (position, landing)
        }
    }

    package var landingCount: UInt64 {
        UInt64(records.count(where: \.isLanding))
    }

    /// The tip after this slot.
    package var lastPosition: Position { firstPosition + landingCount - 1 }
}
