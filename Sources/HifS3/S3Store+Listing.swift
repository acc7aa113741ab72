package import HifStore
import Synchronization

extension S3Store {
    /// More objects and directories in one directory than this are refused, in a listing that has to
    /// sort them.
    static let directoryEntriesMax = 500_000

    package func list(
        prefix: String, after: ObjectKey?, limit: Int
    ) async throws(StoreError) -> ListPage {
        precondition(limit > 0, "a page has room for at least one object")
        // Some stores answer with an error to what can be no key.
        let stem = prefix.hasSuffix("/") ? String(prefix.dropLast()) : prefix
        guard prefix.isEmpty || ObjectKey.isValid(stem) else {
            return ListPage(objects: [], next: nil)
        }
        if !isTree.withLock({ $0 }) {
            if let page = try await listFlat(prefix: prefix, after: after, limit: limit) {
                return page
            }
        }
        var walk = Walk(store: self, prefix: prefix, after: after, limit: limit)
        let directory = prefix.lastIndex(of: "/").map { String(prefix[...$0]) } ?? ""
        try await walk.visit(directory)
        return ListPage(objects: walk.entries, next: walk.isFull ? walk.entries.last?.key : nil)
    }

    /// As the store lists by itself, where that is in byte order.
    ///
    /// - Returns: nil when the store turned out to keep directories.
    private func listFlat(
        prefix: String, after: ObjectKey?, limit: Int
    ) async throws(StoreError) -> ListPage? {
        // One request, and one more for each page that held nothing but foreign objects.
        var start = after?.string
        for _ in 0..<100 {
            let page = try await page(
                prefix: prefix, after: start, delimiter: nil, token: nil, limit: min(limit, 1_000))
            if isTree.withLock({ $0 }) { return nil }
            var last = start ?? ""
            var entries: [ListPage.Entry] = []
            for (name, size) in page.objects {
                guard name.hasPrefix(prefix), name > last else {
                    throw StoreError(
                        .refused,
                        "the store lists '\(name)' behind '\(last)', which is not byte order: "
                            + "say --s3-dialect tree if it keeps directories")
                }
                last = name
                if let key = ObjectKey(validating: name) {
                    entries.append(ListPage.Entry(key: key, size: size))
                }
            }
            if !page.isTruncated { return ListPage(objects: entries, next: nil) }
            if let next = entries.last?.key { return ListPage(objects: entries, next: next) }
            guard !page.objects.isEmpty else {
                throw StoreError(.corrupt, "the store says a listing goes on, and lists nothing")
            }
            start = last
        }
        throw StoreError(
            .refused, "the bucket holds 100,000 foreign objects in a row: give hif one of its own")
    }

    /// A walk over the directories of a bucket in the byte order of the keys, which stops when the page
    /// is full. Each directory on the way is read and sorted whole, for every page anew; subtrees that
    /// cannot hold a wanted key are not entered. The same as `DirectoryStore` does with files.
    private struct Walk {
        let store: S3Store
        let prefix: String
        let after: ObjectKey?
        let limit: Int
        var entries: [ListPage.Entry] = []
        /// Set once one more object than fits was seen.
        var isFull = false

        mutating func visit(_ directory: String) async throws(StoreError) {
            for (name, size) in try await store.children(of: directory) {
                if isFull { return }
                guard let size else {
                    if mayHoldKeys(below: name) { try await visit(name) }
                    continue
                }
                guard name.hasPrefix(prefix), let key = ObjectKey(validating: name) else {
                    continue
                }
                if let after, key <= after { continue }
                if entries.count == limit {
                    isFull = true
                    return
                }
                entries.append(ListPage.Entry(key: key, size: size))
            }
        }

        private func mayHoldKeys(below path: String) -> Bool {
            guard path.hasPrefix(prefix) || prefix.hasPrefix(path) else { return false }
            guard let after else { return true }
            return path > after.string || after.string.hasPrefix(path)
        }
    }

    /// What lies directly in a directory, sorted: objects with their size, directories with a slash at
    /// the end of their name and none.
    private func children(
        of directory: String
    ) async throws(StoreError) -> [(name: String, size: Int?)] {
        var children: [(name: String, size: Int?)] = []
        var token: String?
        repeat {
            let page = try await page(
                prefix: directory, after: nil, delimiter: "/", token: token, limit: 1_000)
            children += page.objects.map { ($0.name, $0.size) }
            children += page.directories.map { ($0, nil) }
            guard children.count <= S3Store.directoryEntriesMax else {
                throw StoreError(
                    .refused, "'\(directory)' holds too much for a listing that has to be sorted")
            }
            guard !page.isTruncated || page.token != nil else {
                throw StoreError(.corrupt, "the store says a listing goes on, and not how")
            }
            token = page.isTruncated ? page.token : nil
        } while token != nil
        return children.sorted { $0.name < $1.name }
    }

    private struct Page {
        var objects: [(name: String, size: Int)] = []
        var directories: [String] = []
        var isTruncated = false
        var token: String?
    }

    /// One request of `ListObjectsV2`.
    private func page(
        prefix: String, after: String?, delimiter: String?, token: String?, limit: Int
    ) async throws(StoreError) -> Page {
        var query = [("list-type", "2"), ("max-keys", "\(limit)"), ("prefix", prefix)]
        if let after { query.append(("start-after", after)) }
        if let delimiter { query.append(("delimiter", delimiter)) }
        if let token { query.append(("continuation-token", token)) }
        let answer = try await connection.perform(S3Request(method: .get, query: query))
        guard answer.status == 200 else { throw S3Outcome.error(answer, .list, key: nil) }
        if answer.headers["server"]?.hasPrefix("SeaweedFS") == true {
            isTree.withLock { $0 = true }
        }
        let document: SmallXML
        do {
            document = try SmallXML(parsing: answer.body)
        } catch {
            throw StoreError(.corrupt, "a listing that cannot be read", cause: "\(error)")
        }
        guard document.name == "ListBucketResult" else {
            throw StoreError(.corrupt, "a listing that cannot be read", cause: "<\(document.name)>")
        }
        var page = Page()
        for child in document.children {
            switch child.name {
            case "Contents":
                guard let name = child["Key"]?.text,
                    let size = child["Size"].flatMap({ Int($0.text) }),
                    size >= 0
                else { throw StoreError(.corrupt, "an object in a listing lacks its name or size") }
                page.objects.append((name, size))
            case "CommonPrefixes":
                guard let name = child["Prefix"]?.text, name.hasSuffix("/") else {
                    throw StoreError(.corrupt, "a directory in a listing lacks its name")
                }
                page.directories.append(name)
            case "IsTruncated": page.isTruncated = child.text == "true"
            case "NextContinuationToken": page.token = child.text
            default: break
            }
        }
        return page
    }
}
