import Foundation
import Glibc
import HifCore
import HifRepository
import HifWorkspace

/// The files of a cache: packs, each written once and whole, and never by two processes.
///
/// Nothing is synced: what a crash cut short has no valid index, and is removed by whoever finds it.
struct CacheFolder: Sendable {
    private static let suffix = ".pack"
    /// Packs below this size are put together when there are many of them.
    private static let smallBytes = 4 << 20
    private static let smallCountMax = 16
    private static let mergedBytesTarget = 32 << 20

    let path: String

    /// Makes the folder, for its owner only.
    init(path: String) throws {
        self.path = path
        try CacheFile.makeDirectory(path)
    }

    /// Paths of the packs that are there.
    func packs() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.filter { $0.hasSuffix(CacheFolder.suffix) }.sorted().map { "\(path)/\($0)" }
    }

    /// Writes a pack; answers its path.
    ///
    /// - Throws: when the disk does not take it. A cache can do without.
    func write(_ pack: SealedPack) throws -> String {
        let final = "\(path)/\(pack.id.hex)\(CacheFolder.suffix)"
        let temporary = "\(final).\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CacheFile.failure("write", temporary) }
        defer { close(descriptor) }
        guard CacheFile.writeAll(pack.bytes, to: descriptor), rename(temporary, final) == 0
        else {
            let error = CacheFile.failure("write", final)
            unlink(temporary)
            throw error
        }
        return final
    }

    func remove(_ path: String) {
        unlink(path)
    }

    /// Says that a pack is of use: the ones that were not used for longest go first.
    func touch(_ path: String) {
        utimensat(AT_FDCWD, path, nil, 0)
    }

    private struct Listed {
        let path: String
        let size: Int
        let used: Date
    }

    /// Puts small packs together and removes what is over the bound, unless another process is at
    /// it. Others may go on reading meanwhile: what they have open stays readable.
    func tidy(bytesMax: Int, nonce: () -> PackNonce) {
        let lock = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { return }
        defer { close(lock) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else { return }
        removeLeftovers()
        merge(nonce)
        let all = listed().sorted { $0.used < $1.used }
        var total = all.reduce(0) { $0 + $1.size }
        guard total > bytesMax else { return }
        for pack in all where total > bytesMax / 4 * 3 {
            remove(pack.path)
            total -= pack.size
        }
    }

    private func listed() -> [Listed] {
        packs().compactMap { path in
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
                let size = attributes[.size] as? Int,
                let used = attributes[.modificationDate] as? Date
            else { return nil }
            return Listed(path: path, size: size, used: used)
        }
    }

    /// Files that a process was writing when it died.
    private func removeLeftovers() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        for name in names where name.contains(CacheFolder.suffix + ".") {
            guard let pid = name.split(separator: ".").last.flatMap({ pid_t($0) }), pid > 0,
                kill(pid, 0) != 0, errno == ESRCH
            else { continue }
            remove("\(path)/\(name)")
        }
    }

    private func merge(_ nonce: () -> PackNonce) {
        let small = listed().filter { $0.size < CacheFolder.smallBytes }
        guard small.count > CacheFolder.smallCountMax else { return }
        var merged: [String] = []
        var writer = PackWriter(nonce: nonce())
        func close() -> Bool {
            guard !writer.isEmpty else { return true }
            let full = writer
            writer = PackWriter(nonce: nonce())
            guard (try? write(full.finish())) != nil else { return false }
            for path in merged { remove(path) }
            merged = []
            return true
        }
        for pack in small {
            guard let data = FileManager.default.contents(atPath: pack.path),
                let reader = try? PackReader(Array(data))
            else {
                remove(pack.path)
                continue
            }
            for entry in reader.footer.entriesByOffset() {
                // A record that is damaged is left behind; deltas were never written.
                guard let record = try? reader.record(entry), record.base == nil else { continue }
                writer.add(record)
            }
            merged.append(pack.path)
            if writer.byteCount >= CacheFolder.mergedBytesTarget, !close() { return }
        }
        _ = close()
    }
}
