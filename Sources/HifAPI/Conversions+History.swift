package import HifCore
package import HifRepository

extension Author {
    package init(wire message: Micelio_V1_Author) {
        self.init(
            account: message.account, agent: message.agent, name: message.name,
            email: message.email)
    }

    package var wire: Micelio_V1_Author {
        var message = Micelio_V1_Author()
        message.account = account
        message.agent = agent
        message.name = name
        message.email = email
        return message
    }
}

extension Landing {
    /// - Parameter operations: what came beside the message; a history page brings none.
    package init(
        wire message: Micelio_V1_Landing, operations: [LandedOperation] = []
    ) throws(WireError) {
        var packs: [Hash] = []
        for pack in message.packs { packs.append(try Hash(wire: pack, "pack")) }
        var merged: [RepoPath] = []
        for path in message.mergedPaths { merged.append(try RepoPath(wire: path)) }
        self.init(
            session: try SessionID(wire: message.sessionID), author: Author(wire: message.author),
            goalLine: message.goalLine, startedMillis: message.startedMillis,
            landedMillis: message.landedMillis,
            sourceDigest: try Hash(wire: message.sourceDigest, "source digest"),
            landedDigest: try Hash(wire: message.landedDigest, "landed digest"),
            createdPosition: message.createdPosition, eventCount: message.eventCount, packs: packs,
            document: message.hasDocument ? try RecordReference(wire: message.document) : nil,
            mergedPaths: merged, operations: .inline(operations))
    }

    /// The landing without its operations, which follow in messages of their own.
    package func wire(at position: Position) -> Micelio_V1_Landing {
        var message = Micelio_V1_Landing()
        message.position = position
        message.sessionID = session.hash.wire
        message.author = author.wire
        message.goalLine = goalLine
        message.startedMillis = startedMillis
        message.landedMillis = landedMillis
        message.sourceDigest = sourceDigest.wire
        message.landedDigest = landedDigest.wire
        message.createdPosition = createdPosition
        message.eventCount = eventCount
        message.packs = packs.map(\.wire)
        if let document { message.document = document.wire }
        message.mergedPaths = mergedPaths.map(\.wire)
        message.operationCount =
            switch operations {
            case .inline(let list): UInt64(list.count)
            case .stored(_, let count, _): count
            }
        return message
    }
}

extension Landed {
    package init(wire message: Micelio_V1_Landed) throws(WireError) {
        var merged: [RepoPath] = []
        for path in message.mergedPaths { merged.append(try RepoPath(wire: path)) }
        self.init(
            position: message.position, eventCount: message.eventCount,
            sourceDigest: try Hash(wire: message.sourceDigest, "source digest"),
            landedDigest: try Hash(wire: message.landedDigest, "landed digest"),
            mergedPaths: merged)
    }

    package var wire: Micelio_V1_Landed {
        var message = Micelio_V1_Landed()
        message.position = position
        message.eventCount = eventCount
        message.sourceDigest = sourceDigest.wire
        message.landedDigest = landedDigest.wire
        message.mergedPaths = mergedPaths.map(\.wire)
        return message
    }
}

extension Micelio_V1_ClosingReply {
    package init(_ closing: Closing?) {
        self.init()
        switch closing {
        case .landed(let landed): self.landed = landed.wire
        case .abandoned: abandoned = Micelio_V1_Abandoned()
        case nil: break
        }
    }

    /// The closing said here; nil while the session is open.
    package func value() throws(WireError) -> Closing? {
        switch closing {
        case .landed(let landed): .landed(try Landed(wire: landed))
        case .abandoned: .abandoned
        case nil: nil
        }
    }
}

extension ProjectTip {
    package init(wire message: Micelio_V1_TipReply) throws(WireError) {
        self.init(
            position: message.position, epoch: message.epoch,
            slotHash: try Hash(wire: message.slotHash, "slot hash"),
            root: try Hash(wire: message.root, "root"))
    }

    package func wire(storeID: String, projectID: String) -> Micelio_V1_TipReply {
        var message = Micelio_V1_TipReply()
        message.position = position
        message.epoch = epoch
        message.slotHash = slotHash.wire
        message.root = root.wire
        message.storeID = storeID
        message.projectID = projectID
        return message
    }
}
