import HifCore
import HifStore

extension FsckRun {
    /// The place index is there, decodes and is of this log; `deep`: and says what the packs hold. Comes
    /// first, since everything that was compacted is found through it.
    mutating func checkPlaces() async {
        // A log that cannot be read so far is a finding of the stage that reads it.
        guard let packs = try? await log.condemnedPacks(upTo: slotEnd - 1) else { return }
        compacted = packs
        let epoch = packs.lastReplacedEpoch
        for found in placeIndexes.sorted() where found != epoch {
            if found > epoch {
                derived(
                    StoreKey.placeIndex(found).string, "no slot of that number replaced packs",
                    "Content may be looked for in the wrong place")
            } else {
                report.add(
                    FsckFinding(
                        .note, key: StoreKey.placeIndex(found).string,
                        "there is a newer index of compacted content",
                        consequence: "It takes space", advice: "The next compaction deletes it"))
            }
        }
        guard epoch > 0 else { return }
        let made = isDeep ? await remade(packs) : nil
        let stored = await storedIndex(epoch, packs, made)
        if let index = made ?? stored {
            log.content.places.remember(index)
            indexWithoutRuns.places.remember(index)
            compactedBefore = index.completeBefore
        } else {
            // Nobody knows; `deep` makes it and does.
            compactedBefore = slotEnd
        }
    }

    /// The index as the packs make it; nil where one of them is damaged, which is a finding of its own.
    private mutating func remade(_ packs: CondemnedPacks) async -> PlaceIndex? {
        var records: [PlaceIndex.Held] = []
        for pack in packs.replacing {
            var sizes: [(Hash, Int)] = []
            guard let bytes = try? await store.get(PackKey.key(of: pack)).bytes,
                let held = try? PlaceBuilder.held(
                    in: PackReader(bytes), pack: pack, using: Zstd(), { sizes.append(($0, $1)) })
            else { return nil }
            records += held
            for (id, size) in sizes { copiedSizes[id] = size }
        }
        return try? await PlaceBuilder(store: store).build(
            packs, LogReader(store: store), records: records)
    }

    private mutating func storedIndex(
        _ epoch: Epoch, _ packs: CondemnedPacks, _ made: PlaceIndex?
    ) async -> PlaceIndex? {
        let key = StoreKey.placeIndex(epoch)
        let consequence = "Finding compacted content takes long"
        guard placeIndexes.contains(epoch) else {
            // As a compaction leaves it that died between its slot and its index.
            report.unbuiltCount += 1
            report.add(
                FsckFinding(
                    .note, key: key.string, "the index of compacted content is not built yet",
                    consequence: "\(consequence) until then",
                    advice: "Whoever collects or compacts next builds it, and so does upkeep"))
            return nil
        }
        do {
            let index = try PlaceIndex(decoding: try await store.get(key).bytes)
            guard index.epoch == epoch, index.slotHash == (try await log.slot(epoch)?.hash) else {
                derived(key.string, "is of another history", "Content may not be found")
                return nil
            }
            guard made.map({ $0 == index }) ?? true, index.packs == packs.replacing else {
                derived(
                    key.string, "does not say where content lies", "Content may not be found")
                return nil
            }
            return index
        } catch {
            derived(key.string, "\(error)", consequence)
            return nil
        }
    }
}
