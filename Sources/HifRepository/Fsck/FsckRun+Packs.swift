import HifCore
import HifStore

extension FsckRun {
    /// Every pack that a landing names is there; `deep`: and every byte of it is right.
    mutating func checkPacks(_ progress: (FsckProgress) -> Void) async {
        let named = namedPacks.keys.sorted()
        report.packCount = named.count
        report.condemnedPackCount = condemned.condemned.count
        report.unnamedPackCount = packs.subtracting(named).subtracting(compacted.replacing).count
        for (index, pack) in named.enumerated() {
            progress(
                FsckProgress(stage: .packs, done: UInt64(index), total: UInt64(named.count)))
            let key = PackKey.key(of: pack)
            guard packs.contains(pack) else {
                // Its content lies elsewhere, and is looked for there.
                if compacted.replaced[pack] != nil { continue }
                damage(
                    key.string, "this pack is missing, @\(namedPacks[pack] ?? 0) names it",
                    "What it holds cannot be read")
                continue
            }
            guard isDeep else { continue }
            do {
                let bytes = try await store.get(key).bytes
                try PackReader(bytes).verify(id: pack, using: Zstd())
            } catch {
                damage(
                    key.string, "\(error)",
                    "Some of what it holds cannot be read; @\(namedPacks[pack] ?? 0) names it")
            }
        }
        await checkCopies()
        await checkUnnamed(Set(named).union(compacted.replacing))
    }

    /// `deep`: packs that no landing names, of open sessions or left over from attempts that lost, are
    /// whole.
    private mutating func checkUnnamed(_ others: Set<Hash>) async {
        guard isDeep else { return }
        for pack in packs.subtracting(others).sorted() where !compacted.isCondemned(pack) {
            let key = PackKey.key(of: pack)
            do {
                // Gone meanwhile: nobody needed it.
                guard let object = try await store.getIfPresent(key) else { continue }
                try PackReader(object.bytes).verify(id: pack, using: Zstd())
            } catch {
                damage(
                    key.string, "\(error)",
                    "An open session may need what it holds; no landing names it")
            }
        }
    }

    /// Every pack that has the content of replaced ones is there; `deep`: and every byte of it is right.
    private mutating func checkCopies() async {
        for pack in compacted.replacing {
            let key = PackKey.key(of: pack)
            guard packs.contains(pack) else {
                damage(
                    key.string, "this pack is missing, a compaction copied others into it",
                    "What it holds cannot be read")
                continue
            }
            guard isDeep else { continue }
            do {
                let bytes = try await store.get(key).bytes
                try PackReader(bytes).verify(id: pack, using: Zstd())
            } catch {
                damage(key.string, "\(error)", "Some of what it holds cannot be read")
            }
        }
    }

    /// Every content that a slot's operations name is found and is as long as they say, and its
    /// session documents decode. That contents hash to their ids is checked with their packs.
    mutating func checkContents(of slot: ResolvedSlot) async {
        let index = contentIndex
        index.remember(slot)
        for (record, operations) in zip(slot.slot.records, slot.operations) {
            guard let landing = record.landing else { continue }
            await checkDocument(of: landing, in: slot.slot)
            let leaves = operations.compactMap(\.operation.after).filter { $0.kind != .directory }
            let locations: [Hash: PackLocation]
            do throws(ReadError) {
                locations = try await index.locations(
                    of: leaves.map(\.hash), upTo: slot.slot.epoch)
            } catch {
                damage(
                    StoreKey.slot(slot.slot.epoch).string,
                    "where its content lies cannot be told: \(error)", "It cannot be read")
                continue
            }
            for leaf in leaves {
                var location = locations[leaf.hash]
                if await !isThere(leaf, at: location) {
                    // A wrong run is a finding of its own, and no damage.
                    let found = try? await indexWithoutRuns.locations(
                        of: [leaf.hash], upTo: slot.slot.epoch)
                    location = found?[leaf.hash]
                }
                await check(leaf, at: location, of: slot.slot.epoch)
            }
        }
    }

    private func isThere(_ leaf: Leaf, at location: PackLocation?) async -> Bool {
        if let location, location.part != .record {
            return copiedSizes[leaf.hash] != nil && packs.contains(location.pack)
        }
        guard let location, let footer = try? await log.content.footer(of: location.pack) else {
            return false
        }
        return footer.fileEntry(of: leaf.hash)?.location(in: location.pack) == location
    }

    private mutating func check(_ leaf: Leaf, at location: PackLocation?, of epoch: Epoch) async {
        guard let location else {
            return damage(
                StoreKey.slot(epoch).string, "nothing says where content \(leaf.hash) lies",
                "The file that has it cannot be read")
        }
        // A missing pack is a finding of its own.
        guard packs.contains(location.pack) else { return }
        let key = PackKey.key(of: location.pack).string
        if location.part != .record {
            // Read and hashed when the place index was compared with the packs.
            if let size = copiedSizes[leaf.hash], UInt64(size) != leaf.size {
                damage(
                    key, "content \(leaf.hash) has \(size) bytes, slot \(epoch) says \(leaf.size)",
                    "Sizes shown for the file are wrong")
            }
            return
        }
        do {
            let footer = try await log.content.footer(of: location.pack)
            guard let entry = footer.fileEntry(of: leaf.hash),
                entry.location(in: location.pack) == location
            else {
                return damage(
                    key, "holds no content \(leaf.hash) where slot \(epoch) says so",
                    "The file that has it cannot be read")
            }
            var size = UInt64(entry.rawBytes)
            if entry.kind == .manifest {
                size = 0
                try await log.content.stream(leaf.hash, at: location) { size += UInt64($0.count) }
            }
            if size != leaf.size {
                damage(
                    key, "content \(leaf.hash) has \(size) bytes, slot \(epoch) says \(leaf.size)",
                    "Sizes shown for the file are wrong")
            }
        } catch {
            damage(
                key, "content \(leaf.hash): \(error)", "The file that has it cannot be read")
        }
    }

    private mutating func checkDocument(of landing: Landing, in slot: Slot) async {
        guard let reference = landing.document else { return }
        let pack = landing.packs[reference.location.packOrdinal]
        let key = PackKey.key(of: pack).string
        guard packs.contains(pack) || compacted.replaced[pack] != nil else { return }
        do {
            let bytes = try await log.record(reference, of: landing, kind: .sessionDocument)
            let document = try SessionDocument(decoding: bytes)
            if document.session != landing.session
                || UInt64(document.events.count) != landing.eventCount
            {
                damage(
                    key, "the session document of \(landing.session.full) is another one's",
                    "What was said in the session is not shown")
            }
        } catch {
            damage(
                key, "the session document of \(landing.session.full): \(error)",
                "What was said in the session cannot be read")
        }
    }
}
