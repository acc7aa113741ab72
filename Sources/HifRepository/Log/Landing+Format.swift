package import HifCore

// The bytes of closing records and operation lists. docs/formats/slot.md has every field.

extension LandedLocation {
    func encode(into writer: inout ByteWriter) {
        writer.varint(packOrdinal)
        writer.varint(UInt64(offset))
        writer.varint(UInt64(storedBytes))
    }

    init(from reader: inout ByteReader, packCount: Int) throws(FormatError) {
        let ordinal = try reader.varint()
        guard ordinal < UInt64(packCount) else {
            throw reader.error("pack \(ordinal) of \(packCount)")
        }
        let offset = try reader.varint()
        let stored = try reader.varint()
        guard let offset = UInt32(exactly: offset), let stored = UInt32(exactly: stored) else {
            throw reader.error("a place beyond 4 GiB")
        }
        self.init(packOrdinal: Int(ordinal), offset: offset, storedBytes: stored)
    }
}

extension RecordReference {
    func encode(into writer: inout ByteWriter) {
        writer.hash(id)
        location.encode(into: &writer)
    }

    init(from reader: inout ByteReader, packCount: Int) throws(FormatError) {
        self.init(
            id: try reader.hash(),
            location: try LandedLocation(from: &reader, packCount: packCount))
    }
}

extension LandedOperation {
    static let hasLocation: UInt8 = 4
    static let noOp: UInt8 = 8

    func encode(into writer: inout ByteWriter) {
        let flags =
            (location == nil ? 0 : LandedOperation.hasLocation)
            | (isNoOp ? LandedOperation.noOp : 0)
        operation.encode(into: &writer, flags: flags)
        location?.encode(into: &writer)
    }

    init(from reader: inout ByteReader, packCount: Int) throws(FormatError) {
        let (operation, flags) = try Operation.decode(from: &reader)
        guard flags & ~(LandedOperation.hasLocation | LandedOperation.noOp) == 0 else {
            throw reader.error("unknown operation flags \(flags)")
        }
        let location =
            flags & LandedOperation.hasLocation != 0
            ? try LandedLocation(from: &reader, packCount: packCount) : nil
        guard operation.before != operation.after else {
            throw reader.error("an operation that changes nothing")
        }
        self.init(operation, location: location, isNoOp: flags & LandedOperation.noOp != 0)
    }

    /// The smallest an operation can be: a path of one byte, flags, one leaf.
    static let bytesMin = 38

    /// Reads `count` operations and checks that their paths ascend.
    static func decodeList(
        from reader: inout ByteReader, count: Int, packCount: Int
    ) throws(FormatError) -> [LandedOperation] {
        var operations: [LandedOperation] = []
        operations.reserveCapacity(count)
        for _ in 0..<count {
            let operation = try LandedOperation(from: &reader, packCount: packCount)
            if let last = operations.last,
                !(last.operation.path < operation.operation.path)
            {
                throw reader.error("operations out of order")
            }
            operations.append(operation)
        }
        return operations
    }
}

/// The record of kind `operationList` that holds the operations of a landing too large for its
/// slot: version u8, count varint, then the operations as in the slot.
package enum OperationList {
    package static let version: UInt8 = 1

    package static func encode(_ operations: [LandedOperation]) -> [UInt8] {
        var writer = ByteWriter(capacity: 16 + operations.count * 96)
        writer.u8(version)
        writer.varint(operations.count)
        for operation in operations {
            operation.encode(into: &writer)
        }
        return writer.bytes
    }

    /// - Parameter packCount: how many packs the landing lists.
    package static func decode(
        _ bytes: [UInt8], packCount: Int
    ) throws(FormatError) -> [LandedOperation] {
        var reader = ByteReader(bytes, format: "operation list")
        let found = try reader.u8()
        guard found == version else { throw reader.error("version \(found), this reads 1") }
        let count = try reader.count(bytesEach: LandedOperation.bytesMin)
        let operations = try LandedOperation.decodeList(
            from: &reader, count: count, packCount: packCount)
        try reader.expectEnd()
        return operations
    }
}

