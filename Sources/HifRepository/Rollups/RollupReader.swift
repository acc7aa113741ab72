import HifCore
import HifStore

/// Reads rollup runs from the store in parts. A run that is missing or damaged reads as nil: the
/// caller reads what it would have covered instead.
package struct RollupReader: Sendable {
    /// Bytes asked for at first: enough for the head where slots hold a landing each, and for all of
    /// a small run.
    private static let prefixBytes = [32 << 10, 128 << 10, 320 << 10, 2 << 20]

    let log: LogReader

    package init(log: LogReader) {
        self.log = log
    }

    /// The head of a run: one request, two where it is longer than expected.
    package func head(_ span: RollupSpan) async throws(ReadError) -> RollupHead? {
        let key = StoreKey.rollup(span)
        let prefix = RollupReader.prefixBytes[span.level - 1]
        guard let object = try await get(key, .range(offset: 0, count: prefix)) else { return nil }
        do throws(FormatError) {
            var bytes = object.bytes
            let wanted = try RollupHead.headBytes(prefix: bytes)
            if wanted > bytes.count, wanted <= object.size, wanted <= RollupRun.bytesMax {
                let rest = ByteRange.range(offset: bytes.count, count: wanted - bytes.count)
                guard let more = try? await get(key, rest) else { return nil }
                bytes += more.bytes
            }
            let head = try RollupHead(decoding: bytes, objectBytes: object.size)
            guard head.span == span else { return nil }
            return head.isWhole ? head : head.withoutBlocks
        } catch {
            return nil
        }
    }

    /// A cursor over one block: a request, none when the run is in memory as a whole.
    func cursor(
        ofBlock block: Int, of head: RollupHead
    ) async throws(ReadError) -> RollupCursor? {
        let range = head.range(ofBlocks: block...block)
        if head.isWhole { return try? head.cursor(ofBlock: block, in: head.bytes, at: range) }
        guard let bytes = try await bytes(range, of: head) else { return nil }
        return try? head.cursor(ofBlock: block, in: bytes, at: 0..<bytes.count)
    }

    /// Part of a run: one request, none when the run is in memory as a whole.
    func bytes(_ range: Range<Int>, of head: RollupHead) async throws(ReadError) -> [UInt8]? {
        if head.isWhole { return Array(head.bytes[range]) }
        return try await get(
            StoreKey.rollup(head.span), .range(offset: range.lowerBound, count: range.count)
        )?.bytes
    }

    private func get(
        _ key: ObjectKey, _ range: ByteRange
    ) async throws(ReadError) -> StoredObject? {
        do throws(StoreError) {
            return try await log.store.get(key, range)
        } catch {
            // An object that is shorter than it was, or empty, is as damaged as one can be.
            if error.code == .notFound || error.code == .rangeNotSatisfiable { return nil }
            throw .store(error)
        }
    }
}
