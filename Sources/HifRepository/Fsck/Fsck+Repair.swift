import HifCore
package import HifStore

extension Fsck {
    /// What a repair from another store did.
    package struct Repaired: Hashable, Sendable {
        /// Keys of objects that were written as they have to be.
        package internal(set) var keys: [String] = []
        /// Findings of damage for which the other store has nothing that fits.
        package internal(set) var left: [String] = []
    }

    /// Writes what `report` says is damaged or missing, from another store that has it: a backup, or the
    /// store that this one is a copy of. Nothing is written that was not verified: a pack by its name, a
    /// slot by the hash in the slot after it and of the one before, an event by its own checksum and
    /// number. What is derived is made anew from the log afterwards, by `repairDerived`.
    ///
    /// - Parameter other: the same project's part of the other store.
    package func repair(
        _ report: FsckReport, from other: any ObjectStore
    ) async throws(ReadError) -> Repaired {
        var repaired = Repaired()
        var seen: Set<String> = []
        // The log first: it says which packs there have to be.
        let damaged = report.findings.filter { $0.severity == .damage }.map(\.key)
        let keys =
            damaged.filter { $0.hasPrefix("log/") }.sorted()
            + damaged.filter { !$0.hasPrefix("log/") }
        for text in keys where seen.insert(text).inserted {
            guard let key = ObjectKey(validating: text), let bytes = try await verified(key, other)
            else {
                repaired.left.append(text)
                continue
            }
            let present = try await present(key, in: store)
            if present == bytes { continue }
            do throws(StoreError) {
                // Over what is wrong: the one place where an object of these kinds is written twice.
                _ = try await store.put(key, bytes, .none)
            } catch {
                throw .store(error)
            }
            repaired.keys.append(text)
        }
        return repaired
    }

    /// What the other store has under the key, if it is what belongs there.
    private func verified(
        _ key: ObjectKey, _ other: any ObjectStore
    ) async throws(ReadError) -> [UInt8]? {
        guard let bytes = try await present(key, in: other) else { return nil }
        if let pack = PackKey.pack(of: key) {
            return Blake3.hash(bytes) == pack ? bytes : nil
        }
        if let epoch = StoreKey.epoch(of: key) {
            guard let raw = try? StoredSlot.unpacked(bytes), let slot = try? Slot(decoding: raw),
                slot.epoch == epoch
            else { return nil }
            return try await isChained(slot, raw, other) ? bytes : nil
        }
        if key.segments.first == "ses" {
            return (try? SessionEvent(decoding: bytes)) == nil ? nil : bytes
        }
        return nil
    }

    /// Whether the slot continues the one before, and is continued by the one after, here; where the
    /// neighbour is damaged here, the other store's own counts.
    private func isChained(
        _ slot: Slot, _ bytes: [UInt8], _ other: any ObjectStore
    ) async throws(ReadError) -> Bool {
        if slot.epoch > 0 {
            guard let before = try await neighbour(slot.epoch - 1, other),
                slot.previous == Slot.hash(ofBytes: before)
            else { return false }
        }
        guard let after = try await neighbour(slot.epoch + 1, other) else { return true }
        return (try? Slot(decoding: after))?.previous == Slot.hash(ofBytes: bytes)
    }

    /// The bytes of a slot that is next to the one in question.
    private func neighbour(
        _ epoch: Epoch, _ other: any ObjectStore
    ) async throws(ReadError) -> [UInt8]? {
        let key = StoreKey.slot(epoch)
        for place in [store, other] {
            if let stored = try await present(key, in: place),
                let raw = try? StoredSlot.unpacked(stored),
                (try? Slot(decoding: raw))?.epoch == epoch
            {
                return raw
            }
        }
        return nil
    }

    private func present(
        _ key: ObjectKey, in store: any ObjectStore
    ) async throws(ReadError) -> [UInt8]? {
        do throws(StoreError) {
            return try await store.getIfPresent(key)?.bytes
        } catch {
            throw .store(error)
        }
    }
}