extension Landing {
    private static let hasDocument: UInt8 = 1
    private static let operationsStored: UInt8 = 2

    func encode(into writer: inout ByteWriter) {
        var flags: UInt8 = document == nil ? 0 : Landing.hasDocument
        if case .stored = operations { flags |= Landing.operationsStored }
        writer.u8(flags)
        writer.hash(session.hash)
        author.encode(into: &writer)
        writer.prefixed(goalLine)
        writer.u64(UInt64(bitPattern: startedMillis))
        writer.u64(UInt64(bitPattern: landedMillis))
        writer.hash(sourceDigest)
        writer.hash(landedDigest)
        writer.varint(createdPosition)
        writer.varint(eventCount)
        writer.varint(packs.count)
        for pack in packs { writer.hash(pack) }
        document?.encode(into: &writer)
        writer.varint(mergedPaths.count)
        for path in mergedPaths { writer.prefixed(path.bytes) }
        switch operations {
        case .inline(let list):
            writer.varint(list.count)
            for operation in list { operation.encode(into: &writer) }
        case .stored(let reference, let count, let noOps):
            reference.encode(into: &writer)
            writer.varint(count)
            writer.varint(noOps.count)
            for index in noOps { writer.varint(index) }
        }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        let flags = try reader.u8()
        guard flags & ~3 == 0 else { throw reader.error("unknown landing flags \(flags)") }
        session = SessionID(try reader.hash())
        author = try Author(from: &reader)
        goalLine = try reader.string(bytesMax: Landing.goalLineBytesMax)
        startedMillis = Int64(bitPattern: try reader.u64())
        landedMillis = Int64(bitPattern: try reader.u64())
        sourceDigest = try reader.hash()
        landedDigest = try reader.hash()
        createdPosition = try reader.varint()
        eventCount = try reader.varint()
        var packs: [Hash] = []
        for _ in 0..<(try reader.count(bytesEach: Hash.byteCount)) {
            packs.append(try reader.hash())
        }
        self.packs = packs
        document =
            flags & Landing.hasDocument != 0
            ? try RecordReference(from: &reader, packCount: packs.count) : nil
        var merged: [RepoPath] = []
        for _ in 0..<(try reader.count(bytesEach: 2)) {
            let bytes = try reader.prefixed(bytesMax: RepoPath.pathBytesMax)
            guard let path = try? RepoPath(bytes), merged.last.map({ $0 < path }) ?? true else {
                throw reader.error("merged paths out of order or not paths")
            }
            merged.append(path)
        }
        mergedPaths = merged
        if flags & Landing.operationsStored != 0 {
            let reference = try RecordReference(from: &reader, packCount: packs.count)
            let count = try reader.varint()
            var noOps: [UInt64] = []
            for _ in 0..<(try reader.count()) {
                let index = try reader.varint()
                guard index < count, noOps.last.map({ $0 < index }) ?? true else {
                    throw reader.error("no-op indices out of order")
                }
                noOps.append(index)
            }
            operations = .stored(reference, count: count, noOps: noOps)
        } else {
            let count = try reader.count(bytesEach: LandedOperation.bytesMin)
            operations = .inline(
                try LandedOperation.decodeList(
                    from: &reader, count: count, packCount: packs.count))
        }
    }
}

extension ClosingRecord {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .landing(let landing):
            writer.u8(1)
            landing.encode(into: &writer)
        case .abandon(let abandon):
            writer.u8(2)
            writer.hash(abandon.session.hash)
            abandon.author.encode(into: &writer)
            writer.prefixed(abandon.reason)
            writer.u64(UInt64(bitPattern: abandon.atMillis))
        }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        let kind = try reader.u8()
        switch kind {
        case 1:
            self = .landing(try Landing(from: &reader))
        case 2:
            self = .abandon(
                Abandon(
                    session: SessionID(try reader.hash()), author: try Author(from: &reader),
                    reason: try reader.string(bytesMax: Abandon.reasonBytesMax),
                    atMillis: Int64(bitPattern: try reader.u64())))
        default:
            throw reader.error("unknown closing record \(kind)")
        }
    }
}
