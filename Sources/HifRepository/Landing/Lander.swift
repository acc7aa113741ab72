package import HifCore
import HifStore

/// The receiving side of a landing: places the new content, folds the session's events, submits the
/// intent, and merges and submits again where both sides changed the same text.
///
/// Requests for a landing without conflict: the session's events, the index of blobs the client did
/// not send, one pack, one slot.
package struct Lander: Sendable {
    /// Times a landing that merges is submitted again after others overtook it. Bounded, and more
    /// than the writers that one file has at once: each round somebody else has landed.
    package static let mergesMax = 100
    /// Conflicts of one request whose landings are searched for; those behind are left unnamed.
    static let explainedConflictsMax = 200

    private let repository: Repository

    package init(_ repository: Repository) {
        self.repository = repository
    }

    /// Lands `request`. Whatever is thrown was not a decision: ask again with the same session.
    package func land(_ request: LandRequest) async throws -> LandOutcome {
        guard request.operations.count <= LandRequest.operationsMax else {
            return .refused("a landing holds at most \(LandRequest.operationsMax) operations")
        }
        guard !request.operations.isEmpty, Operation.isWellFormed(request.operations) else {
            return .refused("there is nothing to land, or the operations are not in path order")
        }
        var attempt = Attempt(request)
        switch try await foldedEvents(of: request) {
        case .events(let events): attempt.events = events
        case .closed(.landed(let landed)): return .landed(landed)
        case .closed(.abandoned): return .abandoned
        }
        for round in 0...Lander.mergesMax {
            switch try await place(&attempt) {
            case .lacking(let hashes): return .lacking(hashes)
            case .placed(let intent):
                switch try await repository.submit(.land(intent)) {
                case .landed(let landed):
                    if request.eventCount > 0 {
                        try? await repository.sessions.unmarkOpen(request.session)
                    }
                    return .landed(landed)
                case .abandoned: return .abandoned
                case .reupload(let packs):
                    // The content has to come again, in packs with new names.
                    return .lacking(attempt.content(in: packs))
                case .refused(let reason): return .refused(reason)
                case .unknown(let reason): return .unknown(reason)
                case .controlled: return .unknown("the log answered something else")
                case .conflict(let paths, _, let position):
                    let left = try await merge(paths, into: &attempt)
                    guard left.isEmpty else {
                        return .conflict(try await explain(left, request), position: position)
                    }
                    if round > 2 {
                        // Many want the same file: let them spread out.
                        let span = UInt64(min(round, 20)) * 2
                        await repository.world.pause(repository.world.random() % span)
                    }
                }
            }
        }
        return .unknown("the landing was overtaken again and again; try again")
    }

    /// Stores a pack of new content for a later request. Idempotent.
    ///
    /// - Parameter isTrusted: skip checking every record: the pack was made by this process.
    /// - Throws: `FormatError` for a pack that is not what it says; nothing is written then.
    package func upload(_ pack: [UInt8], isTrusted: Bool = false) async throws -> Hash {
        let id = Blake3.hash(pack)
        if !isTrusted {
            try PackReader(pack).verify(id: id, using: Zstd())
        }
        try await put(pack, id: id)
        return id
    }

    private func put(_ pack: [UInt8], id: Hash) async throws {
        do throws(StoreError) {
            _ = try await repository.store.put(PackKey.key(of: id), pack, .ifAbsent)
        } catch {
            // The name is the hash of the bytes: whoever wrote it first wrote the same. He may have
            // been killed before it was on the disk.
            guard error.code == .preconditionFailed else { throw ReadError.store(error) }
            try await makeDurable(id)
        }
    }

    private func makeDurable(_ pack: Hash) async throws {
        do throws(StoreError) {
            try await repository.store.makeDurable(PackKey.key(of: pack))
        } catch {
            throw ReadError.store(error)
        }
    }

    private enum Folding {
        case events([SessionEvent])
        /// Decided already; its events may be gone.
        case closed(Closing)
    }

    private func foldedEvents(of request: LandRequest) async throws -> Folding {
        guard request.eventCount > 0 else { return .events([]) }
        let events = try await repository.sessions.events(of: request.session)
        if events.count >= request.eventCount { return .events(events) }
        switch try await repository.standing(
            of: request.session, createdAt: request.createdPosition)
        {
        case .closed(let closing): return .closed(closing)
        case .open, .unknown:
            throw ReadError.store(
                StoreError(.unknown, "the session has \(events.count) events here, not all"))
        }
    }

    // MARK: Placing content

    /// A request under way: its operations change when the server merges.
    private struct Attempt {
        let request: LandRequest
        var operations: [Operation]
        var events: [SessionEvent] = []
        /// Contents made by merging, by id.
        var merged: [Hash: [UInt8]] = [:]
        var mergedPaths: Set<RepoPath> = []
        /// Where content lies that the client sent, and that the project has.
        var placed: [Hash: LandedLocation] = [:]

        init(_ request: LandRequest) {
            self.request = request
            operations = request.operations
        }

        /// The ids of this attempt's new content that lie in one of `packs`.
        func content(in packs: [Hash]) -> [Hash] {
            placed.keys.sorted()
        }
    }

    private enum Placing {
        case placed(LandIntent)
        case lacking([Hash])
    }

    /// Finds or writes the content of every operation and makes the intent.
    private func place(_ attempt: inout Attempt) async throws -> Placing {
        let request = attempt.request
        var wanted: Set<Hash> = []
        for operation in attempt.operations {
            if let after = operation.after, after.kind != .directory { wanted.insert(after.hash) }
        }
        // Pack 0 is the landing's own, written below.
        var packs: [Hash] = [.zero] + request.uploadedPacks
        var places: [Hash: LandedLocation] = [:]
        for (ordinal, pack) in request.uploadedPacks.enumerated() {
            let footer: PackFooter
            do throws(ContentError) {
                footer = try await repository.content.footer(of: pack)
            } catch {
                if error.code == .missing { return .lacking(wanted.sorted()) }
                throw error
            }
            // Seen is not yet durable, and a slot must not outlive what it names.
            try await makeDurable(pack)
            for id in wanted.sorted() where places[id] == nil {
                guard let entry = footer.fileEntry(of: id) else { continue }
                places[id] = LandedLocation(
                    packOrdinal: ordinal + 1, offset: entry.offset, storedBytes: entry.storedBytes)
            }
        }

        var nonce = repository.world.generator
        let zstd = repository.zstd.take()
        var writer = PackWriter(
            session: request.session.hash,
            nonce: PackNonce(high: nonce.next(), low: nonce.next()), zstd: zstd)
        if let staged = request.staged {
            for entry in staged.footer.entriesByOffset()
            where entry.kind == .blob && wanted.contains(entry.id) && places[entry.id] == nil {
                places[entry.id] = writer.add(try staged.record(entry)).landedLocation
            }
        }
        for (id, content) in attempt.merged.sorted(by: { $0.key < $1.key })
        where wanted.contains(id) && places[id] == nil {
            places[id] = writer.add(.blob, id: id, content).landedLocation
        }
        let unplaced = wanted.filter { places[$0] == nil }
        if !unplaced.isEmpty {
            let newest = try await repository.newest()
            let known = try await repository.index.locations(of: unplaced, upTo: newest.epoch)
            let lacking = unplaced.filter { known[$0] == nil }
            guard lacking.isEmpty else { return .lacking(lacking.sorted()) }
        }

        let landed = attempt.operations.map { operation in
            LandedOperation(operation, location: operation.after.flatMap { places[$0.hash] })
        }
        var stored: (id: Hash, location: LandedLocation)?
        let list = OperationList.encode(landed)
        if list.count > LandingMachine.inlineOperationBytesMax {
            stored = (
                Blake3.hash(list), writer.add(.operationList, list).landedLocation
            )
        }
        let document = SessionDocument(
            session: request.session, author: request.author,
            goal: request.goal.prefix(utf8Max: LandRequest.goalBytesMax),
            startedMillis: request.startedMillis, createdPosition: request.createdPosition,
            events: attempt.events, origin: request.origin
        ).encode()
        let documentEntry = writer.add(.sessionDocument, document)
        let documentReference = RecordReference(
            id: documentEntry.id, location: documentEntry.landedLocation)
        let sealed = writer.finish()
        repository.zstd.give(zstd)
        packs[0] = sealed.id
        try await put(sealed.bytes, id: sealed.id)
        attempt.placed = places

        return .placed(
            LandIntent(
                session: request.session, author: request.author,
                goalLine: LandRequest.goalLine(request.goal),
                startedMillis: request.startedMillis,
                landedMillis: request.landedMillis ?? repository.world.now(),
                sourceDigest: request.sourceDigest, createdPosition: request.createdPosition,
                eventCount: UInt64(attempt.events.count), packs: packs,
                document: documentReference, mergedPaths: attempt.mergedPaths.sorted(),
                operations: landed,
                storedOperations: stored.map { RecordReference(id: $0.id, location: $0.location) }))
    }

    // MARK: Merging

    private struct Unmerged {
        let conflict: PathConflict
        let hunks: [LandOutcome.Hunk]
    }

    /// Merges what can be merged into the attempt's operations; returns what cannot.
    private func merge(
        _ conflicts: [PathConflict], into attempt: inout Attempt
    ) async throws -> [Unmerged] {
        var left: [Unmerged] = []
        let newest = try await repository.newest()
        for conflict in conflicts {
            let operation = conflict.operation
            guard conflict.reason == .changed,
                let index = attempt.operations.firstIndex(where: { $0.path == operation.path })
            else {
                left.append(Unmerged(conflict: conflict, hunks: []))
                continue
            }
            // A derived directory stands for nothing when somebody's file is compared with it.
            let theirs = conflict.found
            let outcome: LeafMerge.Outcome
            if let early = LeafMerge.withoutContent(
                base: operation.before, ours: operation.after, theirs: theirs)
            {
                outcome = early
            } else {
                outcome = try await mergedContent(operation, theirs, newest, attempt)
            }
            let result: Leaf?
            switch outcome {
            case .leaf(let leaf):
                result = leaf
            case .content(let bytes, let kind):
                let id = Blake3.hash(bytes)
                attempt.merged[id] = bytes
                result = Leaf(kind: kind, size: UInt64(bytes.count), hash: id)
            case .conflict(let hunks, _, _):
                left.append(Unmerged(conflict: conflict, hunks: hunks))
                continue
            }
            attempt.operations[index] = operation.merged(into: result, over: theirs)
            attempt.mergedPaths.insert(operation.path)
        }
        return left
    }

    private func mergedContent(
        _ operation: Operation, _ theirs: Leaf?, _ newest: Slot, _ attempt: Attempt
    ) async throws -> LeafMerge.Outcome {
        guard let ours = operation.after, let theirs else {
            return .conflict(hunks: [], marked: nil, kind: nil)
        }
        var base: (Leaf.Kind, [UInt8])?
        if let leaf = operation.before, leaf.isFile {
            base = (leaf.kind, try await content(leaf.hash, newest, attempt))
        }
        return LeafMerge.contents(
            base: base, ours: (ours.kind, try await content(ours.hash, newest, attempt)),
            theirs: (theirs.kind, try await content(theirs.hash, newest, attempt)),
            labels: ThreeWayMerge.Labels(ours: "yours", theirs: "landed"))
    }

    private func content(
        _ id: Hash, _ newest: Slot, _ attempt: Attempt
    ) async throws -> [UInt8] {
        if let merged = attempt.merged[id] { return merged }
        if let staged = attempt.request.staged, let entry = staged.footer.fileEntry(of: id),
            entry.kind == .blob
        {
            return try staged.content(of: entry, using: Zstd())
        }
        if let place = attempt.placed[id], place.packOrdinal > 0 {
            return try await repository.content.blob(
                id, at: place.resolved(in: [.zero] + attempt.request.uploadedPacks),
                bytesMax: LeafMerge.bytesMax)
        }
        return try await repository.blob(id, newest: newest, bytesMax: LeafMerge.bytesMax)
    }

    /// Names the landing behind each conflict: the newest one that touched the path. Requests: those of
    /// a page of one landing for each.
    private func explain(
        _ left: [Unmerged], _ request: LandRequest
    ) async throws -> [LandOutcome.Conflict] {
        var landings: [RepoPath: Position] = [:]
        let newest = try await repository.newest()
        for unmerged in left.prefix(Lander.explainedConflictsMax) {
            let path = unmerged.conflict.operation.path
            let query = LandingQuery(path: path, limit: 1)
            landings[path] =
                try await repository.found(query, newest: newest).entries.first?.position
        }
        return left.map { unmerged in
            LandOutcome.Conflict(
                operation: unmerged.conflict.operation, found: unmerged.conflict.found,
                reason: unmerged.conflict.reason,
                landing: landings[unmerged.conflict.operation.path], hunks: unmerged.hunks)
        }
    }
}

extension PackFooter {
    /// The entry of a file's content: its blob, or its manifest.
    func fileEntry(of id: Hash) -> PackEntry? {
        entry(of: id, kind: .blob) ?? entry(of: id, kind: .manifest)
    }
}

extension PackEntry {
    /// Its place in the landing's own pack, which is always the first it lists.
    fileprivate var landedLocation: LandedLocation {
        LandedLocation(packOrdinal: 0, offset: offset, storedBytes: storedBytes)
    }
}
