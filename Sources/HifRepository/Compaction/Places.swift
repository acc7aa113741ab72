import HifCore
package import HifStore
import Synchronization

/// The newest place index this process knows, and when to look for another.
///
/// A project that was never compacted costs nothing here: the index is looked for when a pack is gone or
/// a run of the object index is missing, and both happen because of a compaction.
package final class Places: Sendable {
    private struct State {
        var index: PlaceIndex?
        /// Of the newest index that the store has, as far as is known here.
        var storedEpoch: Epoch = 0
        /// Packs that were asked for in vain: what was written there is looked up at once.
        var gone: Set<Hash> = []
        /// Ends of blocks whose run was missing when the index was looked for.
        var asked: Set<Epoch> = []
    }

    /// Beyond it the memory is dropped.
    private static let rememberedMax = 65_536

    private let store: any ObjectStore
    private let state = Mutex(State())

    package init(_ store: any ObjectStore) {
        self.store = store
    }

    /// No request.
    package var known: PlaceIndex? { state.withLock { $0.index } }

    /// Whether the store has the index as of slot `epoch`, or a newer one; no request. What is known may
    /// have been made here, by somebody who dies before it is written.
    func isStored(asOf epoch: Epoch) -> Bool { state.withLock { $0.storedEpoch >= epoch } }

    /// It was written, or seen in the store.
    func wasStored(asOf epoch: Epoch) {
        state.withLock { $0.storedEpoch = max($0.storedEpoch, epoch) }
    }

    /// This process built or read it.
    package func remember(_ index: PlaceIndex) {
        state.withLock { state in
            if let known = state.index, known.epoch > index.epoch { return }
            state.index = index
        }
    }

    /// The newest index there is; one listing, and one read if it is another than the known one.
    ///
    /// - Returns: nil when there is none, or none that decodes.
    @discardableResult
    package func refresh() async throws(StoreError) -> PlaceIndex? {
        var newest: Epoch?
        for entry in try await store.listAll(prefix: StoreKey.placeIndexPrefix) {
            if let epoch = StoreKey.placeIndexEpoch(of: entry.key) {
                newest = max(newest ?? 0, epoch)
            }
        }
        guard let newest else { return known }
        if let known, known.epoch >= newest {
            wasStored(asOf: newest)
            return known
        }
        // A damaged index is as good as none: it is derived.
        guard let object = try await store.getIfPresent(StoreKey.placeIndex(newest)),
            let index = try? PlaceIndex(decoding: object.bytes), index.epoch == newest
        else { return known }
        remember(index)
        wasStored(asOf: newest)
        return index
    }

    /// As `refresh()`, but only once for each block whose run of the object index is missing.
    func refreshed(forBlockEnding end: Epoch) async throws(StoreError) -> Bool {
        let isFirst = state.withLock { state in
            if state.asked.count >= Places.rememberedMax { state.asked = [] }
            return state.asked.insert(end).inserted
        }
        guard isFirst else { return false }
        let before = known?.epoch
        return try await refresh()?.epoch != before
    }

    // MARK: For readers of packs

    /// Where what `location` meant lies, if its pack is known to be gone.
    func relocated(_ id: Hash, _ location: PackLocation, isFile: Bool) -> PackLocation {
        state.withLock { state in
            guard state.gone.contains(location.pack) else { return location }
            return state.index?.location(of: id, isFile: isFile) ?? location
        }
    }

    /// A pack is not there, in which content `id` was looked for. Whether trying again may help: another
    /// index is known than when the reader began, or this one has not been asked.
    func isGone(_ pack: Hash, id: Hash) async -> Bool {
        let isNew = state.withLock { state in
            if state.gone.count >= Places.rememberedMax { state.gone = [] }
            return state.gone.insert(pack).inserted
        }
        let before = known?.epoch
        _ = try? await refresh()
        if isNew, !knows(id, elsewhereThan: pack) { await build() }
        return known != nil && (isNew || known?.epoch != before)
    }

    private func knows(_ id: Hash, elsewhereThan pack: Hash) -> Bool {
        guard let index = known else { return false }
        return [true, false].contains { isFile in
            index.location(of: id, isFile: isFile).map { $0.pack != pack } ?? false
        }
    }

    /// Makes the index from the log where whoever replaced packs last died before it was written. Dear, and
    /// so done only for a pack that is gone with what the known index says of it.
    private func build() async {
        guard
            let built = try? await PlaceBuilder(store: store).build(newerThan: known?.epoch ?? 0)
        else { return }
        remember(built)
    }
}
