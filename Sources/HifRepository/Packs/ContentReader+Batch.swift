import HifCore

extension ContentReader {
    /// Reads many files with few requests, and hands each to `deliver` with the index of its
    /// request: by pack and offset, not in the order asked for.
    ///
    /// Neighbouring records are read together (`PackRange`), each byte at most once. Held at a
    /// time: `readahead` + 1 ranges and one content. The first error ends the reading.
    package func read(
        _ requests: [ContentRequest],
        deliver: (_ index: Int, _ content: Found) async throws -> Void
    ) async throws {
        let ranges = PackRange.covering(requests.map(\.location))
        try await fetch(ranges, id: { requests[$0].id }) { range, bytes in
            // The same content at many paths is decoded once.
            var last: (request: ContentRequest, found: Found)?
            for index in range.requests {
                let request = requests[index]
                if let last, last.request == request {
                    try await deliver(index, last.found)
                    continue
                }
                let record = try record(
                    request.id, range.indices(of: request.location), of: bytes, in: range.pack,
                    [.blob, .chunk, .manifest])
                let content = try await decode(record, in: range.pack, bytesMax: .max)
                let found: Found =
                    record.kind == .manifest
                    ? .chunked(try manifest(content, request.id, in: range.pack))
                    : .whole(content)
                last = (request, found)
                try await deliver(index, found)
            }
        }
    }

    /// As `read(_:deliver:)`, for records of one kind that are no files.
    func readRecords(
        _ requests: [ContentRequest], of kind: PackRecordKind,
        deliver: (_ index: Int, _ content: [UInt8]) async throws -> Void
    ) async throws {
        let ranges = PackRange.covering(requests.map(\.location))
        try await fetch(ranges, id: { requests[$0].id }) { range, bytes in
            for index in range.requests {
                let request = requests[index]
                let record = try record(
                    request.id, range.indices(of: request.location), of: bytes, in: range.pack,
                    [kind])
                try await deliver(
                    index, try await decode(record, in: range.pack, bytesMax: kind.rawBytesMax))
            }
        }
    }

    /// Fetches `ranges` with up to `readahead` requests ahead of the one that is used, and uses
    /// them in order.
    ///
    /// - Parameter id: what a request is for, for errors.
    func fetch(
        _ ranges: [PackRange], id: (Int) -> Hash,
        use: (PackRange, [UInt8]) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
            var begun = 0
            var arrived: [Int: [UInt8]] = [:]
            for (index, range) in ranges.enumerated() {
                while begun < ranges.count, begun <= index + readahead {
                    let (number, next) = (begun, ranges[begun])
                    let wanted = id(next.requests[0])
                    group.addTask { [self] in
                        (number, try await bytes(of: next.range, in: next.pack, for: wanted))
                    }
                    begun += 1
                }
                while arrived[index] == nil {
                    guard let (number, bytes) = try await group.next() else {
                        preconditionFailure("range \(index) was never asked for")
                    }
                    arrived[number] = bytes
                }
                try await use(range, arrived.removeValue(forKey: index)!)
            }
        }
    }
}
