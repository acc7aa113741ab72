/// Objects read one after another from one `git cat-file --batch`, in the order asked for.
final class GitObjects {
    struct Header {
        let id: GitID
        let kind: [UInt8]
        let size: Int
    }

    private let process: GitProcess

    /// Starts reading the objects whose names `list` holds, a line each.
    init(_ source: GitSource, list: GitScratchFile) throws {
        process = try GitProcess(
            source.arguments("cat-file", "--batch", "--buffer"), input: .lines(list))
    }

    /// The next object's header; nil after the last. The content must be read before the next call.
    func next() throws -> Header? {
        do {
            guard let line = try process.output.until(0x0A) else {
                try process.finish()
                return nil
            }
            let fields = line.split(separator: 0x20)
            if fields.count == 2, fields[1].elementsEqual("missing".utf8) {
                throw GitError(
                    .missingObject,
                    "Object \(String(decoding: fields[0], as: UTF8.self)) is missing from the repository.",
                    hint: "Fetch it, or repair the repository: git fsck --full")
            }
            guard fields.count == 3, let id = GitID(hex: fields[0]),
                let size = GitPerson.number(fields[2])
            else {
                throw GitError(.damaged, "Git describes an object in an unknown way.")
            }
            return Header(id: id, kind: Array(fields[1]), size: Int(size))
        } catch {
            throw process.explain(error)
        }
    }

    /// The whole content of the object whose header came last.
    func content(_ header: Header) throws -> [UInt8] {
        do {
            let bytes = try process.output.take(header.size)
            try process.output.expect(0x0A)
            return bytes
        } catch {
            throw process.explain(error)
        }
    }

    /// The content in pieces of at most 256 KiB, of which `body` gets each; none when it is empty.
    func pieces(_ header: Header, _ body: ([UInt8]) async throws -> Void) async throws {
        var rest = header.size
        while rest > 0 {
            let piece: [UInt8]
            do {
                piece = try process.output.piece(atMost: rest)
            } catch {
                throw process.explain(error)
            }
            rest -= piece.count
            try await body(piece)
        }
        try process.output.expect(0x0A)
    }
}
