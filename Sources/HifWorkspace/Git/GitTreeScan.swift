import HifCore

/// An entry of a tree whose mode git shows as another one.
package struct GitUnusualMode: Hashable, Sendable, CustomStringConvertible {
    package let tree: GitID
    package let name: [UInt8]
    /// As the tree holds it: 0o100664, say.
    package let mode: UInt32

    package var description: String {
        "Tree \(tree): '\(SafeText.escape(Array(name.prefix(200))))' has mode"
            + " \(String(mode, radix: 8)), taken as \(GitMapper.kind(ofMode: mode))"
    }
}

extension GitSource {
    /// Looks through every tree of the repository for modes that git does not write any more.
    ///
    /// Git itself shows them as the nearest mode everywhere, so an import takes them without
    /// noticing; only the ids of such trees change. This explains them, and reads all trees to do
    /// so: much more than an import. Worth it when ids differ.
    ///
    /// - Returns: the first `limit` found, and how many there are.
    package func unusualModes(limit: Int = 1000) throws -> (found: [GitUnusualMode], count: Int) {
        let list = try GitScratchFile()
        let names = try GitProcess(
            arguments(
                "cat-file", "--batch-check=%(objectname) %(objecttype)", "--batch-all-objects",
                "--unordered", "--buffer"))
        while let line = try names.output.until(0x0A) {
            guard line.count == GitID.digitCount + 5, line.suffix(4).elementsEqual("tree".utf8),
                let id = GitID(hex: line.prefix(GitID.digitCount))
            else { continue }
            try list.line(id)
        }
        try names.finish()
        let objects = try GitObjects(self, list: list)
        var found: [GitUnusualMode] = []
        var count = 0
        while let header = try objects.next() {
            let content = try objects.content(header)
            var rest = content[...]
            while let space = rest.firstIndex(of: 0x20),
                let end = rest[space...].firstIndex(of: 0), rest.endIndex - end > GitID.byteCount
            {
                let mode = UInt32(String(decoding: rest[..<space], as: UTF8.self), radix: 8) ?? 0
                if !GitSource.treeModes.contains(mode) {
                    count += 1
                    if found.count < limit {
                        found.append(
                            GitUnusualMode(
                                tree: header.id, name: Array(rest[(space + 1)..<end]), mode: mode))
                    }
                }
                rest = rest[(end + 1 + GitID.byteCount)...]
            }
        }
        return (found, count)
    }

    private static let treeModes: Set<UInt32> = [
        0o100644, 0o100755, 0o120000, 0o160000, 0o040000,
    ]
}
