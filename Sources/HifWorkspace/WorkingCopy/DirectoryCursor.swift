import Glibc
import HifCore

/// Walks from the root of a working copy to the directories of paths, one open directory at a
/// time, and keeps those of the last path open: paths in order cost one `openat` a new directory.
final class DirectoryCursor {
    enum Lookup {
        case found(DirectoryHandle)
        /// A directory on the way does not exist.
        case absent
        /// Something else stands where a directory on the way should be.
        case blocked(at: [UInt8], isLink: Bool)
    }

    private let root: DirectoryHandle
    private var path: [UInt8] = []
    /// Open directories below the root with the lengths of their paths.
    private var open: [(pathCount: Int, handle: DirectoryHandle)] = []

    init(root: DirectoryHandle) {
        self.root = root
    }

    /// Forgets what is open: call it after directories may have been removed or replaced.
    func reset() {
        path = []
        open = []
    }

    /// The directory that holds `path`.
    func parent(of path: RepoPath) throws -> Lookup {
        try walk(to: path.bytes[..<(path.bytes.lastIndex(of: RepoPath.slash) ?? 0)], making: nil)
    }

    /// The directory that holds `path`, made if need be; never `absent`.
    func makeParent(of path: RepoPath, _ effects: FileEffects) throws -> Lookup {
        try walk(
            to: path.bytes[..<(path.bytes.lastIndex(of: RepoPath.slash) ?? 0)], making: effects)
    }

    private func walk(to target: ArraySlice<UInt8>, making effects: FileEffects?) throws -> Lookup {
        while let last = open.last {
            let isAbove =
                target.starts(with: path[..<last.pathCount])
                && (target.count == last.pathCount || target[last.pathCount] == RepoPath.slash)
            if isAbove { break }
            open.removeLast()
        }
        path = Array(target)
        while (open.last?.pathCount ?? 0) < target.count {
            let known = open.last?.pathCount ?? 0
            let start = known == 0 ? 0 : known + 1
            let end = target[start...].firstIndex(of: RepoPath.slash) ?? target.endIndex
            let name = Array(target[start..<end])
            let parent = open.last?.handle ?? root
            var child = try parent.directory(name)
            if child == nil {
                if let stat = try parent.stat(name) {
                    guard stat.type == .directory else {
                        return .blocked(at: Array(target[..<end]), isLink: stat.type == .symlink)
                    }
                    child = try parent.directory(name)
                } else if let effects {
                    try effects.makeDirectory(name, in: parent)
                    child = try parent.directory(name)
                } else {
                    return .absent
                }
            }
            // Nil once more: somebody else is at work there right now.
            guard let child else { return .blocked(at: Array(target[..<end]), isLink: false) }
            open.append((end, child))
        }
        return .found(open.last?.handle ?? root)
    }
}
