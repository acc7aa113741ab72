import Foundation
import GRDB
import HifCore
import Synchronization

/// The indexes of this node: for each project that somebody searched a file, in one directory. All of it
/// may be deleted at any time, and what is damaged is.
///
/// One file for each, and not one for all: what is asked of one project costs nothing that depends on
/// another, what damages one leaves the others, and a project is forgotten by deleting its file.
package final class SearchIndexes: Sendable {
    private struct Open {
        var indexes: [String: (index: SearchIndex, used: UInt64)] = [:]
        /// Projects into whose index somebody reads right now.
        var busy: Set<String> = []
        var clock: UInt64 = 0
    }

    private let directory: String
    private let storeID: String
    let bounds: SearchBounds
    private let open = Mutex(Open())

    /// - Parameter directory: made when the first project is searched.
    package init(directory: String, storeID: String, bounds: SearchBounds = SearchBounds()) {
        self.directory = directory
        self.storeID = storeID
        self.bounds = bounds
    }

    /// Works with a project's index, which is made when there is none. When it turns out to be damaged, or
    /// of another version or store, it is deleted, and the work done again with a new one.
    ///
    /// - Throws: `ForgeError(.unavailable)` when the disk does not let it.
    func using<Value>(
        _ project: ProjectID, _ work: (SearchIndex) async throws -> Value
    ) async throws -> Value {
        do {
            do {
                return try await work(index(project))
            } catch  where SearchIndexes.isDamage(error) {
                open.withLock { open in
                    open.indexes[project.hex] = nil
                    SearchIndexes.delete(project.hex, in: directory)
                }
                return try await work(index(project))
            }
        } catch let error as DatabaseError where SearchIndexes.isOfDisk(error) {
            throw ForgeError(
                .unavailable, "this node cannot search now: its index cannot be written",
                hint: "whoever runs the forge has to look at its disk; then search again")
        }
    }

    /// Closes a project's index, for whoever wants its file whole.
    func close(_ project: ProjectID) async throws {
        try open.withLock { $0.indexes.removeValue(forKey: project.hex) }?.index.close()
    }

    /// Runs `work` if nobody else reads into the project's index at this moment. Who comes second has no
    /// reason to wait: what the other reads is found by the next search.
    ///
    /// - Returns: nil when it was not run.
    func alone<Value>(
        in project: ProjectID, _ work: () async throws -> Value
    ) async throws -> Value? {
        guard open.withLock({ $0.busy.insert(project.hex).inserted }) else { return nil }
        defer { open.withLock { _ = $0.busy.remove(project.hex) } }
        return try await work()
    }

    /// Forgets a project, also beside a running server, which can reach it no more either.
    package static func forget(_ storeProjectID: String, in directory: String) {
        guard let project = ProjectID(hex: storeProjectID) else { return }
        delete(project.hex, in: directory)
    }

    // MARK: Files

    private func index(_ project: ProjectID) throws -> SearchIndex {
        // Opened under the lock, which takes a millisecond, so that there is one for all callers.
        try open.withLock { open in
            open.clock += 1
            let id = project.hex
            if let known = open.indexes[id] {
                open.indexes[id] = (known.index, open.clock)
                return known.index
            }
            let path = SearchIndexes.path(id, in: directory)
            if !FileManager.default.fileExists(atPath: path) {
                try FileManager.default.createDirectory(
                    atPath: directory, withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700])
                for old in makeRoom() { open.indexes[old] = nil }
            }
            let index: SearchIndex
            do {
                index = try SearchIndex(path: path, storeID: storeID, bounds: bounds)
            } catch  where SearchIndexes.isDamage(error) {
                SearchIndexes.delete(id, in: directory)
                index = try SearchIndex(path: path, storeID: storeID, bounds: bounds)
            }
            // Says when it was used last, for `makeRoom`.
            utimes(path, nil)
            if open.indexes.count >= bounds.openMax,
                let oldest = open.indexes.min(by: { $0.value.used < $1.value.used })
            {
                open.indexes[oldest.key] = nil
            }
            open.indexes[id] = (index, open.clock)
            return index
        }
    }

    /// Deletes the indexes not used for longest while all together take too much.
    ///
    /// - Returns: the projects whose they were.
    private func makeRoom() -> [String] {
        let keys: Set<URLResourceKey> = [.fileSizeKey, .contentModificationDateKey]
        let files =
            (try? FileManager.default.contentsOfDirectory(
                at: URL(fileURLWithPath: directory), includingPropertiesForKeys: Array(keys))) ?? []
        let indexes = files.filter { $0.pathExtension == "sqlite" }.map { file in
            let values = try? file.resourceValues(forKeys: keys)
            return (
                id: file.deletingPathExtension().lastPathComponent, bytes: values?.fileSize ?? 0,
                used: values?.contentModificationDate ?? .distantPast
            )
        }
        var left = indexes.reduce(0) { $0 + $1.bytes }
        var gone: [String] = []
        for index in indexes.sorted(by: { $0.used < $1.used }) where left > bounds.bytesMax {
            SearchIndexes.delete(index.id, in: directory)
            gone.append(index.id)
            left -= index.bytes
        }
        return gone
    }

    private static func path(_ id: String, in directory: String) -> String {
        "\(directory)/\(id).sqlite"
    }

    private static func delete(_ id: String, in directory: String) {
        let path = path(id, in: directory)
        for file in [path, path + "-wal", path + "-shm"] {
            try? FileManager.default.removeItem(atPath: file)
        }
    }

    /// Whether an error means that the file has to be made anew, and not that the disk cannot be used.
    private static func isDamage(_ error: any Error) -> Bool {
        if error is SearchIndex.Unusable { return true }
        guard let error = error as? DatabaseError else { return false }
        // The statements are constants, so an error of theirs is one of the tables.
        return error.extendedResultCode == .SQLITE_IOERR_SHORT_READ
            || [
                .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR, .SQLITE_CONSTRAINT,
                .SQLITE_MISMATCH, .SQLITE_TOOBIG,
            ].contains(error.resultCode)
    }

    private static func isOfDisk(_ error: DatabaseError) -> Bool {
        [
            .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM,
            .SQLITE_BUSY,
        ]
        .contains(error.resultCode)
    }
}
