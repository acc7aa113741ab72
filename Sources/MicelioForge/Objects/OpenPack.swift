import HifCore
import HifRepository
import HifStore

/// A pack together with the leave to read it.
struct OpenPack: Sendable {
    let grant: PackGrant
    private let store: any ObjectStore
    private let executor: BlockingExecutor
    private let meter: Meter

    fileprivate init(
        grant: PackGrant, store: any ObjectStore, executor: BlockingExecutor, meter: Meter
    ) {
        self.grant = grant
        self.store = store
        self.meter = meter
        self.executor = executor
    }

    /// Some bytes of the pack as the store has them, and how many it has altogether. They are not
    /// verified: whoever reads a pack verifies what is in it.
    ///
    /// - Throws: `StoreError` for a range behind the end, `ForgeError` otherwise.
    func read(_ range: ByteRange) async throws -> (bytes: [UInt8], size: Int) {
        try await withTaskExecutorPreference(executor) {
            do {
                let object = try await store.get(PackKey.key(of: grant.pack), range)
                meter.count(sent: object.bytes.count)
                return (object.bytes, object.size)
            } catch {
                switch (error as? StoreError)?.code {
                case .rangeNotSatisfiable: throw error
                case .notFound: throw Call.nothing
                default: throw ForgeError.translating(error)
                }
            }
        }
    }
}

extension Forge {
    func open(_ grant: PackGrant) -> OpenPack {
        // A cache asks in nobody's name.
        let meter = Meter(
            usage: usage, key: Usage.Key(account: "", projectID: grant.storeProjectID))
        meter.count(requests: 1)
        return OpenPack(
            grant: grant, store: repositories.repository(grant.storeProjectID).store,
            executor: repositories.executor, meter: meter)
    }
}
