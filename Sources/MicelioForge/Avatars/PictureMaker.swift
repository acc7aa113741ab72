package import NIOPosix
import Synchronization

/// Makes pictures on threads of its own, a few at once because each is in memory with all its pixels, and
/// with a bounded queue: a flood of uploads can exhaust neither memory nor the event loops, and nobody who
/// logs in waits behind it.
package final class PictureMaker: Sendable {
    private let threads: NIOThreadPool
    private let admitted = Mutex(0)

    /// - Parameter threads: as many as pictures may be made at once; started by the caller, who also shuts
    ///   them down.
    package init(threads: NIOThreadPool) {
        self.threads = threads
    }

    /// - Throws: `ForgeError` with what is wrong with the bytes; `unavailable` when too many wait.
    func make(_ bytes: [UInt8]) async throws -> AvatarPicture {
        let isAdmitted = admitted.withLock { count in
            guard count < Limits.pictureQueueMax else { return false }
            count += 1
            return true
        }
        guard isAdmitted else {
            throw ForgeError(
                .unavailable, "too many pictures at once", hint: "try again in a few seconds")
        }
        defer { admitted.withLock { $0 -= 1 } }
        do {
            return try await threads.runIfActive { try AvatarPicture(bytes) }
        } catch let error as PictureError {
            throw error.refusal
        }
    }
}
