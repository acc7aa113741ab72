package import HifCore

/// What one control record says about packs that go: those that are refused from its slot on, and
/// those whose content was copied into another.
///
/// The lists of all records together are `CondemnedPacks`; each record names the one before it.
package struct Condemnation: Hashable, Sendable {
    /// Packs in the lists of one record, together: 512 KiB at 32 bytes, 1 MiB for replacements.
    package static let packsMax = 8_192

    /// The records of `pack` that anybody needs lie in other packs, too. `by` is one of those, and each
    /// of those is the `by` of some pack of the same record.
    package struct Replacement: Hashable, Sendable {
        package let pack: Hash
        package let by: Hash

        package init(pack: Hash, by: Hash) {
            self.pack = pack
            self.by = by
        }
    }

    /// Ascending.
    package var condemned: [Hash]
    /// Ascending by the pack that is replaced.
    package var replaced: [Replacement]
    /// The latest slot before this one with such a list; 0 for none.
    package var previous: Epoch

    package init(condemned: [Hash] = [], replaced: [Replacement] = [], previous: Epoch = 0) {
        self.condemned = condemned
        self.replaced = replaced
        self.previous = previous
    }

    package var isEmpty: Bool { condemned.isEmpty && replaced.isEmpty }
}

extension Condemnation {
    /// Bytes it takes in a slot, give or take the length of its varints.
    var encodedBytes: Int {
        16 + condemned.count * Hash.byteCount + replaced.count * 2 * Hash.byteCount
    }

    func encode(into writer: inout ByteWriter) {
        writer.varint(previous)
        writer.varint(condemned.count)
        for pack in condemned { writer.hash(pack) }
        writer.varint(replaced.count)
        for replacement in replaced {
            writer.hash(replacement.pack)
            writer.hash(replacement.by)
        }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        previous = try reader.varint()
        var condemned: [Hash] = []
        for _ in 0..<(try reader.count(bytesEach: Hash.byteCount)) {
            let pack = try reader.hash()
            guard condemned.last.map({ $0 < pack }) ?? true else {
                throw reader.error("condemned packs out of order")
            }
            condemned.append(pack)
        }
        self.condemned = condemned
        var replaced: [Replacement] = []
        for _ in 0..<(try reader.count(bytesEach: 2 * Hash.byteCount)) {
            let pack = try reader.hash()
            guard replaced.last.map({ $0.pack < pack }) ?? true else {
                throw reader.error("replaced packs out of order")
            }
            replaced.append(Replacement(pack: pack, by: try reader.hash()))
        }
        self.replaced = replaced
        guard condemned.count + replaced.count <= Condemnation.packsMax else {
            throw reader.error("more than \(Condemnation.packsMax) packs condemned or replaced")
        }
    }
}

/// Every pack that the log up to some slot condemned or replaced.
///
/// Memory: 32 bytes a pack and what a set costs on top; it is the price of refusing them for ever.
package struct CondemnedPacks: Hashable, Sendable {
    package private(set) var condemned: Set<Hash> = []
    /// Where the content of a replaced pack lies now.
    package private(set) var replaced: [Hash: Hash] = [:]
    /// The latest slot with a list; 0 for none.
    package private(set) var lastEpoch: Epoch = 0
    /// The latest slot that replaced packs; 0 for none.
    package private(set) var lastReplacedEpoch: Epoch = 0

    package init() {}

    package func isCondemned(_ pack: Hash) -> Bool { condemned.contains(pack) }

    /// Whether the pack must not be landed with any more.
    package func isClosed(_ pack: Hash) -> Bool {
        condemned.contains(pack) || replaced[pack] != nil
    }

    /// The packs that have the content of replaced ones, and were not replaced themselves; ascending.
    package var replacing: [Hash] {
        Set(replaced.values).filter { !isClosed($0) }.sorted()
    }

    /// Takes in the lists of slot `epoch`; in any order of slots, each once.
    package mutating func fold(_ lists: Condemnation, at epoch: Epoch) {
        guard !lists.isEmpty else { return }
        condemned.formUnion(lists.condemned)
        for replacement in lists.replaced { replaced[replacement.pack] = replacement.by }
        if !lists.replaced.isEmpty { lastReplacedEpoch = max(lastReplacedEpoch, epoch) }
        lastEpoch = max(lastEpoch, epoch)
    }
}
