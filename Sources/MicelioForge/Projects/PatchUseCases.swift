import HifCore
import HifRepository

/// Changes as a patch, whole: unlike a page it leaves nothing out.
extension OpenProject where Verb == Reading {
    /// What `git apply` takes: text as lines, the rest as binary blocks, modes and links as git has them.
    ///
    /// - Throws: `tooLarge` when the contents have more than `Limits.patchBytesMax` together.
    func patch(of changes: [TreeChange]) async throws -> [UInt8] {
        let size = changes.reduce(UInt64(0)) {
            $0.addingClamped($1.before?.size).addingClamped($1.after?.size)
        }
        guard size <= UInt64(Limits.patchBytesMax) else {
            throw ForgeError(
                .tooLarge, "a patch is of contents of at most \(Limits.patchBytesMax.byteSize)",
                hint: "name a path, or take it with hif diff")
        }
        return try await working {
            let newest = try await repository.newest()
            func file(_ path: RepoPath, _ leaf: Leaf?) async throws -> UnifiedDiff.File? {
                guard let leaf, let mode = GitFileMode(leaf.kind) else { return nil }
                return UnifiedDiff.File(
                    path: path, mode: mode,
                    content: try await repository.blob(
                        leaf.hash, newest: newest, bytesMax: Limits.patchBytesMax))
            }
            let format = UnifiedDiff()
            var patch: [UInt8] = []
            for change in changes {
                patch += format.patch(
                    from: try await file(change.path, change.before),
                    to: try await file(change.path, change.after))
            }
            return patch
        }
    }
}

extension UInt64 {
    fileprivate func addingClamped(_ other: UInt64?) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other ?? 0)
        return overflow ? .max : sum
    }
}
