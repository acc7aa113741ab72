package import HifCore
package import HifStore

extension StoreID {
    /// The id of the store, which lies under `StoreKey.store` at its root as 32 hexadecimal digits
    /// and a line feed; drawn and written first when the store is new. Every cache of the store's
    /// content is keyed by it.
    ///
    /// Of several processes that open a new store at once, all get the id of the one that wrote
    /// first. One request, three or four for a new store.
    package static func openOrCreate(
        in store: any ObjectStore, world: World
    ) async throws(ReadError) -> StoreID {
        if let known = try await read(from: store) { return known }
        try await refuseUnfinished(store)
        var generator = world.generator
        let drawn = StoreID(from: &generator)
        var attempt: UInt64 = 1
        while true {
            do throws(StoreError) {
                _ = try await store.put(StoreKey.store, Array((drawn.hex + "\n").utf8), .ifAbsent)
                return drawn
            } catch {
                // Somebody else's, or our own write whose answer was lost: what is there counts.
                if let there = try await read(from: store) { return there }
                // A write that may still arrive writes the same, so another one does no harm.
                guard error.mayHaveBeenApplied, attempt < attemptsMax else { throw .store(error) }
                await world.pause(100 << attempt)
                attempt += 1
            }
        }
    }

    /// Writes of the id whose outcome nobody knows.
    private static let attemptsMax: UInt64 = 4

    /// Below this lie the keys on which a store is tried out (`StoreProbe`). A process that died while it
    /// did that left some.
    package static let probePrefix = "probe/"

    /// Refuses to make a store of what has objects and no id: a copy that was not finished.
    package static func refuseUnfinished(_ store: any ObjectStore) async throws(ReadError) {
        var after: ObjectKey?
        repeat {
            let page: ListPage
            do throws(StoreError) {
                page = try await store.list(prefix: "", after: after, limit: 1_000)
            } catch {
                throw .store(error)
            }
            after = page.next
            guard
                let key = page.objects.first(where: { !$0.key.string.hasPrefix(probePrefix) })?.key
            else { continue }
            // Somebody else may have made the store in this moment.
            if key == StoreKey.store { return }
            if try await read(from: store) != nil { return }
            throw .unfinished(key.string)
        } while after != nil
    }

    /// The id of the store; nil where there is none.
    package static func read(from store: any ObjectStore) async throws(ReadError) -> StoreID? {
        let object: StoredObject?
        do throws(StoreError) {
            object = try await store.getIfPresent(StoreKey.store)
        } catch {
            throw .store(error)
        }
        guard let object else { return nil }
        guard object.bytes.count == 2 * byteCount + 1, object.bytes.last == UInt8(ascii: "\n"),
            let id = StoreID(hex: String(decoding: object.bytes.dropLast(), as: UTF8.self))
        else {
            throw .damaged(
                StoreKey.store.description,
                FormatError("store id", at: 0, "not 32 hexadecimal digits and a line feed"))
        }
        return id
    }
}
