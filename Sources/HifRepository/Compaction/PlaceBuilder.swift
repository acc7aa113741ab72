package import HifCore
package import HifStore

/// Makes the place index from the log and the packs it names: what a compaction writes when it has
/// published, and what a repair makes again.
///
/// Reads every byte of the packs that have copied content, one pack at a time, and the log once.
/// Memory: a pack, and some 100 bytes a content.
package struct PlaceBuilder: Sendable {
    let store: any ObjectStore

    package init(store: any ObjectStore) {
        self.store = store
    }

    /// The index as of the newest slot that replaced packs; nil when none did after slot `known`.
    package func build(newerThan known: Epoch = 0) async throws(ReadError) -> PlaceIndex? {
        let log = LogReader(store: store)
        let newest = try await log.newestEpoch(from: 0)
        let packs = try await log.condemnedPacks(upTo: newest)
        guard packs.lastReplacedEpoch > known else { return nil }
        return try await build(packs, log)
    }

    /// Puts the index if it is missing, and lets `places` know it.
    func buildIfMissing(_ places: Places) async throws(ReadError) {
        let log = LogReader(store: store)
        let packs = try await log.condemnedPacks(upTo: try await log.newestEpoch(from: 0))
        guard packs.lastReplacedEpoch > 0 else { return }
        do throws(StoreError) {
            _ = try await places.refresh()
        } catch {
            throw .store(error)
        }
        guard !places.isStored(asOf: packs.lastReplacedEpoch) else { return }
        try await put(try await build(packs, log), rememberingIn: places)
    }

    func put(
        _ index: PlaceIndex, rememberingIn places: Places
    ) async throws(ReadError) {
        do throws(StoreError) {
            _ = try await store.put(
                StoreKey.placeIndex(index.epoch), index.encode(), .ifAbsent)
        } catch {
            guard error.code == .preconditionFailed else { throw .store(error) }
        }
        places.wasStored(asOf: index.epoch)
        places.remember(index)
    }

    /// - Parameter packs: of the log; at least one was replaced.
    func build(_ packs: CondemnedPacks, _ log: LogReader) async throws(ReadError) -> PlaceIndex {
        var records: [PlaceIndex.Held] = []
        for pack in packs.replacing { records += try await held(in: pack) }
        return try await build(packs, log, records: records)
    }

    /// - Parameter records: of all the packs that have copied content.
    func build(
        _ packs: CondemnedPacks, _ log: LogReader, records: [PlaceIndex.Held]
    ) async throws(ReadError) -> PlaceIndex {
        let epoch = packs.lastReplacedEpoch
        guard let (_, hash, _) = try await log.slot(epoch) else {
            throw .log(.inconsistent(epoch: epoch, "is missing although later slots exist"))
        }
        let records = records.sorted {
            $0.pack != $1.pack ? $0.pack < $1.pack : $0.offset < $1.offset
        }
        // Without knowing how far it is complete: operation lists may lie in these packs themselves.
        log.content.places.remember(
            PlaceIndex(epoch: epoch, slotHash: hash, completeBefore: 0, records: records))
        let known = Set(records.flatMap(\.ids))
        let complete = try await completeBefore(known, epoch, log)
        return PlaceIndex(
            epoch: epoch, slotHash: hash, completeBefore: complete, records: records)
    }

    /// What every record of the pack holds, in the order of the records.
    func held(in pack: Hash) async throws(ReadError) -> [PlaceIndex.Held] {
        do {
            let bytes = try await store.get(PackKey.key(of: pack)).bytes
            return try PlaceBuilder.held(in: PackReader(bytes), pack: pack, using: Zstd()) { _, _ in
            }
        } catch let error as StoreError {
            throw .content(ContentError(error, id: .zero, pack: pack))
        } catch let error as FormatError {
            throw .damaged(PackKey.key(of: pack).string, error)
        } catch {
            preconditionFailure("stores and decoders throw their own errors: \(error)")
        }
    }

    /// - Parameter content: told the id and length of each content that is not in another's record.
    static func held(
        in reader: PackReader, pack: Hash, using zstd: Zstd, _ content: (Hash, Int) -> Void
    ) throws(FormatError) -> [PlaceIndex.Held] {
        var records: [PlaceIndex.Held] = []
        for entry in reader.footer.entriesByOffset() where entry.kind != .node {
            var ids = [entry.id]
            if entry.kind == .bundle {
                let bundle = try PackBundle(try reader.content(of: entry, using: zstd))
                ids = bundle.members.map { Blake3.hash(bundle.bytes, range: $0.range) }
                for (id, member) in zip(ids, bundle.members) { content(id, member.range.count) }
            } else {
                content(entry.id, Int(entry.rawBytes))
            }
            records.append(
                PlaceIndex.Held(
                    pack: pack, offset: entry.offset, storedBytes: entry.storedBytes,
                    kind: entry.kind, ids: ids))
        }
        return records
    }

    /// The first slot, rounded down to a whole block, that brought something that is not in `known`;
    /// at most `epoch`.
    private func completeBefore(
        _ known: Set<Hash>, _ epoch: Epoch, _ log: LogReader
    ) async throws(ReadError) -> Epoch {
        var complete = epoch
        var cursor = log.cursor(0...epoch)
        slots: while let (slot, _, _) = try await cursor.next(), slot.epoch < epoch {
            for case .landing(let landing) in slot.records {
                for operation in try await log.operations(of: landing)
                where operation.location != nil && !operation.isNoOp {
                    guard let after = operation.operation.after, !known.contains(after.hash) else {
                        continue
                    }
                    complete = slot.epoch
                    break slots
                }
            }
        }
        return complete / ObjectRun.fanOut * ObjectRun.fanOut
    }
}
