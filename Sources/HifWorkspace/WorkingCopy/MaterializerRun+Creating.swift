import Glibc
import HifCore

extension MaterializerRun {
    /// Carries out the creation of one plan, if it has one.
    func create(_ position: Int, from source: some ContentSource) async throws {
        do {
            try await createNaming(position, from: source)
        } catch let error as WorkingCopyError {
            throw error.naming(plans[position].change.path.bytes)
        }
    }

    /// As `create`; errors name what was worked on by its name in its directory.
    private func createNaming(
        _ position: Int, from source: some ContentSource
    ) async throws {
        let change = plans[position].change
        guard case .create(let replaced) = plans[position].step, let new = change.new else {
            return
        }
        let parent: DirectoryHandle
        switch try cursor.makeParent(of: change.path, effects) {
        case .found(let found): parent = found
        case .absent: return
        case .blocked(let blocker, let isLink):
            report.obstructions.append(
                Obstruction(
                    kind: isLink ? .symlinkInParent : .fileInTheWay, path: change.path,
                    blocker: blocker))
            return
        }
        let place = Place(change: change, leaf: new, parent: parent, replaced: replaced)
        let stat: FileStat?
        switch new.kind {
        case .directory, .external:
            guard try makeDirectory(place) else { return }
            stat = nil
        case .symlink:
            var target: [UInt8] = []
            try await checked(place, source) { target += $0 }
            guard let made = try makeLink(place, target) else { return }
            stat = made.settled
        case .file, .executable:
            guard let made = try await makeFile(place, source) else { return }
            stat = made.settled
        }
        report.writtenCount += 1
        report.updates.append(IndexUpdate(path: change.path, leaf: new, stat: stat))
    }

    /// One target and the directory it goes into.
    struct Place {
        let change: TargetChange
        let leaf: Leaf
        let parent: DirectoryHandle
        let replaced: FileStat?
        var name: [UInt8] { Array(change.path.name) }
    }

    /// Something was made; its stat, if it stands for the content.
    private struct Made {
        let settled: FileStat?
    }

    private func makeDirectory(_ place: Place) throws -> Bool {
        if let replaced = place.replaced {
            guard try place.parent.stat(place.name) == replaced else { return obstructed(place) }
            try effects.remove(place.name, in: place.parent)
        }
        if try effects.makeDirectory(place.name, in: place.parent) { return true }
        if try place.parent.stat(place.name)?.type == .directory { return true }
        return obstructed(place)
    }

    // MARK: - Links

    private func makeLink(_ place: Place, _ target: [UInt8]) throws -> Made? {
        guard !target.isEmpty, !target.contains(0) else {
            throw WorkingCopyError(
                .contentMismatch, "'\(place.change.path)' cannot be a symlink: its target is bad")
        }
        if place.replaced == nil {
            guard try effects.makeLink(to: target, place.name, in: place.parent) else {
                let isDone =
                    try isResuming
                    && ContentReader.link(place.parent.descriptor, place.name)?.target == target
                if !isDone { _ = obstructed(place) }
                return isDone ? Made(settled: nil) : nil
            }
        } else {
            let temporary = try makeTemporary { name, directory in
                try effects.makeLink(to: target, name, in: directory)
            }
            guard try moveOver(place, from: temporary) else { return nil }
        }
        return try settle(place, descriptor: nil)
    }

    // MARK: - Files

    private func makeFile(_ place: Place, _ source: some ContentSource) async throws -> Made? {
        let isExecutable = place.leaf.kind == .executable
        if place.replaced == nil {
            guard
                let file = try effects.create(
                    place.name, in: place.parent, isExecutable: isExecutable)
            else {
                _ = obstructed(place)
                return nil
            }
            do {
                try await fill(file, place, source)
                return try settle(place, descriptor: file.descriptor)
            } catch {
                if try place.parent.stat(place.name)?.inode == file.stat().inode {
                    try? effects.remove(place.name, in: place.parent)
                }
                throw error
            }
        }
        var created: NewFile?
        let temporary = try makeTemporary { name, directory in
            created = try effects.create(name, in: directory, isExecutable: isExecutable)
            return created != nil
        }
        guard let created else { return nil }
        do {
            try await fill(created, place, source)
        } catch {
            try? effects.remove(temporary.name, in: temporary.directory)
            throw error
        }
        let stamp = try mark(place, descriptor: created.descriptor)
        guard try moveOver(place, from: temporary) else { return nil }
        // After the rename, which moves the change stamp.
        return made(try created.stat(), stamp)
    }

    private func fill(
        _ file: NewFile, _ place: Place, _ source: some ContentSource
    ) async throws {
        try await checked(place, source) { piece in
            if !piece.isEmpty { try effects.write(piece[...], to: file) }
        }
    }

