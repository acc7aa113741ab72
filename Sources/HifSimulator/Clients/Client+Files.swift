import HifCore
import HifRepository

extension Client {
    // MARK: The working copy

    /// Moves the base, with a three-way merge of what is not landed.
    func move(to position: Position) {
        guard position > base else { return }
        files = merged(
            base: witness.snapshots[Int(base)], ours: files,
            theirs: witness.snapshots[Int(position)])
        base = position
    }

    /// A session is closed: what was sent becomes the base of a merge with what landed, so that
    /// edits made since stay edits, and nothing others landed is undone.
    func settle(_ session: OpenSession) {
        guard case .landed(let landed)? = witness.closed[session.id] else {
            files = witness.snapshots[Int(base)]
            return
        }
        guard
            let attempt = session.attempts.last(where: {
                $0.request.sourceDigest == landed.sourceDigest
            })
        else { return }
        guard landed.position > base else { return }
        if simulation.scenario.planted == .digestIgnored {
            base = landed.position
            return
        }
        var sent = witness.snapshots[Int(attempt.base)]
        for operation in attempt.request.operations { sent[operation.path] = operation.after }
        files = merged(
            base: sent, ours: files, theirs: witness.snapshots[Int(landed.position)])
        base = landed.position
    }

    private func merged(
        base: [RepoPath: Leaf], ours: [RepoPath: Leaf], theirs: [RepoPath: Leaf]
    ) -> [RepoPath: Leaf] {
        var result = theirs
        for path in Set(base.keys).union(ours.keys) where ours[path] != base[path] {
            let (old, our, their) = (base[path], ours[path], theirs[path])
            switch LeafMerge.withoutContent(base: old, ours: our, theirs: their) {
            case .leaf(let leaf)?: result[path] = leaf
            case nil: result[path] = mergedContent(old, our, their)
            default:
                // Deleted on one side and changed on the other: what is there stays, as in a workspace.
                // With a deletion, lines that a renaming brought into the file would be lost.
                result[path] = their ?? our
            }
        }
        // A name cannot be file and directory. What landed stays then, all of it: half of a renaming
        // would lose a file.
        let isClash = result.keys.contains { path in path.ancestors.contains { result[$0] != nil } }
        return isClash ? theirs : result
    }

    private func mergedContent(_ base: Leaf?, _ ours: Leaf?, _ theirs: Leaf?) -> Leaf? {
        func content(_ leaf: Leaf?) -> [UInt8] { leaf.flatMap { witness.contents[$0.hash] } ?? [] }
        let (our, their) = (content(ours), content(theirs))
        let outcome = LeafMerge.contents(
            base: base.map { ($0.kind, content($0)) }, ours: (.file, our), theirs: (.file, their),
            labels: ThreeWayMerge.Labels(ours: "ours", theirs: "theirs"))
        if case .content(let bytes, _) = outcome { return witness.remember(bytes) }
        // By hand: what landed, and after it the lines of ours that it lacks.
        let lines = String(decoding: their, as: UTF8.self).split(separator: "\n")
        let added = String(decoding: our, as: UTF8.self).split(separator: "\n").filter {
            !lines.contains($0)
        }
        return witness.remember(Array((lines + added).joined(separator: "\n").utf8) + [10])
    }

    /// What the session would land now; nil when there is nothing.
    ///
    /// - Parameter complete: send every content, not only what the project may lack.
    func request(for session: OpenSession, complete: Bool) -> LandRequest? {
        let landed = witness.snapshots[Int(base)]
        let paths = Set(landed.keys).union(files.keys).filter { landed[$0] != files[$0] }.sorted()
        guard !paths.isEmpty else { return nil }
        // A pack that names its session can be collected when that is closed.
        var pack = PackWriter(
            session: session.workload == .revived || dice.chance(500)
                ? session.id.hash : .zero,
            nonce: PackNonce(high: dice.next(), low: dice.next()), zstd: zstd)
        var operations: [HifCore.Operation] = []
        for path in paths {
            operations.append(
                HifCore.Operation(path: path, before: landed[path], after: files[path]))
            guard let after = files[path], let content = witness.contents[after.hash],
                complete || witness.broughtAt[after.hash] == nil
            else { continue }
            let isDraft = !drafts.insert(after.hash).inserted
            if isDraft, simulation.scenario.planted == .draftsCount { continue }
            _ = pack.add(.blob, id: after.hash, content)
        }
        return LandRequest(
            session: session.id, author: author, goal: "Work of client \(id)", startedMillis: 1,
            createdPosition: session.createdPosition,
            eventCount: session.eventCount, operations: operations,
            staged: try? PackReader(pack.finish().bytes))
    }

