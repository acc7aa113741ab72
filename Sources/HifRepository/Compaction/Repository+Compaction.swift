import HifCore
import HifStore

extension Repository {
    /// Copies the content of packs into new ones, in which the versions of a file lie together, and says
    /// so in the log. The old packs go with the next collection; until then, and after it, everything
    /// stays readable. Writers, readers and collections may go on meanwhile, here and elsewhere.
    ///
    /// Requests: listing the packs, reading the whole log and 64 bytes of each pack, one for each record
    /// that lies alone, one for each new pack, a slot, and one for each run that is not needed any more.
    /// Memory: 200 bytes a content, 100 a path, 80 a landing, a pack of up to 64 MiB twice, and 32 MiB of
    /// contents, or one bundle if that is larger.
    ///
    /// Where another compaction was faster, it begins again: what is left to do is then little.
    ///
    /// - Parameters:
    ///   - isWhole: also copy what was copied before, all of it.
    ///   - level: of compression, 1 to 19.
    ///   - progress: told how many of how many bytes of contents were copied.
    package func compact(
        isWhole: Bool = false, level: Int = Compaction.level,
        progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) async throws -> CompactionReport {
        var attempt = 1
        while true {
            var run = CompactionRun(self, isWhole: isWhole, level: level)
            do {
                let report = try await run.run(progress)
                guard report.stopped != nil, attempt < Compaction.attemptsMax,
                    try await run.wasOvertaken()
                else { return report }
            } catch {
                // What it was reading may have been collected meanwhile.
                guard attempt < Compaction.attemptsMax, (try? await run.wasOvertaken()) == true
                else { throw error }
            }
            attempt += 1
        }
    }
}

/// One compaction under way. Dying anywhere is harmless: until its slot is there nothing has changed but
/// packs that nobody names, and after it what is left over is done by the next.
private struct CompactionRun {
    static let parallelMax = 16

    let repository: Repository
    let isWhole: Bool
    let level: Int
    var report = CompactionReport()
    var live = LiveContents()
    private var isMarked = false
    /// Packs that are copied.
    var chosen: [CompactionChoice.Candidate] = []
    var chosenPacks: Set<Hash> = []
    /// Where each content lies now, by its index.
    var places: [PackLocation] = []

    init(_ repository: Repository, isWhole: Bool, level: Int) {
        self.repository = repository
        self.isWhole = isWhole
        self.level = level
    }

    mutating func run(_ progress: (UInt64, UInt64) -> Void) async throws -> CompactionReport {
        // Before the mark: this process's own writer knows what landed since then.
        _ = try await repository.tipForWriting()
        let sizes = try await listPacks()
        let newest = try await mark()
        try await choose(sizes)
        guard !chosen.isEmpty else {
            try await dropRuns()
            return report
        }
        var writer = CompactionWriter(
            store: repository.store, world: repository.world, level: level,
            session: Compaction.session(after: live.mark.packs.lastReplacedEpoch),
            packsMax: chosen.count)
        try await copy(into: &writer, progress)
        try await publish(writer.packs, markedAt: newest)
        if report.epoch != nil { try await index(writer.held) }
        report.packCount = writer.packs.count
        report.packBytes = writer.byteCount
        return report
    }

    // MARK: What there is

    private func listPacks() async throws -> [Hash: Int] {
        var sizes: [Hash: Int] = [:]
        for entry in try await repository.store.listAll(prefix: "pack/") {
            if let pack = PackKey.pack(of: entry.key) { sizes[pack] = entry.size }
        }
        return sizes
    }

    private mutating func mark() async throws -> Epoch {
        let newest = try await repository.newest()
        // What is copied because of a slot must not outlive it.
        try await repository.store.makeDurable(StoreKey.slot(newest.epoch))
        // A compaction before this one may have died before it wrote where everything lies.
        try await PlaceBuilder(store: repository.store)
            .buildIfMissing(repository.content.places)
        var cursor = repository.log.cursor(0...newest.epoch)
        var previous: Hash?
        while let (slot, hash, byteCount) = try await cursor.next() {
            guard previous.map({ $0 == slot.previous }) ?? true else {
                throw ReadError.log(
                    .inconsistent(epoch: slot.epoch, "is not chained to the slot before it"))
            }
            previous = hash
            live.fold(try await repository.log.resolved(slot, hash, byteCount))
        }
        isMarked = true
        return newest.epoch
    }

    /// Whether somebody else's compaction was published since the mark.
    func wasOvertaken() async throws -> Bool {
        guard isMarked else { return false }
        let packs = try await repository.condemnedPacks(at: try await repository.newest())
        return packs.lastReplacedEpoch > live.mark.packs.lastReplacedEpoch
    }

