package import HifCore
package import HifStore

/// Reads slots of one project's log, and finds its end.
///
/// A slot that exists never changes, so nothing here needs a lock; a missing one may appear at any
/// moment. Costs are said in requests to the store.
package struct LogReader: Sendable {
    /// Times a slot that does not decode is read again before it counts as damaged.
    static let damagedReadsMax = 3
    /// Guesses in a row that may leave more than half of the slots to search.
    private static let poorGuessesMax = 2
    /// The project's own store: keys as `StoreKey` makes them.
    package let store: any ObjectStore
    package let content: ContentReader
    private let recent = RecentSlots()

    package init(store: any ObjectStore) {
        self.store = store
        content = ContentReader(store)
    }

    /// The slot and the hash of its bytes; nil when there is none (yet). One request, or none for a
    /// slot that was read lately.
    package func slot(_ epoch: Epoch) async throws(ReadError) -> (
        slot: Slot, hash: Hash, byteCount: Int
    )? {
        if let known = recent[epoch] { return (known.slot, known.hash, known.byteCount) }
        let read = try await bytes(ofSlot: epoch) { bytes throws(FormatError) in
            let slot = try Slot(decoding: bytes)
            return (
                slot.epoch,
                RecentSlots.Known(
                    slot: slot, hash: Slot.hash(ofBytes: bytes), byteCount: bytes.count)
            )
        }
        guard let read else { return nil }
        recent.keep(read)
        return (read.slot, read.hash, read.byteCount)
    }

    /// Where those of `ids` lie that the operations in the slot brought, found in its bytes without
    /// decoding the rest: a fifth of the work. One request.
    ///
    /// - Returns: nil for a slot that has operations elsewhere: use `resolved(_:)`.
    func places(
        of ids: Set<Hash>, inSlot epoch: Epoch
    ) async throws(ReadError) -> [Hash: PackLocation]? {
        let found = try await bytes(ofSlot: epoch) { bytes throws(FormatError) in
            var places = try SlotPlaces(bytes)
            return (places.epoch, try places.find(ids))
        }
        guard let found else {
            throw .log(.inconsistent(epoch: epoch, "is missing although later slots exist"))
        }
        return found
    }

    /// What `decode` makes of the bytes of a slot, and the number they say; nil when there is none.
    /// Bytes that are not that slot are read again: one request, three at most.
    private func bytes<Result>(
        ofSlot epoch: Epoch,
        _ decode: ([UInt8]) throws(FormatError) -> (epoch: Epoch, result: Result)
    ) async throws(ReadError) -> Result? {
        var damage: FormatError?
        for _ in 0..<LogReader.damagedReadsMax {
            let object: StoredObject?
            do throws(StoreError) {
                object = try await store.getIfPresent(StoreKey.slot(epoch))
            } catch {
                throw .store(error)
            }
            guard let object else { return nil }
            do throws(FormatError) {
                let (found, result) = try decode(try StoredSlot.unpacked(object.bytes))
                guard found == epoch else {
                    throw FormatError("slot", at: 8, "says epoch \(found), stored as \(epoch)")
                }
                return result
            } catch {
                damage = error
                _ = store.distrust(StoreKey.slot(epoch))
            }
        }
        throw .damaged(StoreKey.slot(epoch).description, damage ?? FormatError("slot", at: 0, ""))
    }

    /// The slot with all its operations: one request, and one more for each landing whose list lies
    /// in a pack.
    package func resolved(_ epoch: Epoch) async throws(ReadError) -> ResolvedSlot? {
        guard let (slot, hash, byteCount) = try await slot(epoch) else { return nil }
        return try await resolved(slot, hash, byteCount)
    }

    /// The same of a slot that was read.
    func resolved(
        _ slot: Slot, _ hash: Hash, _ byteCount: Int
    ) async throws(ReadError) -> ResolvedSlot {
        var operations: [[LandedOperation]] = []
        for record in slot.records {
            if let landing = record.landing {
                operations.append(try await self.operations(of: landing))
            } else {
                operations.append([])
            }
        }
        return ResolvedSlot(slot: slot, hash: hash, byteCount: byteCount, operations: operations)
    }

    /// The operations of a landing: none or one request.
    package func operations(of landing: Landing) async throws(ReadError) -> [LandedOperation] {
        switch landing.operations {
        case .inline(let list):
            return list
        case .stored(let reference, let count, let noOps):
            let bytes = try await record(reference, of: landing, kind: .operationList)
            do throws(FormatError) {
                var list = try OperationList.decode(bytes, packCount: landing.packs.count)
                guard UInt64(list.count) == count else {
                    throw FormatError(
                        "operation list", at: 1, "\(list.count) operations, the slot says \(count)")
                }
                for index in noOps {
                    let landed = list[Int(index)]
                    list[Int(index)] = LandedOperation(
                        landed.operation, location: landed.location, isNoOp: true)
                }
                return list
            } catch {
                throw .damaged("operation list \(reference.id)", error)
            }
        }
    }

    /// The content of a record that a landing refers to: one request.
    package func record(
        _ reference: RecordReference, of landing: Landing, kind: PackRecordKind
    ) async throws(ReadError) -> [UInt8] {
        do throws(ContentError) {
            return try await content.content(
                kind, reference.id, at: reference.location.resolved(in: landing.packs),
                bytesMax: kind.rawBytesMax)
        } catch {
            throw .content(error)
        }
    }

    /// The slots `first...last` in order.
    ///
    /// - Throws: `ReadError.log` when one of them is missing: the log has no holes.
    package func resolvedSlots(
        _ range: ClosedRange<Epoch>
    ) async throws(ReadError) -> [ResolvedSlot] {
        var slots: [ResolvedSlot] = []
        slots.reserveCapacity(range.count)
        var cursor = cursor(range)
        while let (slot, hash, byteCount) = try await cursor.next() {
            slots.append(try await resolved(slot, hash, byteCount))
        }
        return slots
    }

    /// The newest slot's number: the last one of the run that begins at `known`.
    ///
    /// Existence is monotone, so it gallops (1, 2, 4, ... ahead) and then halves:
    /// O(log distance) requests, one when `known` is the newest. Never ask a cache this question.
    ///
    /// - Parameter known: a slot that is known to exist; 0 for "nothing is known".
    /// - Throws: `LogError.noProject` when there is no genesis.
    package func newestEpoch(from known: Epoch) async throws(ReadError) -> Epoch {
        if known == 0 {
            guard try await exists(0) else { throw .log(.noProject) }
        }
        var low = known
        var step: Epoch = 1
        while try await exists(low + step) {
            low += step
            step *= 2
        }
        var high = low + step
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if try await exists(middle) { low = middle } else { high = middle }
        }
        return low
    }

    /// Every closing in slots that begin after `position`, up to slot `epoch`: all that can concern a
    /// session created at `position`. One request for each slot.
    package func closings(
        since position: Position, upTo epoch: Epoch
    ) async throws(ReadError) -> [SessionID: Closing] {
        var closings: [SessionID: Closing] = [:]
        guard epoch > 0 else { return closings }
        var cursor = cursor(1...epoch, backwards: true)
        while let (slot, hash, byteCount) = try await cursor.next() {
            guard slot.firstPosition > position else { break }
            let resolved = ResolvedSlot(
                slot: slot, hash: hash, byteCount: byteCount,
                operations: slot.records.map { _ in [] })
            for (session, closing) in resolved.closings { closings[session] = closing }
        }
        return closings
    }

    /// Whether there is a slot of that number. One small request.
    func exists(_ epoch: Epoch) async throws(ReadError) -> Bool {
        try await exists(StoreKey.slot(epoch))
    }

    /// Whether there is such an object. One request for one byte.
    func exists(_ key: ObjectKey) async throws(ReadError) -> Bool {
        do throws(StoreError) {
            _ = try await store.get(key, .range(offset: 0, count: 1))
            return true
        } catch {
            if error.code == .notFound { return false }
            throw .store(error)
        }
    }

    /// The slot that holds the landing at `position`, which the caller knows to be at most the
    /// position of `newest`. Interpolates between known slots, and halves where that gains too little: few
    /// requests where slots hold about equally many landings, O(log n) always.
    package func slot(
        holding position: Position, newest: Slot
    ) async throws(ReadError) -> Slot {
        if SlotHead(newest).holds(position) { return newest }
        // Positions below `low.next` are at or before `low.epoch`.
        var low: (epoch: Epoch, next: Position) = (0, 1)
        var high: (epoch: Epoch, first: Position) = (newest.epoch, newest.firstPosition)
        var poorGuesses = 0
        while high.epoch > low.epoch + 1 {
            let width = high.epoch - low.epoch
            let isGuess = poorGuesses < LogReader.poorGuessesMax
            var ahead = width / 2
            if isGuess {
                // A guess may be rounded; in integers the product of hostile numbers would overflow.
                let positions = Double(high.first) - Double(low.next)
                let share = Double(position - low.next + 1) / max(1, positions)
                ahead = share < 1 ? UInt64(share * Double(width - 1)) : width - 1
            }
            switch try await look(
                for: position, in: min(low.epoch + max(1, ahead), high.epoch - 1))
            {
            case .found(let slot): return slot
            case .elsewhere(let head) where head.lastPosition < position:
                low = (head.epoch, head.lastPosition + 1)
            case .elsewhere(let head):
                high = (head.epoch, head.firstPosition)
            }
            let halved = (high.epoch - low.epoch) <= width / 2
            poorGuesses = isGuess && !halved ? poorGuesses + 1 : 0
        }
        throw .log(.inconsistent(epoch: high.epoch, "does not hold @\(position)"))
    }

    private enum Look {
        case found(Slot)
        case elsewhere(SlotHead)
    }

    private func look(
        for position: Position, in epoch: Epoch
    ) async throws(ReadError) -> Look {
        if let known = recent[epoch]?.slot {
            let head = SlotHead(known)
            return head.holds(position) ? .found(known) : .elsewhere(head)
        }
        let read = try await bytes(ofSlot: epoch) { bytes throws(FormatError) in
            let head = try SlotHead(bytes)
            guard head.holds(position) else { return (head.epoch, Look.elsewhere(head)) }
            let slot = try Slot(decoding: bytes)
            recent.keep(
                RecentSlots.Known(
                    slot: slot, hash: Slot.hash(ofBytes: bytes), byteCount: bytes.count))
            return (slot.epoch, Look.found(slot))
        }
        guard let read else {
            throw .log(.inconsistent(epoch: epoch, "is missing although later slots exist"))
        }
        return read
    }
}

/// Why something of a project could not be read.
package enum ReadError: Error, Sendable, CustomStringConvertible {
    case store(StoreError)
    case content(ContentError)
    case log(LogError)
    /// An object is there and is not what it should be; the text names it.
    case damaged(String, FormatError)
    /// The project does not have this content.
    case noContent(Hash)
    case tree(TreeError)
    /// There are objects, of which the text names one, and no store.
    case unfinished(String)

    package var description: String {
        switch self {
        case .store(let error): "\(error)"
        case .content(let error): "\(error)"
        case .log(let error): "\(error)"
        case .damaged(let what, let error): "\(what) is damaged: \(error)"
        case .noContent(let hash): "the project has no content \(hash)"
        case .tree(let error): "\(error)"
        case .unfinished(let key):
            "there is no store here, but there is \(key): a copy that was not finished"
        }
    }
}
