package import HifCore

extension ContentReader {
    /// What a look-up of a file finds: the content itself, or where its chunks lie.
    package enum Found: Sendable {
        case whole([UInt8])
        /// Larger than `PackRecordKind.blobBytesMax`: read it with `stream(_:into:)` or
        /// `bytes(of:in:)`. Locations name their packs.
        case chunked(ChunkManifest)
    }

    /// The content of a file if it is one record, else its manifest. One GET, and at most a
    /// mebibyte of content.
    package func find(_ id: Hash, at location: PackLocation) async throws -> Found {
        var found: Found?
        try await read([ContentRequest(id: id, location: location)]) { found = $1 }
        return found!
    }

    /// Hands the content of a file to `into` in pieces, in order, holding a few mebibytes however
    /// large the file is.
    ///
    /// Every piece is verified by its own hash, and the whole by `id` after the last piece: do not
    /// let anybody see what was written until this has returned.
    package func stream(
        _ id: Hash, at location: PackLocation, into: ([UInt8]) async throws -> Void
    ) async throws {
        switch try await find(id, at: location) {
        case .whole(let content): try await into(content)
        case .chunked(let manifest): try await stream(manifest, into: into)
        }
    }

    /// As `stream(_:at:into:)`, for a manifest that names its packs.
    package func stream(
        _ manifest: ChunkManifest, into: ([UInt8]) async throws -> Void
    ) async throws {
        var hasher = Blake3()
        try await chunks(manifest.chunks) { _, content in
            hasher.update(content)
            try await into(content)
        }
        guard hasher.finalize() == manifest.id else {
            throw ContentError(
                .damaged, id: manifest.id, pack: nil, "the joined chunks have another hash")
        }
    }

    /// Some bytes of a large file, reading only the chunks they lie in. Those are verified by their
    /// own hashes; that the manifest lists the right ones is not.
    ///
    /// - Parameter range: bytes of the file; what lies beyond its end is left out.
    package func bytes(
        of manifest: ChunkManifest, in range: Range<UInt64>
    ) async throws -> [UInt8] {
        var wanted: [ChunkManifest.Chunk] = []
        var first: UInt64 = 0
        var end: UInt64 = 0
        for chunk in manifest.chunks {
            let start = end
            end += UInt64(chunk.rawBytes)
            guard end > range.lowerBound else { continue }
            guard start < range.upperBound else { break }
            if wanted.isEmpty { first = start }
            wanted.append(chunk)
        }
        var result: [UInt8] = []
        var start = first
        try await chunks(wanted) { _, content in
            let from = range.lowerBound > start ? Int(range.lowerBound - start) : 0
            let to = min(range.upperBound - start, UInt64(content.count))
            result += content[from..<max(from, Int(to))]
            start += UInt64(content.count)
        }
        return result
    }

    private func chunks(
        _ chunks: [ChunkManifest.Chunk], deliver: (Int, [UInt8]) async throws -> Void
    ) async throws {
        var done = 0
        for move in 0... {
            let rest = chunks[done...].map { chunk in
                (
                    chunk: chunk,
                    place: places.relocated(chunk.id, chunk.location, isFile: false)
                )
            }
            var isDelivering = false
            do {
                try await fetch(
                    PackRange.following(rest.map(\.place)), id: { rest[$0].chunk.id }
                ) { range, bytes in
                    for index in range.requests {
                        let (chunk, place) = rest[index]
                        let content = try await content(
                            chunk.id, place, range.indices(of: place), of: bytes, .chunk,
                            bytesMax: chunk.rawBytes
                        ).content
                        guard content.count == chunk.rawBytes else {
                            throw ContentError(
                                .damaged, id: chunk.id, pack: range.pack,
                                "a chunk of \(content.count) bytes where \(chunk.rawBytes) are "
                                    + "listed")
                        }
                        done += 1
                        isDelivering = true
                        try await deliver(done - 1, content)
                        isDelivering = false
                    }
                }
                return
            } catch let error as ContentError {
                guard !isDelivering, await mayHelpToRepeat(after: error, moved: move) else {
                    throw error
                }
            }
        }
    }
}

extension PackRange {
    /// Where the record at `location` lies in the bytes of this range.
    func indices(of location: PackLocation) -> Range<Int> {
        let start = location.range.lowerBound - range.lowerBound
        return start..<start + location.range.count
    }
}
