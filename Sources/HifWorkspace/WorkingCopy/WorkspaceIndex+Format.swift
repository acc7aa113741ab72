import HifCore

// The bytes of `.hif/index`; docs/formats/workspace-index.md is the page for them.

extension WorkspaceIndex {
    /// The version of the format that this code writes, and the newest it reads.
    static let formatVersion: UInt32 = 1
    static let magic: UInt32 = 0x5846_4948  // "HIFX"
    static let writerBytes = 24
    static let headerBytes = 136
    static let directoryBytes = 56
    static let rowBytes = 40

    /// - Parameter writer: name and version of the program, for the error that a program too old
    ///   for the file will show; cut to 24 bytes.
    package func encoded(writer program: String) -> [UInt8] {
        var header = ByteWriter(capacity: WorkspaceIndex.headerBytes)
        header.u32(WorkspaceIndex.magic)
        header.u32(WorkspaceIndex.formatVersion)
        let name = Array(program.utf8.prefix(WorkspaceIndex.writerBytes))
        header.raw(name)
        header.raw([UInt8](repeating: 0, count: WorkspaceIndex.writerBytes - name.count))
        header.u64(basePosition)
        header.hash(baseRoot)
        header.u32(UInt32(directories.count))
        header.u32(UInt32(rows.count))
        header.u64(UInt64(names.count))
        header.u64(0)
        header.u64(0)

        let byteCount =
            WorkspaceIndex.headerBytes + directories.count * WorkspaceIndex.directoryBytes
            + rows.count * (WorkspaceIndex.rowBytes + Hash.byteCount) + names.count
            + Hash.byteCount
        var file = ByteWriter(capacity: byteCount)
        file.raw(header.bytes)
        file.hash(Blake3.hash(header.bytes))
        for directory in directories {
            file.u32(directory.pathOffset)
            file.u32(directory.pathCount)
            file.u32(directory.firstRow)
            file.u32(directory.rowCount)
            file.u32(directory.parent)
            file.u32(directory.subtreeEnd)
            file.u64(UInt64(bitPattern: directory.modifiedNanos))
            file.u64(UInt64(bitPattern: directory.changedNanos))
            file.u64(directory.inode)
            file.u32(directory.isComplete ? 1 : 0)
            file.u32(0)
        }
        for row in rows {
            file.u64(UInt64(bitPattern: row.modifiedNanos))
            file.u64(UInt64(bitPattern: row.changedNanos))
            file.u64(row.size)
            file.u64(row.inode)
            file.u32(UInt32(row.kind.rawValue) | (row.isSettled ? 0x100 : 0))
            file.u32(row.nameOffset)
        }
        for hash in hashes { file.hash(hash) }
        file.raw(names)
        file.hash(Blake3.hash(file.bytes, range: WorkspaceIndex.headerBytes..<file.count))
        return file.bytes
    }

    /// Reads `encoded(writer:)`.
    ///
    /// - Throws: `fromNewerVersion`, naming the program that wrote it, or `indexCorrupt`. In
    ///   both cases nothing of the file is used.
    package init(decoding bytes: [UInt8]) throws(WorkingCopyError) {
        self = try WorkspaceIndex.decoding { try WorkspaceIndex(checking: bytes) }
    }

    /// What stands before the columns.
    private struct Header {
        let basePosition: UInt64
        let baseRoot: Hash
        let directoryCount: Int
        let rowCount: Int
        let nameBytes: UInt64
    }

    /// Reads the header at the front of a file, and checks it.
    private static func header(of bytes: [UInt8]) throws -> (Header, after: ByteReader) {
        var header = ByteReader(bytes, format: "workspace index")
        guard try header.u32() == WorkspaceIndex.magic else {
            throw FormatError("workspace index", at: 0, "not an index")
        }
        let version = try header.u32()
        let writer = try header.raw(WorkspaceIndex.writerBytes).prefix { $0 != 0 }
        guard version <= WorkspaceIndex.formatVersion else {
            throw WorkingCopyError(
                .fromNewerVersion,
                "the index has format \(version), written by '\(SafeText.escape(Array(writer)))'; "
                    + "this program reads formats up to \(WorkspaceIndex.formatVersion)")
        }
        guard version == WorkspaceIndex.formatVersion else {
            throw header.error("unknown version \(version)")
        }
        let found = Header(
            basePosition: try header.u64(), baseRoot: try header.hash(),
            directoryCount: Int(try header.u32()), rowCount: Int(try header.u32()),
            nameBytes: try header.u64())
        guard try header.u64() == 0, try header.u64() == 0 else {
            throw header.error("reserved bytes are not zero")
        }
        let headerEnd = header.offset
        guard try header.hash() == Blake3.hash(bytes, range: 0..<headerEnd) else {
            throw header.error("the header does not match its checksum")
        }
        return (found, header)
    }

