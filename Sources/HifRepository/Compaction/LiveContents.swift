import HifCore

/// What a log up to one slot needs of its packs, and which contents are versions of one file: everything
/// a compaction has to know before it copies.
///
/// Every position is kept, so every content that a landing brought is needed. Memory: some 200 bytes a
/// content, 100 a path and 80 a document.
struct LiveContents {
    struct Content {
        let id: Hash
        let size: UInt64
        /// Where the log says it lies; it may have been moved since.
        let location: PackLocation
        /// The file it was first a version of.
        let file: UInt32
    }

    /// A record of another kind that a landing refers to.
    struct Reference {
        let kind: PackRecordKind
        let id: Hash
        let location: PackLocation
    }

    /// Files, numbered in the order in which the log first names them. One that begins with a content
    /// of another is the same file under another name.
    private(set) var paths: [RepoPath] = []
    /// In the order of the log, each content once.
    private(set) var contents: [Content] = []
    /// Contents that a later landing brought again, in another pack: their index, and where.
    private(set) var repeats: [(content: UInt32, location: PackLocation)] = []
    /// Session documents and operation lists, in the order of the log.
    private(set) var references: [Reference] = []
    /// Packs that landings name, with the last slot that does.
    private(set) var named: [Hash: Epoch] = [:]
    private(set) var mark = CollectionMark()
    private var files: [RepoPath: UInt32] = [:]
    private var known: [Hash: UInt32] = [:]

    mutating func fold(_ slot: ResolvedSlot) {
        mark.fold(slot.slot)
        for (record, operations) in zip(slot.slot.records, slot.operations) {
            guard let landing = record.landing else { continue }
            for pack in landing.packs { named[pack] = slot.slot.epoch }
            if let document = landing.document {
                refer(.sessionDocument, document, landing)
            }
            if case .stored(let list, _, _) = landing.operations {
                refer(.operationList, list, landing)
            }
            for operation in operations where !operation.isNoOp { fold(operation, landing) }
        }
    }

    private mutating func refer(
        _ kind: PackRecordKind, _ reference: RecordReference, _ landing: Landing
    ) {
        references.append(
            Reference(
                kind: kind, id: reference.id,
                location: reference.location.resolved(in: landing.packs)))
    }

    private mutating func fold(_ landed: LandedOperation, _ landing: Landing) {
        let operation = landed.operation
        guard let after = operation.after, after.kind != .directory else { return }
        let before = known[after.hash]
        let file: UInt32
        if let number = files[operation.path] {
            file = number
        } else {
            if let before {
                file = contents[Int(before)].file
            } else {
                file = UInt32(paths.count)
                paths.append(operation.path)
            }
            files[operation.path] = file
        }
        guard let location = landed.location?.resolved(in: landing.packs) else { return }
        if let before {
            if contents[Int(before)].location.pack != location.pack {
                repeats.append((before, location))
            }
            return
        }
        known[after.hash] = UInt32(contents.count)
        contents.append(
            Content(id: after.hash, size: after.size, location: location, file: file))
    }
}