    /// Packs that landings name, of closed sessions: an open one may still refer to something in its
    /// packs that no landing has named yet. And packs of compactions before.
    private mutating func choose(_ sizes: [Hash: Int]) async throws {
        let packs = live.mark.packs
        let loose = live.named.keys.filter { sizes[$0] != nil && !packs.isClosed($0) }.sorted()
        let sessions = try await headers(of: loose)
        var candidates = loose.compactMap { pack -> CompactionChoice.Candidate? in
            guard let session = sessions[pack],
                session == .zero || live.mark.closed.contains(SessionID(session))
            else { return nil }
            return CompactionChoice.Candidate(
                pack: pack, bytes: sizes[pack] ?? 0, isCompacted: false)
        }
        candidates += packs.replacing.compactMap { pack in
            sizes[pack].map {
                CompactionChoice.Candidate(pack: pack, bytes: $0, isCompacted: true)
            }
        }
        let choice = CompactionChoice.choose(candidates, isWhole: isWhole)
        chosen = choice.chosen
        report.isPartial = choice.isPartial
        chosenPacks = Set(chosen.map(\.pack))
        places = live.contents.map { now($0.id, $0.location) }
        // Readers look where it was brought last. If that pack goes and the first stays, which no index
        // names, they would find it no more: so it is copied from there.
        for (index, location) in live.repeats where chosenPacks.contains(location.pack) {
            let first = live.contents[Int(index)].location.pack
            guard packs.replaced[first] == nil, !chosenPacks.contains(first) else { continue }
            places[Int(index)] = location
        }
    }

    /// Where what the log puts at `location` lies now.
    private func now(_ id: Hash, _ location: PackLocation, isFile: Bool = true) -> PackLocation {
        guard live.mark.packs.replaced[location.pack] != nil else { return location }
        return repository.content.places.known?.location(of: id, isFile: isFile) ?? location
    }

    private func headers(of packs: [Hash]) async throws -> [Hash: Hash] {
        var sessions: [Hash: Hash] = [:]
        for start in stride(from: 0, to: packs.count, by: CompactionRun.parallelMax) {
            let part = packs[start..<min(packs.count, start + CompactionRun.parallelMax)]
            let store = repository.store
            try await withThrowingTaskGroup(of: (Hash, Hash?).self) { group in
                for pack in part {
                    group.addTask {
                        let head = try await store.get(
                            PackKey.key(of: pack), .range(offset: 0, count: PackHeader.byteCount))
                        return (pack, (try? PackHeader(head.bytes))?.session)
                    }
                }
                for try await (pack, session) in group { sessions[pack] = session }
            }
        }
        return sessions
    }

    // MARK: Copying

    private mutating func copy(
        into writer: inout CompactionWriter, _ progress: (UInt64, UInt64) -> Void
    ) async throws {
        let chosenPacks = chosenPacks
        let places = places
        let plan = CompactionPlan(live) {
            chosenPacks.contains(places[$0].pack)
        }
        let total = plan.groups.reduce(UInt64(0)) { $0 + $1.bytes }
        var done: UInt64 = 0
        var chunked = plan.chunked
        for group in plan.groups {
            progress(done, total)
            var contents = try await read(group.contents, &chunked)
            report.contentCount += contents.count
            // Those that lie in chunks are in the list already.
            var others: [Int] = []
            let origins = try await read(group.origins, &others)
            contents.merge(origins) { copied, _ in copied }
            try await writer.add(group, live, contents)
            done += group.bytes
        }
        progress(total, total)
        try await copyChunked(chunked, into: &writer)
        try await copyReferences(into: &writer)
        try await writer.finish()
    }

    /// The contents by their index. What is in chunks although its leaf says that it is small goes into
    /// `chunked`: sizes are what clients say.
    private func read(
        _ wanted: [Int], _ chunked: inout [Int]
    ) async throws -> [Int: [UInt8]] {
        var contents: [Int: [UInt8]] = [:]
        try await repository.content.read(
            wanted.map { ContentRequest(id: live.contents[$0].id, location: places[$0]) }
        ) { number, found in
            switch found {
            case .whole(let bytes): contents[wanted[number]] = bytes
            case .chunked: chunked.append(wanted[number])
            }
        }
        return contents
    }

    /// Large files: chunks as they are, and manifests anew, since they say where the chunks lie.
    private mutating func copyChunked(
        _ indices: [Int], into writer: inout CompactionWriter
    ) async throws {
        for index in indices {
            let content = live.contents[index]
            let isCopied = chosenPacks.contains(places[index].pack)
            let manifest: ChunkManifest
            switch try await repository.content.find(content.id, at: places[index]) {
            case .chunked(let found): manifest = found
            case .whole(let bytes):
                guard isCopied else { continue }
                report.contentCount += 1
                try await writer.add(.blob, content.id, bytes)
                continue
            }
            var located: [ChunkManifest.Chunk] = []
            for chunk in manifest.chunks {
                let place = now(chunk.id, chunk.location, isFile: false)
                guard chosenPacks.contains(place.pack) else {
                    located.append(
                        ChunkManifest.Chunk(id: chunk.id, rawBytes: chunk.rawBytes, location: place)
                    )
                    continue
                }
                if !writer.hasChunk(chunk.id) {
                    let bytes = try await repository.content.blob(
                        chunk.id, at: place, bytesMax: PackRecordKind.chunk.rawBytesMax)
                    try await writer.add(.chunk, chunk.id, bytes)
                }
                located.append(
                    ChunkManifest.Chunk(
                        id: chunk.id, rawBytes: chunk.rawBytes,
                        location: writer.chunkLocation(chunk.id)))
            }
            guard isCopied else { continue }
            report.contentCount += 1
            try await writer.addManifest(
                ChunkManifest(id: content.id, chunks: writer.relative(located)))
        }
    }

