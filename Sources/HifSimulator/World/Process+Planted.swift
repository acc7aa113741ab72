import HifCore
import HifRepository
import HifStore

// Planted mistakes that are a job of their own.

extension Process {
    /// What a node does by itself because of `bug`; nil for nothing. Only while faults happen, but for
    /// the mistake that is to go on for ever.
    func plantedJob(
        _ bug: PlantedBug?, while isOn: @escaping () -> Bool
    ) -> (@Sendable () async -> Void)? {
        switch bug {
        case .polls:
            repeated({ true }) { [repository] in _ = try await repository?.newest() }
        case .deletesByAge:
            repeated(isOn) { [self] in try await deleteOldPacks() }
        case .rollupOfUnfinished, .rollupLeavesOut:
            repeated(isOn) { [self] in
                try await buildRollup(unfinished: bug == .rollupOfUnfinished)
            }
        default: nil
        }
    }

    private func repeated(
        _ isOn: @escaping () -> Bool, _ work: @escaping @Sendable () async throws -> Void
    ) -> @Sendable () async -> Void {
        let hours = Hours(isOn: isOn)
        return { [self] in
            while !isDead, !Task.isCancelled, hours.isOn() {
                try? await work()
                await wait(500_000)
            }
        }
    }

    /// When to work.
    ///
    /// `@unchecked Sendable`: asked by the simulation's one thread only.
    private struct Hours: @unchecked Sendable {
        let isOn: () -> Bool
    }

    /// Deletes what was there half a minute ago and is named by no landing now.
    private func deleteOldPacks() async throws {
        let store: any ObjectStore = repository.store
        let old = try await store.listAll(prefix: "pack/").compactMap { PackKey.pack(of: $0.key) }
        await wait(30_000_000)
        let newest = try await repository.newest()
        var cursor = repository.log.cursor(0...newest.epoch)
        var named: Set<Hash> = []
        while let (slot, _, _) = try await cursor.next() {
            for (_, landing) in slot.landings { named.formUnion(landing.packs) }
        }
        for pack in old where !named.contains(pack) {
            try await store.delete(PackKey.key(of: pack))
        }
    }

    /// Builds the rollup run of the newest finished range without the slots that cannot be read, or
    /// that of the range that is not finished without those that do not exist.
    private func buildRollup(unfinished: Bool) async throws {
        let count = RollupSpan.fanOut
        let end = try await repository.newest().epoch + 1
        guard unfinished ? end % count > 0 : end >= count else { return }
        let span = RollupSpan(level: 1, block: unfinished ? end / count : end / count - 1)
        var slots: [SlotKeys] = []
        for epoch in span.firstEpoch..<span.endEpoch {
            let last = slots.last
            if let slot = try? await repository.log.resolved(epoch) {
                slots.append(SlotKeys(slot))
            } else {
                let position = last?.nextPosition ?? 1
                slots.append(
                    SlotKeys(
                        epoch: epoch, hash: .zero, previous: last?.hash ?? .zero,
                        firstPosition: position, nextPosition: position, values: []))
            }
        }
        let run = RollupRun(span: span, slots: slots)
        _ = try await repository.store.put(StoreKey.rollup(span), run.bytes, .ifAbsent)
    }
}