    /// Position and root that the header says; whether the rest is whole is not looked at.
    ///
    /// - Parameter bytes: the file, or its first `headerBytes`.
    /// - Throws: as `init(decoding:)`.
    static func base(
        inHeader bytes: [UInt8]
    ) throws(WorkingCopyError) -> (position: UInt64, root: Hash) {
        try decoding { () throws -> (position: UInt64, root: Hash) in
            let found = try header(of: bytes).0
            return (found.basePosition, found.baseRoot)
        }
    }

    private static func decoding<Result>(
        _ body: () throws -> Result
    ) throws(WorkingCopyError) -> Result {
        do {
            return try body()
        } catch let error as FormatError {
            throw WorkingCopyError(
                .indexCorrupt, "the index is damaged and must be rebuilt: \(error)")
        } catch {
            throw error as? WorkingCopyError ?? WorkingCopyError(.indexCorrupt, "\(error)")
        }
    }

    private init(checking bytes: [UInt8]) throws {
        let (found, header) = try WorkspaceIndex.header(of: bytes)
        basePosition = found.basePosition
        baseRoot = found.baseRoot
        let (directoryCount, rowCount) = (found.directoryCount, found.rowCount)
        let nameBytes = found.nameBytes
        let columnBytes =
            directoryCount * WorkspaceIndex.directoryBytes
            + rowCount * (WorkspaceIndex.rowBytes + Hash.byteCount)
        let left = header.remaining - Hash.byteCount - columnBytes
        guard left >= 0, nameBytes == UInt64(left) else {
            throw header.error("the columns do not fill the file")
        }
        let columns = header.offset..<bytes.count - Hash.byteCount
        var tail = ByteReader(
            bytes, range: columns.upperBound..<bytes.count, format: "workspace index")
        guard try tail.hash() == Blake3.hash(bytes, range: columns) else {
            throw header.error("the columns do not match their checksum")
        }

        directories = []
        rows = []
        hashes = []
        let rowsStart = columns.lowerBound + directoryCount * WorkspaceIndex.directoryBytes
        let hashesStart = rowsStart + rowCount * WorkspaceIndex.rowBytes
        let namesStart = hashesStart + rowCount * Hash.byteCount
        names = Array(bytes[namesStart..<columns.upperBound])
        let loader = Loader(bytes: bytes)
        directories = try loader.directories(at: columns.lowerBound, count: directoryCount)
        rows = try loader.rows(at: rowsStart, count: rowCount)
        hashes = loader.hashes(at: hashesStart, count: rowCount)
        try checkStructure(namesStart: namesStart)
    }
}

/// Reads columns of fixed width without a check for each field.
private struct Loader {
    let bytes: [UInt8]

    func directories(at start: Int, count: Int) throws -> [WorkspaceIndex.Directory] {
        try bytes.withUnsafeBytes { raw in
            var result: [WorkspaceIndex.Directory] = []
            result.reserveCapacity(count)
            for index in 0..<count {
                let base = start + index * WorkspaceIndex.directoryBytes
                let flags = raw.u32(base + 48)
                guard flags <= 1, raw.u32(base + 52) == 0 else {
                    throw FormatError("workspace index", at: base + 48, "unknown flags \(flags)")
                }
                result.append(
                    WorkspaceIndex.Directory(
                        pathOffset: raw.u32(base), pathCount: raw.u32(base + 4),
                        firstRow: raw.u32(base + 8), rowCount: raw.u32(base + 12),
                        parent: raw.u32(base + 16), subtreeEnd: raw.u32(base + 20),
                        modifiedNanos: Int64(bitPattern: raw.u64(base + 24)),
                        changedNanos: Int64(bitPattern: raw.u64(base + 32)),
                        inode: raw.u64(base + 40), isComplete: flags == 1))
            }
            return result
        }
    }

    func rows(at start: Int, count: Int) throws -> [WorkspaceIndex.Row] {
        try bytes.withUnsafeBytes { raw in
            var result: [WorkspaceIndex.Row] = []
            result.reserveCapacity(count)
            for index in 0..<count {
                let base = start + index * WorkspaceIndex.rowBytes
                let flags = raw.u32(base + 32)
                guard flags < 0x200, let kind = Leaf.Kind(rawValue: UInt8(flags & 0xFF)) else {
                    throw FormatError("workspace index", at: base + 32, "unknown flags \(flags)")
                }
                result.append(
                    WorkspaceIndex.Row(
                        modifiedNanos: Int64(bitPattern: raw.u64(base)),
                        changedNanos: Int64(bitPattern: raw.u64(base + 8)),
                        size: raw.u64(base + 16), inode: raw.u64(base + 24), kind: kind,
                        isSettled: flags & 0x100 != 0, nameOffset: raw.u32(base + 36)))
            }
            return result
        }
    }

