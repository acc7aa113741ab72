import Glibc
package import HifCore

/// What a directory entry is, as far as a repository can tell entries apart.
package enum FileType: UInt8, Hashable, Sendable {
    case file
    /// A regular file whose owner may execute it.
    case executable
    case symlink
    case directory
    /// A socket, pipe or device: something a repository cannot hold.
    case other

    /// The kind of leaf this entry can be; nil for `directory` and `other`.
    package var leafKind: Leaf.Kind? {
        switch self {
        case .file: .file
        case .executable: .executable
        case .symlink: .symlink
        case .directory, .other: nil
        }
    }
}

/// The part of `lstat` that tells whether a file may have changed since it was last read.
package struct FileStat: Hashable, Sendable {
    /// Content change, nanoseconds since 1970.
    package var modifiedNanos: Int64
    /// Change of content, mode, name or links: a stamp that no user program can set.
    package var changedNanos: Int64
    /// Bytes of content; of the target for a symlink.
    package var size: UInt64
    package var inode: UInt64
    package var type: FileType

    package init(
        modifiedNanos: Int64, changedNanos: Int64, size: UInt64, inode: UInt64, type: FileType
    ) {
        self.modifiedNanos = modifiedNanos
        self.changedNanos = changedNanos
        self.size = size
        self.inode = inode
        self.type = type
    }

    /// The later of the two stamps.
    package var newestNanos: Int64 { max(modifiedNanos, changedNanos) }

    init(_ raw: stat) {
        modifiedNanos = FileStat.nanos(raw.st_mtim)
        changedNanos = FileStat.nanos(raw.st_ctim)
        size = UInt64(max(0, raw.st_size))
        inode = UInt64(raw.st_ino)
        switch raw.st_mode & S_IFMT {
        case S_IFREG: type = raw.st_mode & S_IXUSR != 0 ? .executable : .file
        case S_IFLNK: type = .symlink
        case S_IFDIR: type = .directory
        default: type = .other
        }
    }

    /// A stamp outside 1677…2262 becomes the far future, which is never trusted.
    private static func nanos(_ time: timespec) -> Int64 {
        let (seconds, overflow) = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return .max }
        let (sum, overflowed) = seconds.addingReportingOverflow(Int64(time.tv_nsec))
        return overflowed ? .max : sum
    }
}
