package import HifCore
package import HifRepository

extension SessionID {
    package init(wire bytes: some Collection<UInt8>) throws(WireError) {
        self.init(try Hash(wire: bytes, "session id"))
    }
}

extension Operation {
    package init(wire message: Micelio_V1_Operation) throws(WireError) {
        self.init(
            path: try RepoPath(wire: message.path),
            before: message.hasBefore ? try Leaf(wire: message.before) : nil,
            after: message.hasAfter ? try Leaf(wire: message.after) : nil)
    }

    package var wire: Micelio_V1_Operation {
        var message = Micelio_V1_Operation()
        message.path = path.wire
        if let before { message.before = before.wire }
        if let after { message.after = after.wire }
        return message
    }

    /// About how many bytes it takes on the wire.
    package var wireBytes: Int { path.bytes.count + 120 }
}

extension LandedLocation {
    package init(wire message: Micelio_V1_PackPlace) throws(WireError) {
        guard let ordinal = Int(exactly: message.packOrdinal) else {
            throw WireError("a pack ordinal that cannot be")
        }
        self.init(
            packOrdinal: ordinal, offset: message.offset, storedBytes: message.storedBytes)
    }

    package var wire: Micelio_V1_PackPlace {
        var message = Micelio_V1_PackPlace()
        message.packOrdinal = UInt32(packOrdinal)
        message.offset = offset
        message.storedBytes = storedBytes
        return message
    }
}

extension RecordReference {
    package init(wire message: Micelio_V1_RecordReference) throws(WireError) {
        self.init(
            id: try Hash(wire: message.id, "record id"),
            location: try LandedLocation(wire: message.place))
    }

    package var wire: Micelio_V1_RecordReference {
        var message = Micelio_V1_RecordReference()
        message.id = id.wire
        message.place = location.wire
        return message
    }
}

extension LandedOperation {
    package init(wire message: Micelio_V1_LandedOperation) throws(WireError) {
        self.init(
            try Operation(wire: message.operation),
            location: message.hasPlace ? try LandedLocation(wire: message.place) : nil,
            isNoOp: message.isNoOp)
    }

    package var wire: Micelio_V1_LandedOperation {
        var message = Micelio_V1_LandedOperation()
        message.operation = operation.wire
        if let location { message.place = location.wire }
        message.isNoOp = isNoOp
        return message
    }
}