    func hashes(at start: Int, count: Int) -> [Hash] {
        bytes.withUnsafeBytes { raw in
            var result: [Hash] = []
            result.reserveCapacity(count)
            for index in 0..<count {
                let base = start + index * Hash.byteCount
                result.append(
                    Hash(
                        word0: raw.u64(base), word1: raw.u64(base + 8),
                        word2: raw.u64(base + 16), word3: raw.u64(base + 24)))
            }
            return result
        }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func u32(_ offset: Int) -> UInt32 {
        UInt32(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    fileprivate func u64(_ offset: Int) -> UInt64 {
        UInt64(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}

extension WorkspaceIndex {
    /// Everything that the rest of the code relies on and the checksum does not prove: each path is
    /// one a repository may hold, in order, and the directories form one preorder tree.
    private func checkStructure(namesStart: Int) throws(FormatError) {
        func fail(_ reason: String, at offset: Int) -> FormatError {
            FormatError("workspace index", at: offset, reason)
        }
        guard let root = directories.first, names.first == 0, root.pathCount == 0,
            root.pathOffset == 0, root.parent == 0, root.firstRow == 0,
            root.subtreeEnd == directories.count
        else { throw fail("no root directory", at: namesStart) }
        var namesEnd = 1
        var rowsEnd = 0
        var open: [Int] = []
        for (number, directory) in directories.enumerated() {
            while let last = open.last, Int(directories[last].subtreeEnd) == number {
                open.removeLast()
            }
            let above = open.last ?? 0
            guard Int(directory.firstRow) == rowsEnd, Int(directory.parent) == above,
                Int(directory.subtreeEnd) > number,
                directory.subtreeEnd <= directories[above].subtreeEnd,
                directory.rowRange.upperBound <= rows.count
            else { throw fail("directory \(number) out of place", at: namesStart) }
            rowsEnd += Int(directory.rowCount)
            open.append(number)
            if number > 0 {
                namesEnd = try checkPath(of: directory, number, from: namesEnd, fail)
            }
            var previous: Range<Int>?
            for row in directory.rowRange {
                let start = Int(rows[row].nameOffset)
                guard start == namesEnd else { throw fail("name out of place", at: namesStart) }
                let end = try nameEnd(from: start, fail)
                guard RepoPath.allows(name: names[start..<end]),
                    Int(directory.pathCount) + 1 + end - start <= RepoPath.pathBytesMax
                else { throw fail("a bad name", at: namesStart + start) }
                if let previous,
                    !names[previous].lexicographicallyPrecedes(names[start..<end])
                {
                    throw fail("names out of order", at: namesStart + start)
                }
                previous = start..<end
                namesEnd = end + 1
            }
        }
        guard rowsEnd == rows.count, namesEnd == names.count else {
            throw fail("rows or names that no directory has", at: namesStart)
        }
    }

    private func checkPath(
        of directory: Directory, _ number: Int, from namesEnd: Int,
        _ fail: (String, Int) -> FormatError
    ) throws(FormatError) -> Int {
        let parent = directories[Int(directory.parent)]
        let start = Int(directory.pathOffset)
        guard start == namesEnd else { throw fail("path out of place", start) }
        let end = try nameEnd(from: start, fail)
        guard end - start == Int(directory.pathCount), end - start <= RepoPath.pathBytesMax else {
            throw fail("a path of another length", start)
        }
        var nameStart = start
        if parent.pathCount > 0 {
            nameStart += Int(parent.pathCount) + 1
            guard nameStart <= end, names[nameStart - 1] == RepoPath.slash,
                names[start..<nameStart - 1] == names[parent.pathRange]
            else { throw fail("a path outside its parent", start) }
        }
        guard RepoPath.allows(name: names[nameStart..<end]) else {
            throw fail("a bad path", start)
        }
        let before = directories[number - 1]
        guard comparePreorder(names[before.pathRange], names[start..<end]) < 0 else {
            throw fail("directories out of order", start)
        }
        return end + 1
    }

    private func nameEnd(
        from start: Int, _ fail: (String, Int) -> FormatError
    ) throws(FormatError) -> Int {
        var end = start
        while end < names.count, names[end] != 0 { end += 1 }
        guard end < names.count else { throw fail("a name without an end", start) }
        return end
    }
}

extension RepoPath {
    /// Whether one name may stand in a path: the rules of `RepoPath`, without making one.
    static func allows(name: ArraySlice<UInt8>) -> Bool {
        guard !name.isEmpty, name.count <= nameBytesMax, !name.contains(slash) else { return false }
        guard name.first == UInt8(ascii: ".") else { return true }
        if name.count <= 2 { return name.count == 2 && name.last != UInt8(ascii: ".") }
        return !isReserved(name)
    }

    /// `.hif` or `.git`, in any case.
    static func isReserved(_ name: ArraySlice<UInt8>) -> Bool {
        guard name.count == 4, name.first == UInt8(ascii: ".") else { return false }
        let start = name.startIndex
        let letters = (name[start + 1] | 0x20, name[start + 2] | 0x20, name[start + 3] | 0x20)
        return letters == (0x68, 0x69, 0x66) || letters == (0x67, 0x69, 0x74)
    }
}
