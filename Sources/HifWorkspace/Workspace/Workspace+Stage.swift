import HifCore
import HifRepository

/// The changes of a landing with their content, read once.
struct StagedChanges {
    /// Paths ascending.
    var operations: [HifCore.Operation] = []
    /// A pack that travels with the request; nil when everything was uploaded or is known.
    var staged: PackReader?
    var uploaded: [Hash] = []
}

extension Workspace {
    /// Changes of more content than this ask first which of it the project has.
    private static let askedBytesMin: UInt64 = 256 << 10

    /// Reads the changed files, forms the operations from what was read, and packs what is new.
    ///
    /// What a scan saw may have changed again; the operation carries what was read here.
    func stage(_ changes: [WorkingChange], dryRun: Bool = false) async throws -> StagedChanges {
        var staged = StagedChanges()
        let total = changes.reduce(UInt64(0)) { $0 + ($1.after?.size ?? 0) }
        // A little content sent twice costs less than asking.
        let known =
            total > Workspace.askedBytesMin ? try await knownContent(changes) : Set<Hash>()
        var generator = world.generator
        if total <= Workspace.stagedBytesMax {
            var pack = PackWriter(nonce: PackNonce(high: generator.next(), low: generator.next()))
            for change in changes {
                guard let after = change.after, after.kind != .directory else {
                    staged.operations.append(operation(change, change.after))
                    continue
                }
                guard let (leaf, bytes) = try fileContent(change.path, bytesMax: 1 << 30) else {
                    staged.operations.append(operation(change, nil))
                    continue
                }
                if UInt64(bytes.count) > UInt64(PackRecordKind.blobBytesMax) {
                    // It grew meanwhile; take the way of large content.
                    return try await stageLarge(changes, known, dryRun: dryRun)
                }
                if !known.contains(leaf.hash) { _ = pack.add(.blob, id: leaf.hash, bytes) }
                staged.operations.append(operation(change, leaf))
            }
            if !pack.isEmpty { staged.staged = try PackReader(pack.finish().bytes) }
        } else {
            staged = try await stageLarge(changes, known, dryRun: dryRun)
        }
        staged.operations = staged.operations.filter { $0.before != $0.after }
            .sorted { $0.path < $1.path }
        return staged
    }

    private func operation(_ change: WorkingChange, _ after: Leaf?) -> HifCore.Operation {
        HifCore.Operation(path: change.path, before: change.before, after: after)
    }

    /// Which of the contents, as the scan saw them, the project has already.
    private func knownContent(_ changes: [WorkingChange]) async throws -> Set<Hash> {
        let hashes = Set(changes.compactMap { $0.after?.kind == .directory ? nil : $0.after?.hash })
        let lacking = try await remote.lacking(hashes.sorted())
        return hashes.subtracting(lacking)
    }

    private func stageLarge(
        _ changes: [WorkingChange], _ known: Set<Hash>, dryRun: Bool
    ) async throws -> StagedChanges {
        var staged = StagedChanges()
        var generator = world.generator
        var writer = ContentWriter(
            packs: PackSequence(packBytesTarget: Workspace.packBytesTarget) {
                PackNonce(high: generator.next(), low: generator.next())
            })
        func flush() async throws {
            while let sealed = writer.packs.takeSealed() {
                if !dryRun { staged.uploaded.append(try await remote.upload(sealed)) }
            }
        }
        for change in changes {
            guard let after = change.after, after.kind != .directory, !known.contains(after.hash)
            else {
                staged.operations.append(operation(change, change.after))
                continue
            }
            if after.kind == .symlink || after.size <= UInt64(PackRecordKind.blobBytesMax) {
                guard let (leaf, bytes) = try fileContent(change.path, bytesMax: 1 << 30) else {
                    staged.operations.append(operation(change, nil))
                    continue
                }
                _ = try writer.add(bytes)
                staged.operations.append(operation(change, leaf))
            } else {
                guard let file = try WorkingFile.open(change.path, below: top) else {
                    staged.operations.append(operation(change, nil))
                    continue
                }
                var stream = ContentStream()
                while let piece = try file.next() {
                    try stream.append(piece, to: &writer)
                    try await flush()
                }
                let stored = stream.finish(in: &writer)
                staged.operations.append(
                    operation(
                        change, Leaf(kind: file.kind, size: stored.size, hash: stored.id)))
            }
            try await flush()
        }
        writer.packs.seal()
        try await flush()
        return staged
    }
}
