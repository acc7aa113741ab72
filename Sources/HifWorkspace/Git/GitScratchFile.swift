import Foundation

/// A temporary file that has no name any more: a list of any length for a command's input, or the
/// place for its complaints. It goes with its last descriptor.
final class GitScratchFile {
    let handle: FileHandle
    private var buffer: [UInt8] = []

    init() throws {
        var template = Array((NSTemporaryDirectory() + "/hif-git-XXXXXX").utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            throw GitError(
                .system, "A temporary file is refused: \(String(cString: strerror(errno))).")
        }
        unlink(template)
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    /// Appends the forty digits of each id with a space between, and a line feed.
    func line(_ ids: GitID...) throws {
        for (index, id) in ids.enumerated() {
            if index > 0 { buffer.append(UInt8(ascii: " ")) }
            buffer.append(contentsOf: id.hex.utf8)
        }
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= 1 << 18 { try flush() }
    }

    /// Appends `bytes` and a line feed.
    func line(_ bytes: [UInt8]) throws {
        buffer.append(contentsOf: bytes)
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= 1 << 18 { try flush() }
    }

    private func flush() throws {
        try handle.write(contentsOf: buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    /// Makes everything written readable from the start.
    func rewind() throws {
        try flush()
        try handle.seek(toOffset: 0)
    }

    /// The first `limit` bytes as text, with replacement characters where they are not UTF-8.
    func text(limit: Int) throws -> String {
        try rewind()
        let data = try handle.read(upToCount: limit) ?? Data()
        return String(decoding: data, as: UTF8.self)
    }
}