    /// Session documents, then operation lists, in the order of the log.
    private func copyReferences(into writer: inout CompactionWriter) async throws {
        for kind in [PackRecordKind.sessionDocument, .operationList] {
            let wanted = live.references.compactMap { reference -> (Hash, PackLocation)? in
                guard reference.kind == kind else { return nil }
                let place = now(reference.id, reference.location, isFile: false)
                return chosenPacks.contains(place.pack) ? (reference.id, place) : nil
            }
            // Bounded by what was stored, which is no more than the limit of one record.
            var start = 0
            while start < wanted.count {
                var end = start
                var bytes = 0
                while end < wanted.count, end - start < 1_024, bytes < 4 << 20 {
                    bytes += Int(wanted[end].1.storedBytes)
                    end += 1
                }
                let part = wanted[start..<end].map { ContentRequest(id: $0.0, location: $0.1) }
                var contents = [[UInt8]](repeating: [], count: part.count)
                try await repository.content.readRecords(part, of: kind) { contents[$0] = $1 }
                for (request, content) in zip(part, contents) {
                    try await writer.addToBundle(kind, request.id, content)
                }
                start = end
            }
            try await writer.closeBundle()
        }
    }

    // MARK: Publishing

    private mutating func publish(_ packs: [Hash], markedAt: Epoch) async throws {
        var markedAt = markedAt
        var olds = chosen.map(\.pack).sorted()
        for _ in 0..<Compaction.attemptsMax {
            guard !packs.isEmpty, olds.count >= packs.count else {
                report.stopped = "nothing would be gained"
                return
            }
            // Every new pack is named, or a part of what was copied would belong to nobody.
            let replacements = olds.enumerated().map { index, pack in
                Condemnation.Replacement(pack: pack, by: packs[index % packs.count])
            }
            switch try await repository.submit(
                .control(.replace(replacements, markedAt: markedAt)))
            {
            case .controlled(let epoch):
                report.epoch = epoch
                report.replacedCount = olds.count
                let gone = Set(olds)
                report.replacedBytes = chosen.filter { gone.contains($0.pack) }
                    .reduce(0) { $0 + $1.bytes }
                return
            case let answer:
                // Landed with meanwhile, replaced by somebody else, or nobody knows.
                report.stopped = "the log did not take it: \(answer)"
                let newest = try await repository.newest()
                let packsNow = try await repository.condemnedPacks(at: newest)
                if let done = olds.first.flatMap({ packsNow.replaced[$0] }), packs.contains(done) {
                    report.stopped = nil
                    report.epoch = packsNow.lastReplacedEpoch
                    report.replacedCount = olds.count
                    return
                }
                guard packs.allSatisfy({ !packsNow.isClosed($0) }) else { return }
                if newest.epoch > markedAt {
                    var cursor = repository.log.cursor(markedAt + 1...newest.epoch)
                    var gained: Set<Hash> = []
                    while let (slot, _, _) = try await cursor.next() {
                        for (_, landing) in slot.landings { gained.formUnion(landing.packs) }
                    }
                    olds.removeAll { gained.contains($0) || packsNow.isClosed($0) }
                }
                markedAt = newest.epoch
            }
            report.stopped = nil
        }
        report.stopped = "landings were faster, again and again"
    }

    /// Writes where everything lies, and takes away the runs that say where it lay.
    private mutating func index(_ held: [PlaceIndex.Held]) async throws {
        let log = repository.log
        let newest = try await repository.newest()
        let packs = try await log.condemnedPacks(at: newest)
        let places = repository.content.places
        var records = held.filter { Set(packs.replacing).contains($0.pack) }
        let builder = PlaceBuilder(store: repository.store)
        let here = Set(records.map(\.pack))
        for pack in packs.replacing where !here.contains(pack) {
            records += try await builder.held(in: pack)
        }
        try await builder.put(
            try await builder.build(packs, log, records: records), rememberingIn: places)
        try await dropRuns()
    }

    /// Runs of slots whose content is all in the place index, and indexes before it.
    private func dropRuns() async throws {
        guard let index = repository.content.places.known else { return }
        for entry in try await repository.store.listAll(prefix: "obj/") {
            if let epoch = StoreKey.placeIndexEpoch(of: entry.key), epoch < index.epoch {
                try await repository.store.delete(entry.key)
            }
            if let run = StoreKey.objectRun(of: entry.key),
                run.block * ObjectRun.slotCount(level: run.level) < index.completeBefore
            {
                try await repository.store.delete(entry.key)
            }
        }
    }
}
