package import NIOPosix
import Synchronization

/// Hashes passwords on a few threads of its own, at most as many at once as there are cores and
/// with a bounded queue, so that a flood of logins can exhaust neither memory nor the event loops.
package final class PasswordHasher: Sendable {
    private let threads: NIOThreadPool
    private let waiting: Mutex<Int>
    /// A hash of no password: verified when there is no account, so that both cases take as long.
    private let decoy: String

    /// - Parameter threads: started by the caller, who also shuts it down.
    package init(threads: NIOThreadPool) throws {
        // What can fail comes before the mutex is made: the optimizer of Swift 6.3.1 crashes on an
        // initializer that would have to destroy one.
        decoy = try PasswordHash.make("no account has this password")
        self.threads = threads
        waiting = Mutex(0)
    }

    package func hash(_ password: String) async throws -> String {
        try await onThread { try PasswordHash.make(password) }
    }

    /// Always does the work of one verification, also when `encoded` is nil (no such account, or
    /// one without a password), and is then false.
    package func verify(_ password: String, against encoded: String?) async throws -> Bool {
        let target = encoded ?? decoy
        let fits = try await onThread { PasswordHash.verify(password, against: target) }
        return fits && encoded != nil
    }

    private func onThread<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        let isAdmitted = waiting.withLock { count in
            guard count < Limits.passwordQueueMax else { return false }
            count += 1
            return true
        }
        guard isAdmitted else {
            throw ForgeError(
                .unavailable, "too many logins at once", hint: "try again in a few seconds")
        }
        defer { waiting.withLock { $0 -= 1 } }
        return try await threads.runIfActive(work)
    }
}

/// Whether a new password is acceptable; says what is wrong otherwise. Length only, as NIST
/// SP 800-63B advises: no rules about kinds of characters.
package func checkNewPassword(_ password: String) throws(ForgeError) {
    guard password.unicodeScalars.count >= Limits.passwordLengthMin else {
        throw .invalid("a password has at least \(Limits.passwordLengthMin) characters")
    }
    guard password.utf8.count <= Limits.passwordBytesMax else {
        throw .invalid("a password has at most \(Limits.passwordBytesMax) bytes")
    }
}
