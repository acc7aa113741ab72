package import HifCore
import HifStore

/// What a collection found and did.
package struct CollectionReport: Hashable, Sendable {
    /// Packs in the store.
    package internal(set) var packCount = 0
    /// Packs that nobody needs: deleted, or with a dry run left where they are.
    package internal(set) var unneeded: [Hash] = []
    package internal(set) var deletedCount = 0
    /// Bytes of what was deleted, or would be.
    package internal(set) var byteCount = 0
    /// The slot at which it was marked last.
    package internal(set) var epoch: Epoch = 0
    /// Why it ended early; nil when it did not. What is left the next collection finds.
    package internal(set) var stopped: String?
}

extension Repository {
    /// Deletes the packs that nobody needs: of closed sessions without a landing that names them, and
    /// such as were replaced. Writers and other collections may go on meanwhile, here and elsewhere.
    ///
    /// Requests: listing the packs, reading the whole log, one for each pack that no landing names,
    /// a slot for each `Condemnation.packsMax` packs, and a deletion for each. Memory: some 100 bytes
    /// for each pack and closed session.
    ///
    /// - Parameters:
    ///   - isDryRun: write nothing.
    ///   - weakness: for tests only.
    package func collect(
        isDryRun: Bool = false, weakness: Collector.Weakness = []
    ) async throws(ReadError) -> CollectionReport {
        var collection = Collection(self, Collector(isDryRun: isDryRun, weakness: weakness))
        return try await collection.run()
    }
}

/// The shell around `Collector`: carries out its effects, one after the other.
private struct Collection {
    /// Headers and deletions under way at the same time.
    static let parallelMax = 16

    let repository: Repository
    var collector: Collector
    var report = CollectionReport()
    var sizes: [Hash: Int] = [:]

    init(_ repository: Repository, _ collector: Collector) {
        self.repository = repository
        self.collector = collector
    }

    mutating func run() async throws(ReadError) -> CollectionReport {
        // Before the mark: this process's own writer knows what landed since then.
        _ = try await repository.tipForWriting()
        // What was replaced must be found in its new place before the old one goes.
        if !collector.isDryRun {
            try await PlaceBuilder(store: repository.store)
                .buildIfMissing(repository.content.places)
        }
        var effects = collector.step(.begun)
        while !effects.isEmpty {
            let effect = effects.removeFirst()
            if case .finished(let outcome) = effect {
                if case .stopped(let reason) = outcome { report.stopped = reason }
                break
            }
            effects += collector.step(try await perform(effect))
        }
        report.unneeded = collector.found.sorted()
        report.deletedCount = collector.deleted.count
        report.byteCount = collector.found.reduce(0) { $0 + (sizes[$1] ?? 0) }
        return report
    }

    private mutating func perform(
        _ effect: Collector.Effect
    ) async throws(ReadError) -> Collector.Event {
        switch effect {
        case .listPacks:
            return .packsListed(try await listPacks())
        case .mark:
            let mark = try await mark()
            report.epoch = mark.epoch
            // The mark may see a compaction that was not there at the beginning, and that dies before it
            // has written where everything lies.
            let places = repository.content.places
            if !collector.isDryRun, !places.isStored(asOf: mark.packs.lastReplacedEpoch) {
                try await PlaceBuilder(store: repository.store).buildIfMissing(places)
            }
            return .marked(mark)
        case .readHeaders(let packs):
            return .headersRead(try await sessions(of: packs))
        case .submit(let change):
            return .answered(try await repository.submit(.control(change)))
        case .readCondemned(let epoch):
            guard let slot = try await repository.log.slot(epoch)?.slot else {
                return .failed("slot \(epoch) was there a moment ago and is gone")
            }
            return .condemnedRead(slot.control?.condemnation.condemned ?? [])
        case .delete(let packs):
            try await forEach(packs) { store, pack throws(StoreError) in
                try await store.delete(PackKey.key(of: pack))
            }
            return .deleted
        case .finished:
            return .failed("it is over")
        }
    }

    private mutating func listPacks() async throws(ReadError) -> Set<Hash> {
        var packs: Set<Hash> = []
        var after: ObjectKey?
        repeat {
            let page: ListPage
            do throws(StoreError) {
                page = try await repository.store.list(prefix: "pack/", after: after, limit: 1_000)
            } catch {
                throw .store(error)
            }
            for entry in page.objects {
                guard let pack = PackKey.pack(of: entry.key) else { continue }
                packs.insert(pack)
                sizes[pack] = entry.size
            }
            after = page.next
        } while after != nil
        report.packCount = packs.count
        return packs
    }

    private func mark() async throws(ReadError) -> CollectionMark {
        let newest = try await repository.newest()
        do throws(StoreError) {
            // What is deleted because of a slot must not outlive it.
            try await repository.store.makeDurable(StoreKey.slot(newest.epoch))
        } catch {
            throw .store(error)
        }
        var mark = CollectionMark()
        var cursor = repository.log.cursor(0...newest.epoch)
        var previous: Hash?
        while let (slot, hash, _) = try await cursor.next() {
            guard previous.map({ $0 == slot.previous }) ?? true else {
                throw .log(
                    .inconsistent(epoch: slot.epoch, "is not chained to the slot before it"))
            }
            previous = hash
            mark.fold(slot)
        }
        return mark
    }

    private func sessions(of packs: [Hash]) async throws(ReadError) -> [Hash: Hash] {
        var sessions: [Hash: Hash] = [:]
        for (pack, session) in try await forEach(
            packs,
            { store, pack throws(StoreError) -> Hash? in
                let head: StoredObject
                do throws(StoreError) {
                    head = try await store.get(
                        PackKey.key(of: pack), .range(offset: 0, count: PackHeader.byteCount))
                } catch {
                    // Gone meanwhile, or too short to be a pack: fsck's affair.
                    if error.code == .notFound || error.code == .rangeNotSatisfiable { return nil }
                    throw error
                }
                return (try? PackHeader(head.bytes))?.session
            })
        {
            if let session { sessions[pack] = session }
        }
        return sessions
    }

    /// Does the same for each pack, several at a time; results in the order of the packs.
    @discardableResult
    private func forEach<Value: Sendable>(
        _ packs: [Hash],
        _ work: @escaping @Sendable (any ObjectStore, Hash) async throws(StoreError) -> Value
    ) async throws(ReadError) -> [(Hash, Value)] {
        var results: [(Hash, Value)] = []
        var start = 0
        let store = repository.store
        while start < packs.count {
            let part = packs[start..<min(packs.count, start + Collection.parallelMax)]
            let done = await withTaskGroup(
                of: (Int, Result<Value, StoreError>).self
            ) { group in
                for index in part.indices {
                    let pack = part[index]
                    group.addTask {
                        do throws(StoreError) {
                            return (index, .success(try await work(store, pack)))
                        } catch {
                            return (index, .failure(error))
                        }
                    }
                }
                var done: [Int: Result<Value, StoreError>] = [:]
                for await (index, result) in group { done[index] = result }
                return done
            }
            for index in part.indices {
                switch done[index] {
                case .success(let value)?: results.append((part[index], value))
                case .failure(let error)?: throw .store(error)
                case nil: break
                }
            }
            start += part.count
        }
        return results
    }
}
