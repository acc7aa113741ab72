import HifCore
import HifRepository
import HifStore
import Logging
import ServiceLifecycle
import Synchronization

extension ForgeServer {
    /// The store with its tiers in memory and on the disk before it; nil when there are to be none.
    static func cache(
        of store: any ObjectStore, _ wanted: ForgeConfiguration.CacheConfiguration?
    ) async throws -> CachingStore? {
        guard let wanted, wanted.diskBytesMax > 0 || wanted.memoryBytesMax > 0 else { return nil }
        var disk: DiskTier?
        if wanted.diskBytesMax > 0 {
            // What is kept is true of this store and no other.
            let owner = try await StoreID.openOrCreate(in: store, world: .system)
            do {
                disk = try DiskTier(
                    directory: wanted.directory, owner: owner.hex, bytesMax: wanted.diskBytesMax)
            } catch {
                throw ForgeError(
                    .unavailable, "\(error.message)\(error.cause.map { ": \($0)" } ?? "")",
                    hint: "--cache names another directory, --cache-bytes 0 goes without")
            }
        }
        return CachingStore(
            store, memoryBytesMax: wanted.memoryBytesMax, disk: disk,
            isCached: StoreKey.isImmutable)
    }
}

/// Says in the log, now and then and at the end, what the caches did.
final class CacheReport: Service {
    private let cache: CachingStore
    private let logger: Logger
    private let told = Mutex(CacheTotals())

    init(cache: CachingStore, logger: Logger) {
        self.cache = cache
        self.logger = logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: .seconds(Limits.cacheReportSeconds))) != nil {
                self.report()
            }
        }
        report()
    }

    private func report() {
        let now = cache.totals
        let isNew = told.withLock { told in
            defer { told = now }
            return told != now
        }
        guard isNew else { return }
        logger.info(
            "cache",
            metadata: [
                "memory_hits": "\(now.memoryHits)", "disk_hits": "\(now.diskHits)",
                "joined": "\(now.joined)", "misses": "\(now.misses)",
                "store_requests": "\(now.storeRequests)", "store_bytes": "\(now.storeBytes)",
                "passed": "\(now.passed)", "damaged": "\(now.damaged)",
                "unwritten": "\(now.unwritten)", "memory_bytes": "\(now.memoryBytes)",
                "disk_bytes": "\(now.diskBytes)",
            ])
    }
}
