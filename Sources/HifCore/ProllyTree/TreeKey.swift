/// The place of a path in the tree: bytes whose order is the tree's order.
///
/// Directory-major: the names above the last, joined by `0x01`, then `0x00`, then the last name.
/// So everything directly in a directory is one contiguous range, and everything deeper is the
/// range right after it; `RepoPath`'s own order would scatter a directory's entries among those of
/// its subdirectories. A `0x01` or `0x02` inside a name is written `0x02 0x02` or `0x02 0x03`, so a
/// separator is never part of a name. Paths and keys correspond one to one.
package struct TreeKey: Hashable, Comparable, Sendable {
    /// Longest key: every byte of the longest path escaped, and the mark.
    package static let bytesMax = 2 * RepoPath.pathBytesMax + 1

    /// Ends the directory's names.
    static let mark: UInt8 = 0
    /// Stands between the directory's names.
    static let joint: UInt8 = 1
    /// Announces that the byte after it stands for a `0x01` or `0x02`, plus one.
    static let escape: UInt8 = 2

    package let bytes: [UInt8]

    init(unchecked bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The key of `path`. `O(n)`, one allocation.
    package init(_ path: RepoPath) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(path.bytes.count + 1)
        TreeKey.append(path, to: &bytes)
        self.bytes = bytes
    }

    /// Appends the key of `path` to a buffer that holds many.
    static func append(_ path: RepoPath, to bytes: inout [UInt8]) {
        var last = -1
        for byte in path.bytes {
            switch byte {
            case RepoPath.slash:
                last = bytes.count
                bytes.append(joint)
            case joint, escape:
                bytes.append(escape)
                bytes.append(byte + 1)
            default: bytes.append(byte)
            }
        }
        if last >= 0 {
            bytes[last] = mark
        } else {
            // A name at the root: the mark stands alone before it.
            let escaped = path.bytes.reduce(path.bytes.count) {
                $0 + ($1 == joint || $1 == escape ? 1 : 0)
            }
            bytes.insert(mark, at: bytes.count - escaped)
        }
    }

    /// The path whose key this is; nil for bytes that are no path's key.
    package var path: RepoPath? { TreeKey.path(bytes[...]) }

    static func path(_ key: ArraySlice<UInt8>) -> RepoPath? {
        var path: [UInt8] = []
        path.reserveCapacity(key.count)
        var isMarked = false
        var index = key.startIndex
        while index < key.endIndex {
            let byte = key[index]
            switch byte {
            case mark, joint:
                guard !isMarked else { return nil }
                isMarked = byte == mark
                // The mark of a name at the root has nothing before it.
                if byte == joint || index > key.startIndex { path.append(RepoPath.slash) }
            case escape:
                index += 1
                guard index < key.endIndex, key[index] == joint + 1 || key[index] == escape + 1
                else { return nil }
                path.append(key[index] - 1)
            case RepoPath.slash: return nil
            default: path.append(byte)
            }
            index += 1
        }
        return isMarked ? try? RepoPath(path) : nil
    }

    /// All bytes at once; an array's own hash takes them one by one.
    package func hash(into hasher: inout Hasher) {
        unsafe bytes.withUnsafeBytes { buffer in unsafe hasher.combine(bytes: buffer) }
    }

    package static func < (left: TreeKey, right: TreeKey) -> Bool {
        KeyOrder.compare(left.bytes[...], right.bytes[...]) < 0
    }

    /// The key of the directory that holds it; nil at the root.
    var parent: TreeKey? {
        guard let end = bytes.firstIndex(of: TreeKey.mark), end > 0 else { return nil }
        return TreeKey(unchecked: TreeKey.directory(named: bytes[..<end]))
    }

    /// The key of the directory whose names, escaped and joined, are `names`.
    static func directory(named names: ArraySlice<UInt8>) -> [UInt8] {
        guard let last = names.lastIndex(of: joint) else { return [mark] + names }
        var key = Array(names)
        key[last - names.startIndex] = mark
        return key
    }

    /// The names of the directory with this key, escaped and joined: what its entries begin with.
    static func names(ofDirectory key: ArraySlice<UInt8>) -> [UInt8] {
        guard let end = key.firstIndex(of: mark) else { return Array(key) }
        guard end > key.startIndex else { return Array(key.dropFirst()) }
        var names = Array(key)
        names[end - key.startIndex] = joint
        return names
    }
}

/// A contiguous part of the tree's order.
struct KeyRange: Sendable {
    /// The first key that may lie in it.
    var lower: [UInt8]
    /// The first key beyond it; nil where it goes to the end.
    var upper: [UInt8]?

    static let all = KeyRange(lower: [], upper: nil)

    /// What lies directly in a directory; nil for the root.
    static func children(of directory: RepoPath?) -> KeyRange {
        guard let directory else { return KeyRange(lower: [TreeKey.mark], upper: [TreeKey.joint]) }
        return children(ofKey: TreeKey(directory).bytes[...])
    }

    static func children(ofKey directory: ArraySlice<UInt8>) -> KeyRange {
        let names = TreeKey.names(ofDirectory: directory)
        return KeyRange(lower: names + [TreeKey.mark], upper: names + [TreeKey.joint])
    }

    /// What lies below a directory, at any depth, without its own entry; nil for the root.
    static func below(_ directory: RepoPath?) -> KeyRange {
        guard let directory else { return all }
        let names = TreeKey.names(ofDirectory: TreeKey(directory).bytes[...])
        return KeyRange(lower: names + [TreeKey.mark], upper: names + [TreeKey.escape])
    }

    func contains(_ key: ArraySlice<UInt8>) -> Bool {
        KeyOrder.compare(key, lower[...]) >= 0 && !isPast(key)
    }

    /// Whether `key`, and so everything after it, lies beyond the range.
    func isPast(_ key: ArraySlice<UInt8>) -> Bool {
        guard let upper else { return false }
        return KeyOrder.compare(key, upper[...]) >= 0
    }
}
