/// A 128-bit id drawn at random, written as 32 hexadecimal digits.
///
/// The phantom `Kind` keeps the id of a store from being passed where the id of a project is meant.
package struct RandomID<Kind>: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package static var byteCount: Int { 16 }

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Draws an id from `generator`.
    package init(from generator: inout some RandomNumberGenerator) {
        self.init(high: generator.next(), low: generator.next())
    }

    /// The id written as 32 hexadecimal digits; nil for anything else.
    package init?(hex: String) {
        guard let bytes = [UInt8](hex: hex), bytes.count == 16 else { return nil }
        var words: [UInt64] = [0, 0]
        for (index, byte) in bytes.enumerated() {
            words[index / 8] = words[index / 8] << 8 | UInt64(byte)
        }
        self.init(high: words[0], low: words[1])
    }

    /// Sixteen bytes, most significant first, so that they sort as the digits do.
    package var bytes: [UInt8] {
        [high, low].flatMap { word in
            stride(from: 56, through: 0, by: -8).map {
                UInt8(truncatingIfNeeded: word >> UInt64($0))
            }
        }
    }

    /// 32 lower-case hexadecimal digits.
    package var hex: String { bytes.hex }
}

extension RandomID: CustomStringConvertible {
    package var description: String { hex }
}

extension RandomID {
    package func encode(into writer: inout ByteWriter) {
        writer.u64(high)
        writer.u64(low)
    }

    package init(from reader: inout ByteReader) throws(FormatError) {
        self.init(high: try reader.u64(), low: try reader.u64())
    }
}

package enum StoreKind {}
package enum ProjectKind {}
package enum BatchKind {}
package enum EventKind {}

/// Which object store this is: written once, and different in every copy or restored backup.
package typealias StoreID = RandomID<StoreKind>
/// Which project; the prefix of its keys in the store.
package typealias ProjectID = RandomID<ProjectKind>
/// One content of a slot; unchanged when the same bytes are sent again.
package typealias BatchID = RandomID<BatchKind>
/// A session event, chosen by whoever writes it, so that a repeated write is recognised.
package typealias EventID = RandomID<EventKind>

/// The number of a landing in its project, from 1; 0 is the empty tree before all of them.
package typealias Position = UInt64
/// The number of a slot of the log; slot 0 is the genesis.
package typealias Epoch = UInt64
