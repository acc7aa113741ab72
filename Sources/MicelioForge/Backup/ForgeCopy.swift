import Foundation
package import HifCore
package import HifRepository
import HifStore

/// Copies everything of a forge from one data directory to another: its store, accounts and TLS key. A
/// backup is such a copy, and restoring one is another. The forge it is copied from may serve meanwhile.
package struct ForgeCopy: Sendable {
    private let source: DataFiles
    private let target: DataFiles

    package init(from source: String, to target: String) {
        self.source = DataFiles(directory: source)
        self.target = DataFiles(directory: target)
    }

    /// Every step can be done again, and the store's id comes last: a copy that was killed is gone on
    /// with, and no server starts on it before it is whole.
    ///
    /// - Parameters:
    ///   - progress: told what is copied, often.
    ///   - deliver: told of each project when it is done.
    package func run(
        progress: (ProjectID, ProjectCopyReport) -> Void = { _, _ in },
        _ deliver: (ProjectID, ProjectCopyReport) async throws -> Void
    ) async throws {
        let files = FileManager.default
        guard files.fileExists(atPath: source.accounts), files.fileExists(atPath: source.store)
        else {
            throw ForgeError(
                .notFound, "there is no forge, nor a copy of one, in \(source.directory)")
        }
        try files.createDirectory(
            atPath: target.directory, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        if files.fileExists(atPath: target.accounts), !files.fileExists(atPath: target.store) {
            throw ForgeError(
                .alreadyExists, "there is something else in \(target.directory)",
                hint: "name an empty directory")
        }
        let copy = StoreCopy(
            from: try DirectoryStore(path: source.store),
            to: try DirectoryStore(path: target.store), world: .system)
        do {
            try await copy.run(
                prepared: {
                    // Before the projects: each that they name is then in the store, or came later.
                    try Accounts.copy(from: source.accounts, to: target.accounts)
                    try copyKeys()
                }, progress: progress, deliver)
        } catch {
            throw ForgeCopy.translating(error, target.directory)
        }
    }

    /// Clients know a forge by its key.
    private func copyKeys() throws {
        let files = FileManager.default
        guard files.fileExists(atPath: source.tls) else { return }
        let partial = target.tls + ".part"
        try? files.removeItem(atPath: partial)
        try? files.removeItem(atPath: target.tls)
        try files.copyItem(atPath: source.tls, toPath: partial)
        try files.moveItem(atPath: partial, toPath: target.tls)
    }

    /// What a copy throws, with what to do about it.
    package static func translating(_ error: any Error, _ place: String) -> any Error {
        guard let refusal = error as? StoreCopy.Refusal else {
            return ForgeError.translating(error)
        }
        return switch refusal {
        case .noStore: ForgeError(.notFound, refusal.description)
        case .isStore, .isInUse, .isOfAnother:
            ForgeError(
                .alreadyExists, "\(refusal) [\(SafeText.escape(place))]",
                hint: "name an empty directory")
        }
    }
}
