package import HifCore
package import HifRepository
import HifStore

/// Copies everything of a forge from one place to another: its store, accounts and TLS key. A backup is
/// such a copy, and restoring one is another. The forge it is copied from may serve meanwhile.
package struct ForgeCopy: Sendable {
    private let source: ForgePlace
    private let target: ForgePlace

    package init(from source: ForgePlace, to target: ForgePlace) {
        self.source = source
        self.target = target
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
        do {
            guard try await source.hasAccounts(), try await source.hasStore() else {
                throw ForgeError(
                    .notFound, "there is no forge, nor a copy of one, in \(source.name)",
                    hint: "name a data directory or a backup")
            }
            if try await target.hasAccounts(), try await !target.hasStore() {
                throw ForgeError(
                    .alreadyExists, "there is something else in \(target.name)",
                    hint: "name an empty place")
            }
            try target.prepare()
            let copy = StoreCopy(
                from: try source.openStore(), to: try target.openStore(), world: .system)
            try await copy.run(
                prepared: {
                    // Before the projects: each that they name is then in the store, or came later.
                    try await source.copyAccounts(to: target)
                    try await source.copyKeys(to: target)
                }, progress: progress, deliver)
        } catch {
            throw ForgeCopy.translating(error, target.name)
        }
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
                hint: "name an empty place")
        }
    }
}
