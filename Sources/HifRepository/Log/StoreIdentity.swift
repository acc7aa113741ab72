package import HifCore
package import HifStore

extension StoreID {
    /// The id of the store, which lies under `StoreKey.store` at its root as 32 hexadecimal digits
    /// and a line feed; drawn and written first when the store is new. Every cache of the store's
    /// content is keyed by it.
    ///
    /// Of several processes that open a new store at once, all get the id of the one that wrote
    /// first. One request, two or three for a new store.
    package static func openOrCreate(
        in store: any ObjectStore, world: World
    ) async throws(ReadError) -> StoreID {
        if let known = try await read(from: store) { return known }
        var generator = world.generator
        let drawn = StoreID(from: &generator)
        do throws(StoreError) {
            _ = try await store.put(StoreKey.store, Array((drawn.hex + "\n").utf8), .ifAbsent)
            return drawn
        } catch {
            // Somebody else's, or our own write whose answer was lost: what is there counts.
            guard let there = try await read(from: store) else { throw .store(error) }
            return there
        }
    }

    private static func read(from store: any ObjectStore) async throws(ReadError) -> StoreID? {
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
