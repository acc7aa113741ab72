import Foundation
package import HifCore

/// Which project a workspace is bound to: `.hif/config`, written once at checkout.
package struct WorkspaceConfig: Codable, Hashable, Sendable {
    package static let formatVersion = 1

    package enum Place: Codable, Hashable, Sendable {
        /// A directory store on this machine, by absolute path.
        case store(path: String)
        /// A forge, by its web address.
        case forge(url: String)
    }

    package var format = WorkspaceConfig.formatVersion
    package var place: Place
    /// The project's name: `ana/app`.
    package var project: String
    package var projectID: String
    /// The store the workspace was made from. Another one means that history may have been replaced.
    package var storeID: String

    package init(place: Place, project: String, projectID: ProjectID, storeID: StoreID) {
        self.place = place
        self.project = project
        self.projectID = projectID.hex
        self.storeID = storeID.hex
    }
}

/// What a workspace knows beyond its files and their index: `.hif/state`, replaced as a whole.
package struct WorkspaceState: Codable, Hashable, Sendable {
    /// The slot that held the base when it was checked out: tells this history from another.
    package var baseEpoch: Epoch = 0
    package var baseSlotHash = ""
    /// The base's position, as the index has it too: enough to make a damaged index again.
    package var basePosition: Position?
    package var session: OpenSession?
    /// Conflicts that `update` left in files, until they are resolved.
    package var unresolved: [String] = []
    /// Merges of the operation in the journal: what a file becomes, so that a run that was cut short
    /// does not merge its own result again.
    package var plannedMerges: [PlannedMerge] = []
    /// Landings that were sent and not settled, oldest first.
    package var attempts: [Attempt] = []
    /// The workspace was made to be checked out into, and no checkout has ended yet.
    package var checkoutBegun: Bool?
    /// What landed from here last, for whoever asks again.
    package var lastLanding: LastLanding?

    package struct OpenSession: Codable, Hashable, Sendable {
        package var id: String
        package var goal: String
        package var startedMillis: Int64
        package var createdPosition: Position
        /// Events known to be in the project.
        package var eventCount: UInt64
        /// Events written while the project could not be reached, encoded, in order.
        package var waitingEvents: [[UInt8]] = []
        /// What was said with `hif land` and became a note: a second try does not note it again.
        package var landingNote: String?

        package var sessionID: SessionID? { SessionID(id) }
    }

    package struct LastLanding: Codable, Hashable, Sendable {
        package var session: String
        package var position: Position
        package var goal: String
        /// It was a session with a start, not a landing in one step.
        package var wasStarted: Bool
    }

    package struct PlannedMerge: Codable, Hashable, Sendable {
        /// The path's bytes.
        package var path: [UInt8]
        package var resultHash: String
        /// `Leaf.Kind` as a number; nil in what an earlier hif wrote.
        package var resultKind: UInt8?
        package var isConflict: Bool
    }

    package struct Attempt: Codable, Hashable, Sendable {
        package var session: String
        package var goal: String
        package var startedMillis: Int64
        package var createdPosition: Position
        package var sentMillis: Int64
        package var sourceDigest: String
        /// Name in `.hif` of the file with its operations.
        package var file: String
        /// The landing whose inverse this is: nothing of it came from the files. Nil when it did.
        package var backsOut: Position?
    }
}

extension WorkspaceConfig {
    static let fileName = Array("config".utf8)

    static func load(from directory: DirectoryHandle) throws -> WorkspaceConfig {
        guard let bytes = try directory.contents(fileName) else {
            // The last file that a checkout makes before it writes others: see `Workspace.create`.
            let position = (try? WorkspaceIndex.loadBase(from: directory))?.position ?? 0
            throw WorkspaceError(
                .damaged, "the workspace has no .hif/config",
                hint: position > 0
                    ? WorkspaceConfig.startAnew
                    : "if a checkout was cut short here, run the same checkout again: it goes on")
        }
        struct Version: Codable { var format: Int }
        func check(_ version: Int) throws {
            guard version <= formatVersion else {
                throw WorkspaceError(
                    .newerVersion,
                    "this workspace was made by a newer hif (format \(version), this one knows \(formatVersion))",
                    hint: "use that hif, or a newer one")
            }
        }
        let decoder = JSONDecoder()
        do {
            let config = try decoder.decode(WorkspaceConfig.self, from: Data(bytes))
            try check(config.format)
            return config
        } catch let error as DecodingError {
            // A newer one may have other fields; its version still says so.
            if let found = try? decoder.decode(Version.self, from: Data(bytes)) {
                try check(found.format)
            }
            throw WorkspaceError(
                .damaged, "'.hif/config' cannot be read: \(error.words)",
                hint: WorkspaceConfig.startAnew)
        }
    }

    private static let startAnew =
        "check the project out again into another directory and copy your edits over"

    func save(to directory: DirectoryHandle) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        try FileEffects().replaceOwn(
            WorkspaceConfig.fileName, with: Array(try encoder.encode(self)), in: directory)
    }
}

extension WorkspaceState {
    static let fileName = Array("state".utf8)

    static func load(from directory: DirectoryHandle) throws -> WorkspaceState {
        guard let bytes = try directory.contents(fileName) else { return WorkspaceState() }
        do {
            return try JSONDecoder().decode(WorkspaceState.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw WorkspaceError(
                .damaged, "'.hif/state' cannot be read: \(error.words)",
                hint: "mv .hif/state .hif/state.damaged, then: hif status")
        }
    }

    func save(to directory: DirectoryHandle) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try FileEffects().replaceOwn(
            WorkspaceState.fileName, with: Array(try encoder.encode(self)), in: directory)
    }
}

extension DecodingError {
    /// Where and why, for people.
    fileprivate var words: String {
        func place(_ context: Context, _ key: (any CodingKey)? = nil) -> String {
            let names = (context.codingPath + (key.map { [$0] } ?? [])).map(\.stringValue)
            return names.isEmpty ? "it" : "'\(SafeText.escape(names.joined(separator: ".")))'"
        }
        return switch self {
        case .keyNotFound(let key, let context): "\(place(context, key)) is missing"
        case .valueNotFound(_, let context), .typeMismatch(_, let context):
            "\(place(context)) is of another kind"
        case .dataCorrupted: "it is not JSON"
        @unknown default: "it is not JSON"
        }
    }
}
