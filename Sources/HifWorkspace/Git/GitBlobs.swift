package import HifCore

/// Where an importer puts file contents: hashed, and stored.
///
/// Calls come as `begin`, any number of `write`, `finish`, for one blob after another.
package protocol GitBlobSink {
    /// - Parameter size: bytes that `write` will bring in all.
    mutating func begin(size: UInt64) async throws
    /// - Parameter piece: not empty, at most 256 KiB; the sink may keep it. A blob of at most that
    ///   size comes as one piece.
    mutating func write(_ piece: [UInt8]) async throws
    /// The blob's name. The content need not be durable before `checkpoint`.
    mutating func finish() async throws -> Hash
    /// Makes everything finished so far durable; `map` names it all and may be saved then.
    mutating func checkpoint(_ map: GitBlobMap) async throws
}

/// The contents that a line's changes bring in, each once.
package struct GitBlobNeeds: Sendable {
    /// Blobs of the repository.
    package private(set) var blobs: Set<GitID> = []
    /// Commits that submodule entries name.
    package private(set) var submodules: Set<GitID> = []

    /// Reads the changes of the line from commit `first` on once. 24 bytes a blob. Paths that a
    /// repository cannot hold are left out, as `GitMapper` leaves them out. For a line that is not
    /// read from its beginning, what its changes replace is needed, too: an operation names it.
    package init(_ source: GitSource, line: GitLine, from first: Int = 0) throws {
        let changes = try GitChanges(source, line: line, from: first)
        for commit in line.commits[first...] {
            try changes.each(of: commit) { change in
                let sides = first == 0 ? [change.after] : [change.before, change.after]
                guard (try? RepoPath(change.path)) != nil else { return }
                for case let side? in sides {
                    if side.isSubmodule {
                        submodules.insert(side.id)
                    } else {
                        blobs.insert(side.id)
                    }
                }
            }
        }
        try changes.finish()
    }
}

extension GitSource {
    /// Raw bytes between two checkpoints.
    package static let checkpointBytes: UInt64 = 256 << 20

    /// Reads every needed blob that `map` does not know yet, in the order of the pack, so that git
    /// undoes each delta chain once, and enters it into `map`. Blocks its thread on git's output.
    ///
    /// - Parameter progress: after each blob, how many of how many have been read in this call.
    package func readBlobs(
        _ needs: GitBlobNeeds, into sink: inout some GitBlobSink, map: inout GitBlobMap,
        checkpointBytes: UInt64 = GitSource.checkpointBytes,
        progress: (_ done: Int, _ of: Int, _ bytes: UInt64) -> Void = { _, _, _ in }
    ) async throws {
        for id in needs.submodules.sorted() where map.submodule(id) == nil {
            let text = Array(id.hex.utf8)
            try await sink.begin(size: UInt64(text.count))
            try await sink.write(text)
            map.setSubmodule(id, GitBlob(hash: try await sink.finish(), size: UInt64(text.count)))
        }
        let list = try GitScratchFile()
        let total = try listInPackOrder(needs, besides: map, to: list)
        let objects = try GitObjects(self, list: list)
        var done = 0
        var bytes: UInt64 = 0
        var checkpointAt = checkpointBytes
        while let header = try objects.next() {
            guard header.kind.elementsEqual("blob".utf8) else {
                throw GitError(.damaged, "Object \(header.id) is used as a file and is none.")
            }
            let size = UInt64(header.size)
            try await sink.begin(size: size)
            try await objects.pieces(header) { try await sink.write($0) }
            map.setBlob(header.id, GitBlob(hash: try await sink.finish(), size: size))
            done += 1
            bytes += size
            progress(done, total, bytes)
            if bytes >= checkpointAt {
                try await sink.checkpoint(map)
                checkpointAt = bytes + checkpointBytes
            }
        }
        try await sink.checkpoint(map)
    }

    /// Writes the ids still wanted to `list` as they lie in the packs; those in no pack that git
    /// lists come last, so that a missing one is asked for and reported.
    private func listInPackOrder(
        _ needs: GitBlobNeeds, besides map: GitBlobMap, to list: GitScratchFile
    ) throws -> Int {
        var wanted = needs.blobs.filter { map.blob($0) == nil }
        let total = wanted.count
        guard total > 0 else { return 0 }
        let process = try GitProcess(
            arguments(
                "cat-file", "--batch-check=%(objectname)", "--batch-all-objects", "--unordered",
                "--buffer"))
        do {
            while let line = try process.output.until(0x0A) {
                guard let id = GitID(hex: line) else {
                    throw GitError(.damaged, "Git lists objects in an unknown way.")
                }
                if wanted.remove(id) != nil { try list.line(id) }
            }
        } catch {
            throw process.explain(error)
        }
        try process.finish()
        for id in wanted.sorted() { try list.line(id) }
        return total
    }
}