    /// Passes the content on and checks that it is what the leaf says.
    private func checked(
        _ place: Place, _ source: some ContentSource, _ receive: ([UInt8]) throws -> Void
    ) async throws {
        var size: UInt64 = 0
        var hasher: Blake3?
        var first: [UInt8]?
        func mismatch() -> WorkingCopyError {
            WorkingCopyError(
                .contentMismatch,
                "the content for '\(place.change.path)' is not that of its hash \(place.leaf.hash)")
        }
        try await source.content(of: place.leaf, at: place.change.path) { piece in
            size += UInt64(piece.count)
            guard size <= place.leaf.size else { throw mismatch() }
            if UInt64(piece.count) == place.leaf.size {
                first = piece
            } else {
                if hasher == nil { hasher = Blake3() }
                hasher?.update(piece)
            }
            try receive(piece)
        }
        let hash = first.map { Blake3.hash($0) } ?? hasher?.finalize() ?? Blake3.hash([])
        guard size == place.leaf.size, hash == place.leaf.hash else { throw mismatch() }
    }

    // MARK: - Replacing

    struct Temporary {
        let name: [UInt8]
        let directory: DirectoryHandle
    }

    /// Calls `make` with a free name in `.hif/tmp`.
    private func makeTemporary(
        _ make: ([UInt8], DirectoryHandle) throws -> Bool
    ) throws -> Temporary {
        let tmp = Array("tmp".utf8)
        if try materializer.hifDirectory.stat(tmp) == nil {
            try effects.makeDirectory(tmp, in: materializer.hifDirectory)
        }
        guard let directory = try materializer.hifDirectory.directory(tmp) else {
            throw WorkingCopyError(.io, "'.hif/tmp' is not a directory")
        }
        temporaryCount += 1
        let name = Array("\(temporaryCount)".utf8)
        guard try make(name, directory) else {
            throw WorkingCopyError(.locked, "another process is writing in '.hif/tmp'")
        }
        return Temporary(name: name, directory: directory)
    }

    /// The second look at the file to be replaced, and the rename over it.
    private func moveOver(_ place: Place, from temporary: Temporary) throws -> Bool {
        guard try place.parent.stat(place.name) == place.replaced else {
            try effects.remove(temporary.name, in: temporary.directory)
            return obstructed(place)
        }
        do {
            try effects.rename(
                temporary.name, in: temporary.directory, to: place.name, in: place.parent)
        } catch {
            try? effects.remove(temporary.name, in: temporary.directory)
            throw error
        }
        return true
    }

    /// Something came in the way after looking. Always false, for `return`.
    private func obstructed(_ place: Place) -> Bool {
        let path = place.change.path
        var kind: Obstruction.Kind = place.change.expected == nil ? .fileInTheWay : .localEdit
        if let stat = try? place.parent.stat(place.name),
            let twin = report.updates.first(where: {
                $0.stat?.inode == stat.inode && $0.path != path
            })
        {
            kind = .caseCollision(with: twin.path)
        } else if (try? place.parent.stat(place.name)?.type) == .directory {
            kind = .directoryInTheWay
        }
        report.obstructions.append(Obstruction(kind: kind, path: path, blocker: path.bytes))
        return false
    }

    // MARK: - Stamps

    /// Sets the content stamp one nanosecond before the kernel's, so that any later write, even
    /// one in the same tick of the kernel's clock, has another stamp. Nil where the file system
    /// does not let stamps be set.
    private func mark(_ place: Place, descriptor: Int32?) throws -> Int64? {
        let stamp = try currentStat(place, descriptor).modifiedNanos - 1
        do {
            try effects.setModified(
                stamp, of: place.name, descriptor: descriptor, in: place.parent)
            return stamp
        } catch let error as WorkingCopyError where error.code != .diskFull {
            return nil
        }
    }

    /// Marks what was just made and takes its stat.
    private func settle(_ place: Place, descriptor: Int32?) throws -> Made {
        let stamp = try mark(place, descriptor: descriptor)
        return made(try currentStat(place, descriptor), stamp)
    }

    /// A stat stands for the content if the mark is in it to the nanosecond. On a file system of
    /// coarse stamps it is not, and the next scan reads the file.
    private func made(_ stat: FileStat, _ stamp: Int64?) -> Made {
        Made(settled: stat.modifiedNanos == stamp ? stat : nil)
    }

    private func currentStat(_ place: Place, _ descriptor: Int32?) throws -> FileStat {
        if let descriptor {
            return try FileStat.of(descriptor: descriptor, name: place.change.path.bytes)
        }
        guard let stat = try place.parent.stat(place.name) else {
            throw WorkingCopyError.system("stat", place.change.path.bytes, errno: ENOENT)
        }
        return stat
    }
}
