import Glibc
import HifCore
import HifRepository

/// A pack file of the cache, open for reading. It stays readable after somebody removed its name.
struct CachePack: ~Copyable {
    let path: String
    let size: Int
    private let footer: PackFooter
    private let descriptor: Int32

    /// Opens the file and reads its index; nil when it is not a whole pack.
    init?(path: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        let size = lseek(descriptor, 0, SEEK_END)
        guard size > 0, let footer = CachePack.footer(descriptor, size) else {
            close(descriptor)
            return nil
        }
        self.path = path
        self.size = size
        self.footer = footer
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    private static func footer(_ descriptor: Int32, _ size: Int) -> PackFooter? {
        var wanted = min(size, PackFooter.suffixBytes)
        for _ in 0..<2 {
            guard let suffix = read(descriptor, size - wanted..<size),
                let parsed = try? PackFooter.parse(suffix: suffix, packBytes: size)
            else { return nil }
            switch parsed {
            case .footer(let footer): return footer
            case .needs(let more): wanted = more
            }
        }
        return nil
    }

    private static func read(_ descriptor: Int32, _ range: Range<Int>) -> [UInt8]? {
        guard !range.isEmpty else { return nil }
        var bytes = [UInt8](repeating: 0, count: range.count)
        let isWhole = bytes.withUnsafeMutableBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = pread(
                    descriptor, buffer.baseAddress! + done, buffer.count - done,
                    off_t(range.lowerBound + done))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                done += count
            }
            return true
        }
        return isWhole ? bytes : nil
    }

    func has(_ id: Hash, _ kind: PackRecordKind) -> Bool {
        footer.entry(of: id, kind: kind) != nil
    }

    /// The content, verified; nil when the pack has no such record.
    ///
    /// - Throws: `FormatError` when it has one that is damaged.
    func content(
        _ id: Hash, _ kind: PackRecordKind, _ zstd: Zstd
    ) throws(FormatError) -> [UInt8]? {
        guard let entry = footer.entry(of: id, kind: kind) else { return nil }
        guard let bytes = CachePack.read(descriptor, entry.range) else {
            throw FormatError("cached pack", at: entry.range.lowerBound, "the file is too short")
        }
        let record = try PackRecord(filling: bytes.indices, of: bytes)
        try record.expect(id, [kind])
        return try record.content(using: zstd)
    }
}
