import HifCore
import HifRepository
import HifStore

/// A project's content together with the leave to use it. Only `Forge.open` makes one, so no carrier
/// reaches a repository without having asked `Access`.
package struct OpenProject<Verb: ProjectVerb>: Sendable {
    package let grant: ProjectGrant<Verb>
    let repository: Repository
    package let storeID: String
    let drafts: DraftGate
    let knownSessions: KnownSessions
    let feed: SessionFeed
    let meter: Meter
    private let executor: BlockingExecutor

    fileprivate init(
        grant: ProjectGrant<Verb>, repository: Repository, storeID: String, drafts: DraftGate,
        knownSessions: KnownSessions, feed: SessionFeed, meter: Meter, executor: BlockingExecutor
    ) {
        self.grant = grant
        self.repository = repository
        self.storeID = storeID
        self.drafts = drafts
        self.knownSessions = knownSessions
        self.feed = feed
        self.meter = meter
        self.executor = executor
    }

    /// Runs work that may wait for the disk, and says its errors in the forge's own terms.
    func working<Value>(_ work: () async throws -> Value) async throws -> Value {
        try await withTaskExecutorPreference(executor) {
            do {
                return try await work()
            } catch {
                throw ForgeError.translating(error)
            }
        }
    }

    /// As `working`, for writes: they go on to their end when the caller goes away. A landing under
    /// way carries others in its batch, and its outcome must be known to this process.
    func completing<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = Task(executorPreference: executor) {
            do {
                return try await work()
            } catch {
                throw ForgeError.translating(error)
            }
        }
        return try await task.value
    }
}

extension Forge {
    /// The project named `path`, for one kind of use.
    package func open<Verb: ProjectVerb>(
        _ path: ProjectPath, for verb: Verb.Type, as principal: Principal
    ) async throws -> OpenProject<Verb> {
        let grant = try await access.check(principal, verb, on: path)
        let meter = Meter(
            usage: usage,
            key: Usage.Key(
                account: principal.user?.handle.text ?? "",
                projectID: grant.project.storeProjectID))
        meter.count(requests: 1)
        return OpenProject(
            grant: grant, repository: repositories.repository(grant.project.storeProjectID),
            storeID: repositories.storeID.hex, drafts: repositories.drafts,
            knownSessions: repositories.knownSessions, feed: repositories.feed, meter: meter,
            executor: repositories.executor(for: principal))
    }
}

extension ForgeError {
    /// What a caller is told of an error of the layers below. What is not listed here is nobody's
    /// mistake but ours, and stays as it is.
    static func translating(_ error: any Error) -> any Error {
        switch error {
        case let error as ReadError: translating(read: error)
        case let error as StoreError: translating(store: error)
        case let error as ContentError: translating(content: error)
        // Bytes from outside: a pack or an event that is not what it says.
        case let error as FormatError: ForgeError.invalid(error.description)
        default: error
        }
    }

    private static func translating(read error: ReadError) -> ForgeError {
        switch error {
        case .store(let error): translating(store: error)
        case .content(let error): translating(content: error)
        case .log(.noSuchPosition(let position, let tip)):
            ForgeError(.notFound, "there is no position @\(position): the newest is @\(tip)")
        case .log(let error): ForgeError(.damaged, error.description)
        case .damaged: ForgeError(.damaged, error.description)
        case .noContent(let id): ForgeError(.notFound, "the project has no content \(id)")
        case .tree: ForgeError(.damaged, error.description)
        case .unfinished:
            ForgeError(
                .damaged, error.description,
                hint: "run the micelio backup, restore or store copy again that began it")
        }
    }

    private static func translating(store error: StoreError) -> ForgeError {
        switch error.code {
        case .refused:
            ForgeError(
                .unavailable, "the forge cannot write: \(error.message)",
                hint: "whoever runs the forge has to look at its disk; then run the command again")
        case .corrupt: ForgeError(.damaged, error.description)
        default:
            ForgeError(
                .unavailable, "the forge's store does not answer: \(error.cause ?? error.message)",
                hint: "try again")
        }
    }

    private static func translating(content error: ContentError) -> ForgeError {
        switch error.code {
        case .damaged: ForgeError(.damaged, error.description)
        case .tooLarge: ForgeError.invalid(error.message)
        case .missing:
            ForgeError(
                .unavailable, "content moved while it was read: \(error.message)", hint: "try again"
            )
        case .unavailable:
            error.cause.map(translating(store:)) ?? ForgeError(.unavailable, error.message)
        }
    }
}
