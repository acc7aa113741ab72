import Glibc
import HifCore

@testable import HifWorkspace

/// A directory of its own for one test, removed with everything in it at the end. In memory where
/// the system has such a place: the sweeps over every possible crash sync thousands of times.
final class TemporaryDirectory {
    let path: String

    init() {
        let place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        var template = Array("\(place)/hif-copy-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template))
    }

    deinit { TemporaryDirectory.remove(path) }

    /// `rm -r`, not following links.
    static func remove(_ path: String) {
        var raw = stat()
        guard lstat(path, &raw) == 0 else { return }
        if raw.st_mode & S_IFMT == S_IFDIR {
            chmod(path, 0o755)
            for name in names(path) { remove(path + "/" + name) }
            rmdir(path)
        } else {
            unlink(path)
        }
    }

    static func names(_ path: String) -> [String] {
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var result: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { result.append(name) }
        }
        return result.sorted()
    }

    var root: DirectoryHandle {
        get throws { try DirectoryHandle(path: Array(path.utf8)) }
    }

    var pathBytes: [UInt8] { Array(path.utf8) }

    /// Makes the directories above `name` and writes the file in place.
    func write(_ name: String, _ text: String, mode: mode_t = 0o644) {
        makeDirectories(above: name)
        let file = open(path + "/" + name, O_WRONLY | O_CREAT | O_TRUNC, mode)
        precondition(file >= 0, "cannot write \(name)")
        let bytes = Array(text.utf8)
        precondition(Glibc.write(file, bytes, bytes.count) == bytes.count, "short write")
        fchmod(file, mode)
        close(file)
    }

    func read(_ name: String) -> String? {
        guard let handle = try? DirectoryHandle(path: parentPath(name)),
            let bytes = try? handle.contents(Array(name.split(separator: "/").last!.utf8))
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func parentPath(_ name: String) -> [UInt8] {
        var parts = name.split(separator: "/").map(String.init)
        parts.removeLast()
        return Array(([path] + parts).joined(separator: "/").utf8)
    }

    func makeDirectory(_ name: String) {
        makeDirectories(above: name + "/x")
    }

    private func makeDirectories(above name: String) {
        var prefix = path
        for part in name.split(separator: "/").dropLast() {
            prefix += "/" + part
            mkdir(prefix, 0o755)
        }
    }

    func link(_ name: String, to target: String) {
        makeDirectories(above: name)
        precondition(symlink(target, path + "/" + name) == 0, "cannot link \(name)")
    }

    func remove(_ name: String) {
        TemporaryDirectory.remove(path + "/" + name)
    }

    /// Every entry below, with type and content, sorted: to compare two trees as a whole. Leaves
    /// out `.hif` unless asked.
    func snapshot(withMetadata: Bool = false) -> [String] {
        func walk(_ prefix: String) -> [String] {
            var result: [String] = []
            for name in TemporaryDirectory.names(path + "/" + prefix) {
                if prefix.isEmpty, name == ".hif", !withMetadata { continue }
                let relative = prefix.isEmpty ? name : prefix + "/" + name
                var raw = stat()
                lstat(path + "/" + relative, &raw)
                switch raw.st_mode & S_IFMT {
                case S_IFDIR:
                    result.append(relative + "/")
                    result += walk(relative)
                case S_IFLNK:
                    let target = try? ContentReader.link(
                        AT_FDCWD, Array((path + "/" + relative).utf8))
                    let text = target.map { String(decoding: $0.target, as: UTF8.self) }
                    result.append(relative + " -> " + (text ?? "?"))
                default:
                    let mark = raw.st_mode & S_IXUSR != 0 ? "*" : ""
                    result.append(relative + mark + " = " + (read(relative) ?? "?"))
                }
            }
            return result
        }
        return walk("")
    }
}

/// Shorthand for tests.
func path(_ string: String) -> RepoPath {
    try! RepoPath(string)
}

func fileLeaf(_ text: String, _ kind: Leaf.Kind = .file) -> Leaf {
    let bytes = Array(text.utf8)
    return Leaf(kind: kind, size: UInt64(bytes.count), hash: Blake3.hash(bytes))
}
