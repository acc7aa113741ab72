import HifStore

extension S3Store {
    /// Parts on their way at one time, for one object.
    private static let partsAtOnce = 4

    /// Puts a long object in parts, for keys under which everybody writes the same bytes.
    ///
    /// The condition is looked at before anything is sent, and goes along with the last step, where a
    /// store that knows it decides a race; one that does not replaces the object with the same bytes.
    /// What was begun and not finished is taken back as far as the store can be reached; set up a rule
    /// for the bucket that clears away the rest (docs/guides/storage.md).
    func putInParts(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag {
        try await check(key, condition)
        let begun = try await connection.perform(
            S3Request(method: .post, key: key, query: [("uploads", "")]))
        guard begun.isSuccess else { throw S3Outcome.error(begun, .write, key: key) }
        guard let document = try? SmallXML(parsing: begun.body),
            let upload = document["UploadId"]?.text, !upload.isEmpty
        else {
            throw StoreError(.corrupt, key: key, "the store began an upload and did not name it")
        }
        do {
            let tags = try await sendParts(key, bytes, upload)
            return try await complete(key, condition, upload, tags)
        } catch {
            // Only what certainly did not become the object may be taken back.
            if !error.mayHaveBeenApplied {
                _ = try? await connection.perform(
                    S3Request(method: .delete, key: key, query: [("uploadId", upload)]))
            }
            throw error
        }
    }

    private func check(_ key: ObjectKey, _ condition: WriteCondition) async throws(StoreError) {
        if case .none = condition { return }
        let answer = try await connection.perform(S3Request(method: .head, key: key))
        switch (condition, answer.status) {
        case (.ifAbsent, 404): return
        case (.ifMatch, 200) where condition == .ifMatch(tag(answer)): return
        case (.ifAbsent, 200), (.ifMatch, 200):
            throw StoreError(
                .preconditionFailed, key: key, "the condition of the write did not hold")
        case (.ifMatch, 404):
            throw StoreError(.notFound, key: key, "there is no such object")
        default:
            throw S3Outcome.error(answer, .read, key: key)
        }
    }

    /// - Returns: the tag of each part, in order.
    private func sendParts(
        _ key: ObjectKey, _ bytes: [UInt8], _ upload: String
    ) async throws(StoreError) -> [String] {
        let size = settings.partBytes
        let count = (bytes.count + size - 1) / size
        do {
            return try await withThrowingTaskGroup(of: (Int, String).self) { group in
                var tags = [String](repeating: "", count: count)
                for number in 0..<count {
                    if number >= S3Store.partsAtOnce, let (index, tag) = try await group.next() {
                        tags[index] = tag
                    }
                    let part = Array(bytes[number * size..<min(bytes.count, (number + 1) * size)])
                    group.addTask {
                        (number, try await self.sendPart(key, part, number + 1, upload))
                    }
                }
                for try await (index, tag) in group { tags[index] = tag }
                return tags
            }
        } catch {
            // Nothing became the object yet: the upload as a whole can be repeated.
            throw error as? StoreError ?? StoreError(.cancelled, key: key, "cancelled")
        }
    }

    private func sendPart(
        _ key: ObjectKey, _ part: [UInt8], _ number: Int, _ upload: String
    ) async throws(StoreError) -> String {
        let answer = try await connection.perform(
            S3Request(
                method: .put, key: key,
                query: [("partNumber", "\(number)"), ("uploadId", upload)], body: part))
        guard answer.isSuccess, let tag = answer.headers["etag"] else {
            throw S3Outcome.error(answer, .write, key: key)
        }
        return tag
    }

    private func complete(
        _ key: ObjectKey, _ condition: WriteCondition, _ upload: String, _ tags: [String]
    ) async throws(StoreError) -> ETag {
        var text = "<CompleteMultipartUpload>"
        for (index, tag) in tags.enumerated() {
            let quoted = tag.replacing("&", with: "&amp;").replacing("\"", with: "&quot;")
                .replacing("<", with: "&lt;")
            text += "<Part><PartNumber>\(index + 1)</PartNumber><ETag>\(quoted)</ETag></Part>"
        }
        text += "</CompleteMultipartUpload>"
        let answer = try await connection.perform(
            S3Request(
                method: .post, key: key, query: [("uploadId", upload)],
                headers: headers(condition), body: Array(text.utf8)))
        guard answer.isSuccess else { throw S3Outcome.error(answer, .write, key: key) }
        // A store that works for long says 200 first, and an error afterwards.
        guard let document = try? SmallXML(parsing: answer.body),
            document.name == "CompleteMultipartUploadResult"
        else {
            throw StoreError(
                .unknown, key: key, "the parts may not have become an object: read back",
                cause: answer.cause)
        }
        let named = settings.dialect == .gcs ? tag(answer) : ETag(document["ETag"]?.text ?? "")
        if !named.text.isEmpty { return named }
        // Ceph leaves it out.
        let object = try await connection.perform(S3Request(method: .head, key: key))
        guard object.isSuccess, !tag(object).text.isEmpty else {
            throw StoreError(
                .unknown, key: key, "the object is there and names no version: read back",
                cause: object.cause)
        }
        return tag(object)
    }
}
