internal import Glibc

extension DirectoryStore {
    package func list(
        prefix: String, after: ObjectKey?, limit: Int
    ) async throws(StoreError) -> ListPage {
        precondition(limit > 0, "a page has room for at least one object")
        try checkCancellation(nil)
        var walk = Walk(prefix: prefix, after: after, limit: limit)
        do {
            // Start below the deepest directory that the prefix names, not at the root.
            var directory = try root.directory(".")
            var path = ""
            for segment in prefix.split(separator: "/", omittingEmptySubsequences: false)
                .dropLast()
            {
                guard ObjectKey.isValid(String(segment)) else {
                    return ListPage(objects: [], next: nil)
                }
                directory = try directory.directory(String(segment))
                path += segment + "/"
            }
            try walk.visit(directory, path: path)
        } catch {
            if error.number == ENOENT || error.number == ENOTDIR {
                return ListPage(objects: [], next: nil)
            }
            throw DirectoryFailure.reading(error, key: nil)
        }
        return ListPage(objects: walk.entries, next: walk.isFull ? walk.entries.last?.key : nil)
    }
}

/// A walk over a directory tree in the byte order of the keys, which stops when the page is full.
///
/// Each directory on the way is read and sorted whole, for every page anew; subtrees that cannot
/// hold a wanted key are not entered.
private struct Walk {
    let prefix: String
    let after: ObjectKey?
    let limit: Int
    var entries: [ListPage.Entry] = []
    /// Set once one more object than fits was seen.
    var isFull = false

    mutating func visit(
        _ directory: borrowing Descriptor, path: String
    ) throws(SystemError) {
        // A directory sorts as its name with a slash, since that is how its keys go on.
        var children: [(sortName: String, name: String, kind: FileKind)] = []
        for child in try directory.children() where ObjectKey.isValid(child.name) {
            var kind = child.kind
            // Some file systems leave the kind out of their directories.
            if kind == nil { kind = try directory.status(of: child.name)?.kind }
            guard let kind, kind != .other else { continue }
            let sortName = kind == .directory ? child.name + "/" : child.name
            children.append((sortName, child.name, kind))
        }
        children.sort { $0.sortName < $1.sortName }

        for child in children {
            if isFull { return }
            let childPath = path + child.sortName
            if child.kind == .directory {
                guard mayHoldKeys(below: childPath) else { continue }
                let next: Descriptor
                do {
                    next = try directory.directory(child.name)
                } catch {
                    if error.number == ENOENT || error.number == ENOTDIR { continue }
                    throw error
                }
                try visit(next, path: childPath)
            } else {
                guard childPath.hasPrefix(prefix), let key = ObjectKey(validating: childPath)
                else { continue }
                if let after, key <= after { continue }
                // Gone since the directory was read: it was deleted, so it is not listed.
                guard let status = try directory.status(of: child.name), status.kind == .file
                else { continue }
                if entries.count == limit {
                    isFull = true
                    return
                }
                entries.append(ListPage.Entry(key: key, size: status.size))
            }
        }
    }

    private func mayHoldKeys(below path: String) -> Bool {
        guard path.hasPrefix(prefix) || prefix.hasPrefix(path) else { return false }
        guard let after else { return true }
        return path > after.string || after.string.hasPrefix(path)
    }
}
