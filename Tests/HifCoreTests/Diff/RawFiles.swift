import Glibc
import HifCore

/// Files whose names are any bytes, by way of the C library: Foundation wants names to be UTF-8.
struct RawFiles {
    /// An absolute path.
    let root: [UInt8]

    struct Failure: Error {
        let call: String
        let path: [UInt8]
        let code: Int32
    }

    private func absolute(_ path: [UInt8]) -> [CChar] {
        (root + [47] + path + [0]).map { CChar(bitPattern: $0) }
    }

    private func check(_ result: Int, _ call: String, _ path: [UInt8]) throws {
        if result < 0 { throw Failure(call: call, path: path, code: errno) }
    }

    func write(_ file: UnifiedDiff.File) throws {
        for directory in file.path.ancestors.reversed() {
            _ = mkdir(absolute(directory.bytes), 0o755)
        }
        let path = absolute(file.path.bytes)
        if file.mode == .symlink {
            let target = (file.content + [0]).map { CChar(bitPattern: $0) }
            return try check(Int(symlink(target, path)), "symlink", file.path.bytes)
        }
        let mode: mode_t = file.mode == .executable ? 0o755 : 0o644
        let descriptor = open(path, O_CREAT | O_WRONLY | O_TRUNC, mode)
        try check(Int(descriptor), "open", file.path.bytes)
        defer { close(descriptor) }
        let written = Glibc.write(descriptor, file.content, file.content.count)
        try check(written == file.content.count ? 0 : -1, "write", file.path.bytes)
    }

    /// Everything below the root but git's own directory.
    func readAll() throws -> [RepoPath: UnifiedDiff.File] {
        var result: [RepoPath: UnifiedDiff.File] = [:]
        var waiting: [[UInt8]] = [[]]
        while let directory = waiting.popLast() {
            guard let stream = opendir(absolute(directory)) else {
                throw Failure(call: "opendir", path: directory, code: errno)
            }
            defer { closedir(stream) }
            while let entry = readdir(stream) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) {
                    Array($0.prefix { $0 != 0 })
                }
                if [Array(".".utf8), Array("..".utf8), Array(".git".utf8)].contains(name) {
                    continue
                }
                let path = directory.isEmpty ? name : directory + [47] + name
                var status = stat()
                try check(Int(lstat(absolute(path), &status)), "lstat", path)
                if status.st_mode & S_IFMT == S_IFDIR {
                    waiting.append(path)
                } else {
                    let file = try read(path, status)
                    result[file.path] = file
                }
            }
        }
        return result
    }

    private func read(_ path: [UInt8], _ status: stat) throws -> UnifiedDiff.File {
        let isLink = status.st_mode & S_IFMT == S_IFLNK
        var content = [UInt8](repeating: 0, count: Int(status.st_size) + 1)
        let count: Int
        if isLink {
            count = content.withUnsafeMutableBytes { buffer in
                readlink(
                    absolute(path), buffer.bindMemory(to: CChar.self).baseAddress!, buffer.count)
            }
        } else {
            let descriptor = open(absolute(path), O_RDONLY)
            try check(Int(descriptor), "open", path)
            defer { close(descriptor) }
            count = Glibc.read(descriptor, &content, content.count)
        }
        try check(count, "read", path)
        let isExecutable = status.st_mode & 0o100 != 0
        return UnifiedDiff.File(
            path: try RepoPath(path),
            mode: isLink ? .symlink : isExecutable ? .executable : .file,
            content: Array(content.prefix(count)))
    }
}
