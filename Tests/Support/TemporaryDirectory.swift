import Glibc

/// An empty directory, below `TMPDIR` or `/tmp`, that is removed with everything in it when the
/// last reference goes.
package final class TemporaryDirectory: Sendable {
    package let path: String

    package init() {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/hif-test-XXXXXX".utf8CString)
        path = template.withUnsafeMutableBufferPointer { buffer in
            guard let made = mkdtemp(buffer.baseAddress!) else {
                fatalError("no temporary directory: \(String(cString: strerror(errno)))")
            }
            return String(cString: made)
        }
    }

    deinit {
        removeTree(path)
    }
}

/// Removes a file, or a directory and all it holds; a symbolic link is removed, not followed.
private func removeTree(_ path: String) {
    if unlink(path) == 0 { return }
    guard let stream = opendir(path) else { return }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
    }
    closedir(stream)
    for name in names { removeTree(path + "/" + name) }
    rmdir(path)
}
