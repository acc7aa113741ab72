package import HifCore
import HifRepository

/// A project as the source of an export: landing n becomes the n-th commit.
///
/// Landings that were git commits get their people, dates and message back; others the author's
/// name and, as message, the goal and the decisions.
///
/// Memory: one page of landings, the contents of some of them, and a mark for each content written.
package struct GitProjectExport: GitExportSource {
    private static let pageLimit = 512
    /// Contents fetched ahead together.
    private static let batchBytesMax: UInt64 = 16 << 20
    private static let batchCountMax = 4096

    private let remote: any Remote
    private let tip: Position
    private let tags: [Position: [String]]
    private var page: ArraySlice<LandingDetail> = []
    private var next: Position = 1
    /// Contents of this page's landings in the order in which they will be asked for, without those
    /// of pages before.
    private var queue: ArraySlice<GitBlob> = []
    private var queued: Set<Hash> = []
    /// Fetched and not asked for yet.
    private var ahead: [Hash: [UInt8]] = [:]

    /// Exports what is in the project now.
    package init(_ remote: any Remote) async throws {
        self.remote = remote
        tip = try await remote.newest().position
        tags = Dictionary(
            grouping: try await remote.tags().sorted { $0.key < $1.key }, by: \.value
        ).mapValues { $0.map(\.key) }
    }

    /// Landings that will be given.
    package var count: Position { tip }

    package mutating func next() async throws -> GitExportCommit? {
        guard next <= tip else { return nil }
        if page.isEmpty {
            page = try await remote.details(from: next, limit: GitProjectExport.pageLimit)[...]
            queue = []
            for detail in page { enqueue(detail) }
        }
        guard let detail = page.first, detail.position == next else {
            throw WorkspaceError(.damaged, "@\(next) is missing from the project")
        }
        page.removeFirst()
        next += 1
        return commit(detail)
    }

    package mutating func content(
        of blob: GitBlob, _ receive: ([UInt8]) async throws -> Void
    ) async throws {
        if ahead[blob.hash] == nil { try await fetchAhead(from: blob) }
        if let bytes = ahead.removeValue(forKey: blob.hash) { return try await receive(bytes) }
        try await remote.contents([blob.hash], at: tip) { piece in
            if !piece.bytes.isEmpty { try await receive(piece.bytes) }
        }
    }

    private mutating func enqueue(_ detail: LandingDetail) {
        for landed in detail.operations {
            guard let leaf = landed.operation.after, leaf.kind != .directory,
                leaf.size <= GitProjectExport.batchBytesMax, queued.insert(leaf.hash).inserted
            else { continue }
            queue.append(GitBlob(hash: leaf.hash, size: leaf.size))
        }
    }

    /// Fetches `blob` and what will be asked for after it, as much as fits.
    private mutating func fetchAhead(from blob: GitBlob) async throws {
        guard let start = queue.firstIndex(of: blob) else { return }
        var bytes: UInt64 = 0
        let end =
            queue[start...].prefix(GitProjectExport.batchCountMax).firstIndex { wanted in
                bytes += wanted.size
                return bytes > GitProjectExport.batchBytesMax
            } ?? min(queue.endIndex, start + GitProjectExport.batchCountMax)
        let hashes = queue[start..<end].map(\.hash)
        queue = queue[end...]
        var fetched: [Hash: [UInt8]] = [:]
        try await remote.contents(hashes, at: tip) { piece in
            if piece.isLast, fetched[piece.id] == nil {
                fetched[piece.id] = piece.bytes
            } else {
                fetched[piece.id, default: []] += piece.bytes
            }
        }
        ahead = fetched
    }

    // MARK: Commits

    private func commit(_ detail: LandingDetail) -> GitExportCommit {
        let landing = detail.landing
        let author: GitPerson
        let committer: GitPerson
        let message: [UInt8]
        if let origin = detail.document?.origin {
            author = GitPerson(origin.author)
            committer = GitPerson(origin.committer)
            message = GitText.utf8(
                origin.message, encoding: origin.encoding.isEmpty ? nil : origin.encoding)
        } else {
            author = GitPerson(landing.author, millis: landing.startedMillis)
            committer = GitPerson(landing.author, millis: landing.landedMillis)
            message = Array(GitProjectExport.message(detail).utf8)
        }
        // What goes comes first, so that a directory may take the place of a file.
        let operations = detail.operations.filter { !$0.isNoOp }.map(\.operation)
        let ordered =
            operations.filter { $0.after == nil } + operations.filter { $0.after != nil }
        return GitExportCommit(
            author: author, committer: committer, message: message,
            operations: ordered.map {
                GitOperation(path: $0.path, before: $0.before, after: $0.after)
            },
            tags: (tags[detail.position] ?? []).map { .init(name: Array($0.utf8)) })
    }

    /// The goal, then each decision with its reason.
    private static func message(_ detail: LandingDetail) -> String {
        var message = detail.document?.goal ?? detail.landing.goalLine
        while message.last?.isNewline == true { message.removeLast() }
        message += "\n"
        for case .decision(let text, let why) in detail.document?.events.map(\.body) ?? [] {
            message += "\nDecision: \(text)\n"
            if !why.isEmpty { message += "Why: \(why)\n" }
        }
        return message
    }
}

extension GitPerson {
    fileprivate init(_ signature: GitOrigin.Signature) {
        self.init(
            name: signature.name, email: signature.email, seconds: signature.seconds,
            zone: signature.zone)
    }

    fileprivate init(_ author: Author, millis: Int64) {
        let name = author.name.isEmpty ? author.account : author.name
        self.init(
            name: Array(name.utf8), email: Array(author.email.utf8), seconds: millis / 1000,
            zone: Array("+0000".utf8))
    }
}
