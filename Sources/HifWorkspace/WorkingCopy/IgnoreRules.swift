package import HifCore

/// Which untracked files nobody wants to hear of: the ignore files from the root down to one
/// directory, as git reads them.
///
/// A value per directory: `entering` adds a directory's own files, and siblings do not see them.
/// The last line that matches decides, and deeper files come after shallower ones, `.hifignore`
/// after `.gitignore`, and `.git/info/exclude` before all. A directory that is ignored hides all
/// below it: the caller does not descend, and a negated line below cannot bring anything back.
/// Tracked files are never asked about.
package struct IgnoreRules: Sendable {
    private struct Level: Sendable {
        /// Bytes of the directory's path with its slash; 0 at the root.
        var prefixCount: Int
        var patterns: [IgnorePattern]
    }

    private var levels: [Level] = []

    /// The names of ignore files, weakest first.
    static let fileNames = [Array(".gitignore".utf8), Array(".hifignore".utf8)]

    /// Nothing is ignored but what hif and git keep for themselves.
    package init() {}

    /// Adds the lines of one ignore file that lies in `directory` and is stronger than those
    /// before.
    ///
    /// - Parameter directory: path from the root, empty for the root.
    package mutating func add(_ contents: [UInt8], in directory: [UInt8]) {
        var rest = contents[...]
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        let patterns = rest.split(separator: UInt8(ascii: "\n")).compactMap(
            IgnorePattern.init(line:))
        guard !patterns.isEmpty else { return }
        let prefixCount = directory.isEmpty ? 0 : directory.count + 1
        levels.append(Level(prefixCount: prefixCount, patterns: patterns))
    }

    /// Whether an entry of the innermost directory is ignored.
    ///
    /// - Parameter path: from the root. All directories above it are not ignored.
    package func isIgnored(_ path: [UInt8], isDirectory: Bool) -> Bool {
        let nameStart = path.lastIndex(of: RepoPath.slash).map { $0 + 1 } ?? 0
        let name = path[nameStart...]
        if RepoPath.isReserved(name) { return true }
        for level in levels.reversed() {
            let relative = path[level.prefixCount...]
            let match = level.patterns.last {
                $0.matches(path: relative, name: name, isDirectory: isDirectory)
            }
            if let match { return !match.isNegated }
        }
        return false
    }
}

extension IgnoreRules {
    /// The rules at the root: `.git/info/exclude` where git keeps a repository beside hif, and the
    /// root's ignore files.
    package init(root: DirectoryHandle) throws {
        if let git = try root.directory(Array(".git".utf8)),
            let info = try git.directory(Array("info".utf8)),
            let exclude = try info.contents(Array("exclude".utf8))
        {
            add(exclude, in: [])
        }
        self = try entering([], root)
    }

    /// The rules inside a directory. A file that cannot be read counts as absent, as does a link.
    package func entering(_ path: [UInt8], _ directory: DirectoryHandle) throws -> IgnoreRules {
        entering(path, descriptor: directory.descriptor)
    }

    func entering(_ path: [UInt8], descriptor: Int32) -> IgnoreRules {
        var rules = self
        for name in IgnoreRules.fileNames {
            guard let file = try? OpenFile.open(descriptor, name) else { continue }
            var contents: [UInt8] = []
            guard (try? file.read { contents += $0 }) != nil else { continue }
            rules.add(contents, in: path)
        }
        return rules
    }

    /// Whether `path` is ignored, looking from the root down: for a single path, without a scan.
    package static func isIgnored(
        _ path: RepoPath, isDirectory: Bool, root: DirectoryHandle
    ) throws -> Bool {
        var rules = try IgnoreRules(root: root)
        var directory: DirectoryHandle? = root
        let names = path.components
        var prefix: [UInt8] = []
        for (depth, name) in names.enumerated() {
            if !prefix.isEmpty { prefix.append(RepoPath.slash) }
            prefix += name
            let isLast = depth == names.count - 1
            if rules.isIgnored(prefix, isDirectory: isLast ? isDirectory : true) { return true }
            if isLast { break }
            directory = try directory?.directory(Array(name))
            if let directory { rules = try rules.entering(prefix, directory) }
        }
        return false
    }
}
