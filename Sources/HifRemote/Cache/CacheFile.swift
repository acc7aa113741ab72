import Foundation
import Glibc
import HifCore
import HifWorkspace

/// Files and directories of the cache, which only their owner may read.
enum CacheFile {
    /// Makes the directory and those above it, new ones with their owner's rights only.
    static func makeDirectory(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw WorkspaceError(
                .localStorage, "the directory '\(SafeText.escape(path))' cannot be made")
        }
    }

    static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = write(descriptor, buffer.baseAddress! + done, buffer.count - done)
                if count < 0 {
                    guard errno == EINTR else { return false }
                    continue
                }
                done += count
            }
            return true
        }
    }

    static func failure(_ what: String, _ path: String) -> WorkspaceError {
        WorkspaceError(
            .localStorage,
            "cannot \(what) '\(SafeText.escape(path))': \(String(cString: strerror(errno)))")
    }
}
