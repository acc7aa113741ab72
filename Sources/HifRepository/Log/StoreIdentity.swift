package import HifCore
package import HifStore

extension StoreID {
    private static let magic: UInt32 = 0x5453_4948  // "HIST"
    private static let version: UInt16 = 1

    /// The id of the store, which lies under `StoreKey.store` at its root; drawn and written first
    /// when the store is new. Every cache of the store's content is keyed by it.
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
            _ = try await store.put(StoreKey.store, drawn.encodeIdentity(), .ifAbsent)
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
        do throws(FormatError) {
            return try StoreID(decodingIdentity: object.bytes)
        } catch {
            throw .damaged(StoreKey.store.description, error)
        }
    }

    /// Magic, version, the sixteen bytes, BLAKE3 of everything before.
    package func encodeIdentity() -> [UInt8] {
        var writer = ByteWriter(capacity: 64)
        writer.u32(StoreID.magic)
        writer.u16(StoreID.version)
        encode(into: &writer)
        writer.hash(Blake3.hash(writer.bytes))
        return writer.bytes
    }

    package init(decodingIdentity bytes: [UInt8]) throws(FormatError) {
        var reader = ByteReader(bytes, format: "store id")
        guard try reader.u32() == StoreID.magic else {
            throw FormatError("store id", at: 0, "does not begin with HIST")
        }
        let version = try reader.u16()
        guard version == StoreID.version else {
            throw reader.error("version \(version), this program reads 1")
        }
        let id = try StoreID(from: &reader)
        let payload = reader.offset
        guard try reader.hash() == Blake3.hash(bytes, range: 0..<payload) else {
            throw FormatError("store id", at: payload, "checksum does not match")
        }
        try reader.expectEnd()
        self = id
    }
}
