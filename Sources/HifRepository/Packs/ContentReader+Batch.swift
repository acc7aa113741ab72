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
        try await read(requests, .file, bytesMax: .max) { index, pack, kind, content in
            try await deliver(
                index,
                kind == .manifest
                    ? .chunked(try manifest(content, requests[index].id, in: pack))
                    : .whole(content))
        }
    }

    /// As `read(_:deliver:)`, for records of one kind that are no files.
    func readRecords(
        _ requests: [ContentRequest], of kind: PackRecordKind,
        deliver: (_ index: Int, _ content: [UInt8]) async throws -> Void
    ) async throws {
        try await read(requests, .only(kind), bytesMax: kind.rawBytesMax) { index, _, _, content in
            try await deliver(index, content)
        }
    }

    /// As `read(_:deliver:)`; says the pack each content was found in. What was delivered before a pack
    /// turned out to be gone is not delivered again.
    private func read(
        _ requests: [ContentRequest], _ wanted: Wanted, bytesMax: Int,
        deliver: (
            _ index: Int, _ pack: Hash, _ kind: PackRecordKind, _ content: [UInt8]
        ) async throws -> Void
    ) async throws {
        var rest = Array(requests.indices)
        for move in 0... {
            let places = rest.map { index in
                self.places.relocated(
                    requests[index].id, requests[index].location, isFile: wanted.isFile)
            }
            var isDelivered = [Bool](repeating: false, count: rest.count)
            var isDelivering = false
            do {
                try await fetch(
                    PackRange.covering(places), id: { requests[rest[$0]].id }
                ) { range, bytes in
                    // The same content at many paths is decoded once.
                    var last: (request: ContentRequest, kind: PackRecordKind, content: [UInt8])?
                    for number in range.requests {
                        let (index, place) = (rest[number], places[number])
                        let request = ContentRequest(id: requests[index].id, location: place)
                        if last?.request != request {
                            let found = try await content(
                                request.id, place, range.indices(of: place), of: bytes, wanted,
                                bytesMax: bytesMax)
                            last = (request, found.kind, found.content)
                        }
                        isDelivered[number] = true
                        isDelivering = true
                        try await deliver(index, place.pack, last!.kind, last!.content)
                        isDelivering = false
                    }
                }
                return
            } catch let error as ContentError {
                // What whoever took a content throws is theirs.
                guard !isDelivering, await mayHelpToRepeat(after: error, moved: move) else {
                    throw error
                }
                rest = zip(rest, isDelivered).filter { !$0.1 }.map(\.0)
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
