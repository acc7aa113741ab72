package import HifCore
package import HifStore

/// Every key of a store, in one place. `store` and `projects` lie at its root; the others below
/// the project's prefix; packs have `PackKey`. docs/formats/store-layout.md says which of them may
/// be deleted.
package enum StoreKey {
    /// The store's own id, written once.
    package static let store = ObjectKey("store")

    /// The prefix of one project's keys, without a slash at the end.
    package static func projectPrefix(_ project: ProjectID) -> String { "p/\(project.hex)" }

    package static func slot(_ epoch: Epoch) -> ObjectKey {
        ObjectKey("log/\(hex(epoch >> 12, digits: 13))/\(hex(epoch, digits: 16))")
    }

    /// The epoch that `slot(_:)` spelled; nil for any other key.
    package static func epoch(of key: ObjectKey) -> Epoch? {
        guard key.string.hasPrefix("log/"),
            let epoch = Epoch(key.string.suffix(16), radix: 16), slot(epoch) == key
        else { return nil }
        return epoch
    }

    package static func event(_ session: SessionID, _ number: UInt64) -> ObjectKey {
        ObjectKey("ses/\(session.hash.hex)/\(hex(number, digits: 8))")
    }

    package static func openMarker(_ session: SessionID) -> ObjectKey {
        ObjectKey("open/\(session.hash.hex)")
    }

    package static func checkpoint(_ epoch: Epoch) -> ObjectKey {
        ObjectKey("ckpt/\(hex(epoch, digits: 16))")
    }

    package static func objectRun(level: Int, block: UInt64) -> ObjectKey {
        ObjectKey("obj/0/\(level)/\(hex(block, digits: 16))")
    }

    /// The run that `objectRun(level:block:)` spelled; nil for any other key.
    static func objectRun(of key: ObjectKey) -> (level: Int, block: UInt64)? {
        let segments = key.segments
        guard segments.count == 4, segments[0] == "obj", let level = Int(segments[2]),
            (1...ObjectRun.levelMax).contains(level), let block = UInt64(segments[3], radix: 16),
            block < 1 << 32, objectRun(level: level, block: block) == key
        else { return nil }
        return (level, block)
    }

    static let placeIndexPrefix = "obj/1/"

    /// The index of what compactions copied, as of the slot that published the newest.
    package static func placeIndex(_ epoch: Epoch) -> ObjectKey {
        ObjectKey("obj/1/\(hex(epoch, digits: 16))")
    }

    /// The slot that `placeIndex(_:)` spelled; nil for any other key.
    package static func placeIndexEpoch(of key: ObjectKey) -> Epoch? {
        guard key.string.hasPrefix(placeIndexPrefix),
            let epoch = Epoch(key.string.suffix(16), radix: 16), placeIndex(epoch) == key
        else { return nil }
        return epoch
    }

    package static func rollup(_ span: RollupSpan) -> ObjectKey {
        ObjectKey("ix/\(span.level)/\(hex(span.block, digits: 16))")
    }

    /// The run that `rollup(_:)` spelled; nil for any other key.
    package static func rollup(of key: ObjectKey) -> RollupSpan? {
        let segments = key.segments
        guard segments.count == 3, segments[0] == "ix", let level = Int(segments[1]),
            (1...RollupSpan.levelMax).contains(level),
            let block = UInt64(segments[2], radix: 16), block < 1 << (63 - 5 * UInt64(level))
        else { return nil }
        let span = RollupSpan(level: level, block: block)
        return rollup(span) == key ? span : nil
    }

    package static func segment(_ number: UInt64) -> ObjectKey {
        ObjectKey("seg/\(hex(number, digits: 13))")
    }

    package static let hint = ObjectKey("hint")

    /// Whether an object with this key of a store's root is never changed once it is there, so that
    /// what was read of it may be kept for ever: slots, packs, and what is derived and named by the
    /// slots that it is of. Not a session's events: which of them are there says how far it has come.
    package static func isImmutable(_ key: ObjectKey) -> Bool {
        let segments = key.segments
        guard segments.count > 3, segments[0] == "p" else { return false }
        switch segments[2] {
        case "log", "pack", "ckpt", "seg", "ix", "obj": return true
        default: return false
        }
    }

    private static func hex(_ value: UInt64, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
