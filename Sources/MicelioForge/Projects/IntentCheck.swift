import HifCore
import HifRepository

/// Checks what a client claims in an intent that it prepared itself: that its packs are here, that
/// every record lies where the intent says, and that what it does not bring is here already.
///
/// Footers only, which are kept in memory: one or two reads for each pack.
struct IntentCheck {
    let repository: Repository

    func check(_ intents: [Intent]) async throws {
        var unplaced: Set<Hash> = []
        // Content that an intent brings is there for those after it.
        var placed: Set<Hash> = []
        for intent in intents {
            guard case .land(let land) = intent else { continue }
            try await check(land, &unplaced, &placed)
        }
        guard !unplaced.isEmpty else { return }
        let newest = try await repository.newest()
        let known = try await repository.index.locations(of: unplaced, upTo: newest.epoch)
        if let missing = unplaced.subtracting(known.keys).min() {
            throw ForgeError.invalid(
                "the intents name content \(missing) that neither they nor the project have")
        }
    }

    private func check(
        _ land: LandIntent, _ unplaced: inout Set<Hash>, _ placed: inout Set<Hash>
    ) async throws {
        let operations = land.operations.map(\.operation)
        // An imported commit may change nothing; its document is then all there is of it.
        guard Operation.isWellFormed(operations), !operations.isEmpty || land.document != nil else {
            throw ForgeError.invalid("an intent without operations, or with some out of order")
        }
        guard land.operations.allSatisfy({ !$0.isNoOp }) else {
            throw ForgeError.invalid("an intent does not say what is a no-op; the log does")
        }
        var footers: [PackFooter] = []
        for pack in land.packs { footers.append(try await footer(of: pack)) }
        for landed in land.operations {
            guard let after = landed.operation.after, after.kind != .directory else {
                guard landed.location == nil else {
                    throw ForgeError.invalid("a place for an operation that brings no content")
                }
                continue
            }
            if let place = landed.location {
                try check(place, after.hash, [.blob, .manifest], footers)
                placed.insert(after.hash)
            } else if !placed.contains(after.hash) {
                unplaced.insert(after.hash)
            }
        }
        if let document = land.document {
            try check(document.location, document.id, [.sessionDocument], footers)
        }
        guard let stored = land.storedOperations else { return }
        try check(stored.location, stored.id, [.operationList], footers)
        guard Blake3.hash(OperationList.encode(land.operations)) == stored.id else {
            throw ForgeError.invalid("the stored operation list is not that of the intent")
        }
    }

    private func footer(of pack: Hash) async throws -> PackFooter {
        do throws(ContentError) {
            return try await repository.content.footer(of: pack)
        } catch {
            if error.code == .missing {
                throw ForgeError.invalid("the pack \(pack) was not uploaded")
            }
            throw error
        }
    }

    private func check(
        _ place: LandedLocation, _ id: Hash, _ kinds: [PackRecordKind], _ footers: [PackFooter]
    ) throws(ForgeError) {
        guard footers.indices.contains(place.packOrdinal) else {
            throw .invalid("a place in pack \(place.packOrdinal) of \(footers.count)")
        }
        let footer = footers[place.packOrdinal]
        let isThere = kinds.contains { kind in
            guard let entry = footer.entry(of: id, kind: kind) else { return false }
            return entry.offset == place.offset && entry.storedBytes == place.storedBytes
        }
        guard isThere else { throw .invalid("\(id) does not lie where the intent says") }
    }
}
