import Foundation
import HifCore
import HifStore
import Logging
import NIOPosix
import Synchronization

@testable import MicelioForge

/// A clock that stands still until a test moves it.
final class TestClock: Sendable {
    private let millis = Mutex<Int64>(1_700_000_000_000)

    var now: Int64 { millis.withLock { $0 } }

    func advance(millis step: Int64) {
        millis.withLock { $0 += step }
    }
}

/// A directory of its own, gone when the test ends.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/micelio-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// A forge without sockets, on a clock of its own.
final class TestForge: Sendable {
    static let threads: NIOThreadPool = {
        let threads = NIOThreadPool(numberOfThreads: 2)
        threads.start()
        return threads
    }()

    let directory: TemporaryDirectory
    let clock = TestClock()
    let forge: Forge

    /// - Parameter mail: what takes its letters, while a test has `mailer` run; nil for a forge that sends
    ///   none.
    init(mail: (any MailCarrier)? = nil) async throws {
        directory = try TemporaryDirectory()
        let clock = clock
        let addresses = Addresses(publicURL: "http://forge.test", keyPin: nil)
        let mailer = try mail.map {
            Mailer(
                MailWay($0, from: try MailAddress("forge@forge.test")), addresses: addresses,
                threads: TestForge.threads, now: { clock.now }, wait: { _ in },
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }
        let repositories = try await ProjectRepositories(
            MemoryStore(), world: .system, executor: BlockingExecutor(threads: TestForge.threads))
        forge = Forge(
            accounts: try Accounts(path: directory.path + "/accounts.sqlite"),
            passwords: try PasswordHasher(threads: TestForge.threads),
            pictures: PictureMaker(threads: TestForge.threads), addresses: addresses,
            repositories: repositories,
            search: SearchIndexes(
                directory: directory.path + "/search", storeID: repositories.storeID.hex),
            mailer: mailer, now: { clock.now })
    }

    @discardableResult
    func user(_ handle: String, isAdmin: Bool = false) async throws -> User {
        try await forge.accounts.createUser(Handle(handle), isAdmin: isAdmin, now: clock.now)
    }

    func setPassword(_ password: String, of handle: String) async throws {
        let link = try await forge.accounts.makePasswordLink(for: Handle(handle), now: clock.now)
        _ = try await forge.accounts.setPassword(
            with: link, passwordHash: PasswordHash.make(password), now: clock.now)
    }

    func token(
        of handle: String, scopes: ScopeSet = .everything, expires: Int64? = nil
    ) async throws -> TokenText {
        try await forge.accounts.createPersonalToken(
            for: Handle(handle), label: "test", scopes: scopes, expires: expires, now: clock.now)
    }

    func principal(_ handle: String, scopes: ScopeSet = .everything) async throws -> Principal {
        try await forge.authenticator.authenticate(
            authorization: ["Bearer \(token(of: handle, scopes: scopes).text)"])
    }
}

extension Accounts {
    /// As the function with a time, of no matter when.
    func setMember(_ handle: Handle, of project: ProjectRecord, role: Role?) async throws {
        try await setMember(handle, of: project, role: role, now: 1)
    }
}

/// The code of the `ForgeError` that `work` throws; nil when it throws none.
func refusal(_ work: () async throws -> Void) async -> ForgeError.Code? {
    do {
        try await work()
        return nil
    } catch let error as ForgeError {
        return error.code
    } catch {
        return .internalError
    }
}
