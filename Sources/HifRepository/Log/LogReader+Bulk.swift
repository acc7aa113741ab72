package import HifCore

extension LogReader {
    /// Reads `range` slot by slot with few requests.
    package func cursor(_ range: ClosedRange<Epoch>, backwards: Bool = false) -> LogCursor {
        LogCursor(self, range, backwards: backwards)
    }

    /// These slots, asked for at the same time: keep the range short.
    ///
    /// - Throws: `ReadError.log` when one of them is missing.
    func slots(_ range: Range<Epoch>) async throws(ReadError) -> [LogCursor.Found] {
        guard range.count > 1 else {
            return try await range.isEmpty ? [] : [present(range.lowerBound)]
        }
        let results = await withTaskGroup(
            of: (Int, Result<LogCursor.Found, ReadError>).self
        ) { group in
            for (index, epoch) in range.enumerated() {
                group.addTask {
                    do throws(ReadError) {
                        return (index, .success(try await present(epoch)))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            var results = [Result<LogCursor.Found, ReadError>?](repeating: nil, count: range.count)
            for await (index, result) in group { results[index] = result }
            return results
        }
        var found: [LogCursor.Found] = []
        for case let result? in results { found.append(try result.get()) }
        return found
    }

    private func present(_ epoch: Epoch) async throws(ReadError) -> LogCursor.Found {
        guard let found = try await slot(epoch) else {
            throw .log(.inconsistent(epoch: epoch, "is missing although later slots exist"))
        }
        return found
    }
}
