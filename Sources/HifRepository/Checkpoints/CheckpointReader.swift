package import HifCore
import HifStore
import Synchronization

/// Finds tree nodes in the checkpoints of a project.
///
/// A checkpoint is a pack with the nodes that no earlier one has, so a node may lie in any of the
/// chain; their footers are read once each, newest first, and only as far back as needed.
package final class CheckpointReader: Sendable {
    /// Neighbouring records are fetched together when no more than this lies between them.
    static let gapBytesMax = 64 << 10

    private struct Known {
        /// Where a node lies: the epoch of its checkpoint and its entry there.
        var places: [Hash: (epoch: Epoch, range: Range<Int>)] = [:]
        /// Checkpoints whose footer was read, with the epoch of the one before; nil: not built.
        var footers: [Epoch: Bool] = [:]
        var previous: [Epoch: Epoch] = [:]
    }

    private let log: LogReader
    private let known = Mutex(Known())

    package init(log: LogReader) {
        self.log = log
    }

    /// The newest checkpoint that exists among `epoch` and the due ones before it; 0 when none does
    /// (the empty tree needs no object). One or two requests unless checkpoints are missing.
    package func newestBuilt(atOrBefore epoch: Epoch) async throws(ReadError) -> Epoch {
        var epoch = epoch
        while epoch > 0 {
            if try await loadFooter(epoch) { return epoch }
            epoch = try await previousDue(epoch)
        }
        return 0
    }

    /// Whether checkpoint `epoch` exists; reads its footer on the first call. A checkpoint that was
    /// absent is looked for again at the next call.
    package func loadFooter(_ epoch: Epoch) async throws(ReadError) -> Bool {
        if known.withLock({ $0.footers[epoch] == true }) { return true }
        let key = StoreKey.checkpoint(epoch)
        var suffixBytes = PackFooter.suffixBytes
        // A second answer can only fail to suffice if the object changed in between.
        for _ in 0..<2 {
            let object: StoredObject
            do throws(StoreError) {
                object = try await log.store.get(key, .suffix(suffixBytes))
            } catch {
                if error.code == .notFound { return false }
                throw .store(error)
            }
            do throws(FormatError) {
                switch try PackFooter.parse(suffix: object.bytes, packBytes: object.size) {
                case .needs(let more): suffixBytes = more
                case .footer(let footer):
                    remember(footer, epoch: epoch)
                    return true
                }
            } catch {
                throw .damaged(key.description, error)
            }
        }
        throw .damaged(
            key.description, FormatError("pack footer", at: 0, "of no certain length"))
    }

    func remember(_ footer: PackFooter, epoch: Epoch) {
        known.withLock { known in
            for index in 0..<footer.count {
                let entry = footer[index]
                // The oldest has it by right; a later one only where a checkpoint was missing.
                if let place = known.places[entry.id], place.epoch <= epoch { continue }
                known.places[entry.id] = (epoch, entry.range)
            }
            known.footers[epoch] = true
        }
    }

    /// Whether a checkpoint before `epoch` whose footer is loaded holds the node.
    func holds(_ node: Hash, before epoch: Epoch) -> Bool {
        known.withLock { $0.places[node].map { $0.epoch < epoch } ?? false }
    }

    /// The due checkpoint before the one at `epoch`: at most one request.
    package func previousDue(_ epoch: Epoch) async throws(ReadError) -> Epoch {
        if let previous = known.withLock({ $0.previous[epoch] }) { return previous }
        guard let (slot, _, _) = try await log.slot(epoch) else {
            throw .log(.inconsistent(epoch: epoch, "is missing although later slots exist"))
        }
        known.withLock { $0.previous[epoch] = slot.checkpointEpoch }
        return slot.checkpointEpoch
    }

    /// The due checkpoints up to `epoch` that do not exist, oldest first. Loads the footers of all
    /// others: a request for each that was not read yet.
    package func missing(from epoch: Epoch) async throws(ReadError) -> [Epoch] {
        var missing: [Epoch] = []
        var epoch = epoch
        while epoch > 0 {
            if try await !loadFooter(epoch) { missing.append(epoch) }
            epoch = try await previousDue(epoch)
        }
        return missing.reversed()
    }

    /// The nodes with these hashes, of trees at or before checkpoint `epoch`. Requests: one for each
    /// run of neighbouring nodes, and one for each footer not seen before.
    ///
    /// - Returns: those found. Where a checkpoint of the chain is missing there may be fewer.
    package func nodes(
        _ hashes: [Hash], from epoch: Epoch
    ) async throws(ReadError) -> [TreeNode] {
        var found: [(epoch: Epoch, range: Range<Int>, hash: Hash)] = []
        var wanted = Set(hashes)
        func takeKnown() {
            known.withLock { known in
                for hash in hashes where wanted.contains(hash) {
                    if let place = known.places[hash] {
                        found.append((place.epoch, place.range, hash))
                        wanted.remove(hash)
                    }
                }
            }
        }
        takeKnown()
        var checkpoint = epoch
        while !wanted.isEmpty, checkpoint > 0 {
            if try await loadFooter(checkpoint) { takeKnown() }
            checkpoint = try await previousDue(checkpoint)
        }
        found.sort { ($0.epoch, $0.range.lowerBound) < ($1.epoch, $1.range.lowerBound) }
        var nodes: [TreeNode] = []
        var index = 0
        while index < found.count {
            var end = index + 1
            while end < found.count, found[end].epoch == found[index].epoch,
                found[end].range.lowerBound - found[end - 1].range.upperBound
                    <= CheckpointReader.gapBytesMax
            {
                end += 1
            }
            nodes += try await read(found[index..<end], epoch: found[index].epoch)
            index = end
        }
        return nodes
    }

    private func read(
        _ places: ArraySlice<(epoch: Epoch, range: Range<Int>, hash: Hash)>, epoch: Epoch
    ) async throws(ReadError) -> [TreeNode] {
        guard let first = places.first, let last = places.last else { return [] }
        let start = first.range.lowerBound
        let key = StoreKey.checkpoint(epoch)
        let bytes: [UInt8]
        do throws(StoreError) {
            bytes = try await log.store.get(
                key, .range(offset: start, count: last.range.upperBound - start)
            ).bytes
        } catch {
            throw .store(error)
        }
        let zstd = Zstd()
        do throws(FormatError) {
            var nodes: [TreeNode] = []
            for place in places {
                let from = place.range.lowerBound - start
                let upTo = place.range.upperBound - start
                guard upTo <= bytes.count else {
                    throw FormatError("checkpoint", at: start + bytes.count, "truncated")
                }
                let record = try PackRecord(filling: from..<upTo, of: bytes)
                try record.expect(place.hash, [.node])
                nodes.append(try TreeNode(decoding: try record.content(using: zstd)))
            }
            return nodes
        } catch {
            throw .damaged(key.description, error)
        }
    }
}