    // MARK: Editing

    /// Changes the files as the workload does; false when there is nothing to do.
    func edit(for workload: Workload) -> Bool {
        madeCount += 1
        let token = "t\(id)-\(madeCount)"
        switch workload {
        case .hotFile, .relanding: return editHotFile(token)
        case .appendLists: return append(token, to: "lists/\(dice.below(3))")
        case .disjoint, .revived: return append(token, to: "own-\(id)/\(dice.below(3))")
        case .bank: return transfer(token)
        case .renames:
            if dice.chance(400) { return rename() }
            // Sometimes a file where others want a directory.
            let room = "room-\(dice.below(3))"
            if dice.chance(150), !files.keys.contains(where: { "\($0)".hasPrefix(room + "/deep/") })
            {
                return append(token, to: room + "/deep")
            }
            return append(token, to: "\(room)/\(dice.below(3))")
        case .giant: return addMany(token)
        }
    }

    private func text(_ path: String) -> [Substring]? {
        guard let path = try? RepoPath(path), let leaf = files[path] else { return nil }
        return String(decoding: witness.contents[leaf.hash] ?? [], as: UTF8.self)
            .split(separator: "\n")
    }

    private func write(_ lines: [Substring], to path: String) -> Bool {
        guard let path = try? RepoPath(path), !path.ancestors.contains(where: { files[$0] != nil })
        else { return false }
        files[path] = witness.remember(Array((lines.joined(separator: "\n") + "\n").utf8))
        return true
    }

    /// Writes a file that no workload touches.
    func write(_ text: String) -> Bool { write([Substring(text)], to: "budget") }

    private func append(_ token: String, to path: String) -> Bool {
        write((text(path) ?? []) + [Substring(token)], to: path)
    }

    /// Adds a line in the part of the file that belongs to this client.
    private func editHotFile(_ token: String) -> Bool {
        var lines = text("hot") ?? (0..<12).flatMap { ["# part \($0)", "", "."] }
        guard let place = lines.firstIndex(of: "# part \(id % 12)") else {
            return append(token, to: "hot")
        }
        lines.insert(Substring(token), at: place + 1)
        return write(lines, to: "hot")
    }

    private func transfer(_ token: String) -> Bool {
        guard text("bank/0") != nil else {
            return (0..<4).allSatisfy { write(["100", Substring(token)], to: "bank/\($0)") }
        }
        let from = dice.below(4)
        let to = (from + dice.within(1...3)) % 4
        guard let source = text("bank/\(from)")?.first.flatMap({ Int($0) }),
            let target = text("bank/\(to)")?.first.flatMap({ Int($0) })
        else { return false }
        let amount = dice.within(1...9)
        return write(["\(source - amount)", Substring(token)], to: "bank/\(from)")
            && write(["\(target + amount)", Substring(token)], to: "bank/\(to)")
    }

    private func rename() -> Bool {
        let from = "room-\(dice.below(3))/"
        let to = dice.chance(500) ? "room-\(dice.below(3))/" : "room-\(dice.below(3))/deep/"
        guard from != to else { return false }
        let moved = files.filter { $0.key.bytes.starts(with: from.utf8) }.sorted { $0.key < $1.key }
        var didMove = false
        for (path, leaf) in moved {
            let name = path.bytes.dropFirst(from.utf8.count)
            guard let target = try? RepoPath(Array(to.utf8) + name), files[target] == nil,
                target != path, !target.ancestors.contains(where: { files[$0] != nil }),
                !files.keys.contains(where: { $0.isBelow(target) })
            else { continue }
            files[path] = nil
            files[target] = leaf
            didMove = true
        }
        return didMove
    }

    private func addMany(_ token: String) -> Bool {
        let count = dice.within(300...700)
        return (0..<count).allSatisfy { index in
            write(
                ["\(token) \(index)"],
                to: "giant-\(id)/\(madeCount)/a-rather-long-name-of-a-directory/file-\(index)")
        }
    }
}
