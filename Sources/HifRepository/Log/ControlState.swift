package import HifCore

/// What a project has settled besides its tree, complete in each control record, so that the
/// newest one is enough.
package struct ControlState: Hashable, Sendable {
    package static let nameBytesMax = 255
    package static let tagCountMax = 100_000
    /// A change that would make the encoded settings longer is refused: they go into every control
    /// record, and a slot has room for 4 MiB.
    package static let bytesMax = 3 << 18

    /// The store the project was created in. A copied or restored store keeps it and has another
    /// id of its own.
    package var originStore: StoreID
    package var project: ProjectID
    /// The project's name when this was written; the forge's accounts have the present one.
    package var name: String
    /// A writer whose format version is lower must not write to this log.
    package var writerVersionMin: UInt16
    /// No landing is accepted any more: the log goes on in another store.
    package var isSealed: Bool
    /// Names of positions.
    package var tags: [String: Position]
    /// What this record, unlike the settings alone, adds to the lists of packs that go.
    package var condemnation: Condemnation

    package init(originStore: StoreID, project: ProjectID, name: String) {
        self.originStore = originStore
        self.project = project
        self.name = name.prefix(utf8Max: ControlState.nameBytesMax)
        writerVersionMin = 1
        isSealed = false
        tags = [:]
        condemnation = Condemnation()
    }
}

extension ControlState {
    /// Whether the format can hold this as the name of a tag.
    package static func isTagName(_ name: String) -> Bool {
        (1...nameBytesMax).contains(name.utf8.count)
    }

    /// Bytes the settings take in a slot, give or take the length of their varints.
    var encodedBytes: Int {
        tags.reduce(64 + name.utf8.count) { $0 + $1.key.utf8.count + 7 }
    }

    /// Tag names by their UTF-8 bytes: an order that no version of Unicode changes.
    fileprivate static func isBefore(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}

/// A wish to change the control state. It is folded into the state anew after every lost slot.
package enum ControlChange: Hashable, Sendable {
    /// Sets or, with nil, removes tags. A position beyond the tip is refused.
    case setTags([String: Position?])
    case rename(String)
    /// Lets nobody write to the log any more: the project goes on in another store.
    case seal
    /// Refuses these packs for ever, without those that landings and replacements after slot
    /// `markedAt` name. At most `Condemnation.packsMax`.
    case condemn([Hash], markedAt: Epoch)
    /// The content of these packs was copied into others, which are durable. Refused when one of the
    /// others is condemned, or a landing after slot `markedAt` names a replaced one.
    case replace([Condemnation.Replacement], markedAt: Epoch)

    /// The settings after this change.
    package func applied(to state: ControlState) -> ControlState {
        var state = state
        switch self {
        case .setTags(let tags):
            for (name, position) in tags { state.tags[name] = position }
        case .rename(let name):
            state.name = name.prefix(utf8Max: ControlState.nameBytesMax)
        case .seal:
            state.isSealed = true
        case .condemn, .replace:
            break
        }
        return state
    }
}

extension ControlState {
    func encode(into writer: inout ByteWriter) {
        originStore.encode(into: &writer)
        project.encode(into: &writer)
        writer.prefixed(name)
        writer.u16(writerVersionMin)
        writer.u8(isSealed ? 1 : 0)
        writer.varint(tags.count)
        for (tag, position) in tags.sorted(by: { ControlState.isBefore($0.key, $1.key) }) {
            writer.prefixed(tag)
            writer.varint(position)
        }
        condemnation.encode(into: &writer)
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        originStore = try StoreID(from: &reader)
        project = try ProjectID(from: &reader)
        name = try reader.string(bytesMax: ControlState.nameBytesMax)
        writerVersionMin = try reader.u16()
        let sealed = try reader.u8()
        guard sealed <= 1 else { throw reader.error("sealed is \(sealed)") }
        isSealed = sealed == 1
        var tags: [String: Position] = [:]
        var lastTag: String?
        for _ in 0..<(try reader.count(bytesEach: 2)) {
            let tag = try reader.string(bytesMax: ControlState.nameBytesMax)
            guard lastTag.map({ ControlState.isBefore($0, tag) }) ?? true else {
                throw reader.error("tags out of order")
            }
            lastTag = tag
            // Names that differ only in how Unicode spells them count as one.
            guard tags.updateValue(try reader.varint(), forKey: tag) == nil else {
                throw reader.error("one tag in two spellings")
            }
        }
        self.tags = tags
        condemnation = try Condemnation(from: &reader)
    }
}
