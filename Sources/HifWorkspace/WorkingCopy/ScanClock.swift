import Glibc
import HifCore

/// The clock that file stamps are compared with.
package enum ScanClock: Sendable {
    /// The file system's own, by touching `.hif/clock` and reading its stamp: right also on a
    /// network disk whose server lives in another time. Where that cannot be written, the
    /// machine's clock.
    case fileSystem
    /// A given instant, nanoseconds since 1970: for tests.
    case fixed(Int64)

    /// Kernel stamps advance in ticks of 1 to 10 ms, so nothing younger can be told apart from a
    /// later write.
    package static let guardNanos: Int64 = 10_000_000
    /// For file systems that keep whole seconds, or pairs of them.
    package static let coarseGuardNanos: Int64 = 2_000_000_000

    /// The instant before which both stamps of a file must lie for its stat to stand for its
    /// content.
    package func cutoffNanos(hifDirectory: DirectoryHandle?) -> Int64 {
        let now: Int64 =
            switch self {
            case .fixed(let nanos): nanos
            case .fileSystem:
                hifDirectory.flatMap(ScanClock.touch) ?? ScanClock.machineNanos()
            }
        let isCoarse = now % 1_000_000_000 == 0
        return now - (isCoarse ? ScanClock.coarseGuardNanos : ScanClock.guardNanos)
    }

    private static func touch(_ hifDirectory: DirectoryHandle) -> Int64? {
        let file = withCString(Array("clock".utf8)) {
            openat(hifDirectory.descriptor, $0, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o666)
        }
        guard file >= 0 else { return nil }
        defer { close(file) }
        guard futimens(file, nil) == 0 else { return nil }
        return try? FileStat.of(descriptor: file, name: []).modifiedNanos
    }

    private static func machineNanos() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
