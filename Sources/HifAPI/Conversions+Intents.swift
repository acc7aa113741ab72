package import HifCore
package import HifRepository

extension LandIntent {
    /// - Parameters:
    ///   - author: who the forge found the caller to be, or whom an import names.
    ///   - operations: all of them, also those that came in later messages.
    package init(
        wire message: Micelio_V1_LandIntent, author: Author, operations: [LandedOperation]
    ) throws(WireError) {
        var packs: [Hash] = []
        for pack in message.packs { packs.append(try Hash(wire: pack, "pack")) }
        var merged: [RepoPath] = []
        for path in message.mergedPaths { merged.append(try RepoPath(wire: path)) }
        self.init(
            session: try SessionID(wire: message.sessionID), author: author,
            goalLine: message.goalLine.prefix(utf8Max: Landing.goalLineBytesMax),
            startedMillis: message.startedMillis, landedMillis: message.landedMillis,
            sourceDigest: try Hash(wire: message.sourceDigest, "source digest"),
            createdPosition: message.createdPosition, eventCount: message.eventCount, packs: packs,
            document: message.hasDocument ? try RecordReference(wire: message.document) : nil,
            mergedPaths: merged, operations: operations,
            storedOperations: message.hasStoredOperations
                ? try RecordReference(wire: message.storedOperations) : nil,
            position: message.position == 0 ? nil : message.position)
    }

    /// Without its operations, which are put into this message or into later ones.
    ///
    /// - Parameter isImport: the author is a commit's and not the caller.
    package func wire(isImport: Bool) -> Micelio_V1_LandIntent {
        var message = Micelio_V1_LandIntent()
        message.sessionID = session.hash.wire
        message.author = author.wire
        message.isImport = isImport
        message.goalLine = goalLine
        message.startedMillis = startedMillis
        message.landedMillis = landedMillis
        message.sourceDigest = sourceDigest.wire
        message.createdPosition = createdPosition
        message.eventCount = eventCount
        message.packs = packs.map(\.wire)
        if let document { message.document = document.wire }
        if let storedOperations { message.storedOperations = storedOperations.wire }
        message.position = position ?? 0
        message.mergedPaths = mergedPaths.map(\.wire)
        return message
    }
}

extension Micelio_V1_IntentAnswer {
    package init(_ answer: LandingAnswer) {
        self.init()
        switch answer {
        case .landed(let landed): self.landed = landed.wire
        case .abandoned: abandoned = Micelio_V1_Abandoned()
        case .controlled(let epoch): controlled = epoch
        case .conflict(let paths, _, let position):
            conflicts.judgedPosition = position
            conflicts.total = UInt64(paths.count)
            let all = Array(paths.prefix(WireLimits.conflictsMax))
            conflicts.conflicts = (framed(all) { $0.operation.wireBytes + 40 }.first ?? [])
                .map { path in
                    var message = Micelio_V1_Conflict()
                    message.operation = path.operation.wire
                    if let found = path.found { message.found = found.wire }
                    message.reason = path.reason.wire
                    return message
                }
        case .reupload(let packs): reupload = Micelio_V1_Lacking(packs)
        case .refused(let reason): refused = reason
        case .unknown(let reason): unknown = reason
        }
    }

    /// - Parameter sourceDigest: of the intent that was asked about, which a conflict repeats.
    package func value(sourceDigest: Hash) throws(WireError) -> LandingAnswer {
        switch answer {
        case .landed(let landed): return .landed(try Landed(wire: landed))
        case .abandoned: return .abandoned
        case .controlled(let epoch): return .controlled(epoch: epoch)
        case .conflicts(let message):
            var paths: [PathConflict] = []
            for conflict in message.conflicts {
                paths.append(
                    PathConflict(
                        operation: try Operation(wire: conflict.operation),
                        found: conflict.hasFound ? try Leaf(wire: conflict.found) : nil,
                        reason: try PathConflict.Reason(wire: conflict.reason)))
            }
            return .conflict(paths, sourceDigest: sourceDigest, position: message.judgedPosition)
        case .reupload(let message): return .reupload(try message.values())
        case .refused(let reason): return .refused(reason)
        case .unknown(let reason): return .unknown(reason)
        case nil: return .unknown("the forge's answer says nothing that this program knows")
        }
    }
}

extension Micelio_V1_TagChange {
    /// Sets and removals as the log's control change has them. A name in both is removed.
    package var change: ControlChange {
        var tags: [String: Position?] = [:]
        for (name, position) in set { tags[name] = .some(position) }
        for name in removed { tags[name] = .some(nil) }
        return .setTags(tags)
    }

    package init(_ tags: [String: Position?]) {
        self.init()
        for (name, position) in tags {
            if let position { set[name] = position } else { removed.append(name) }
        }
        removed.sort()
    }
}

extension Micelio_V1_SubmitRequest {
    /// The messages of a submission, each about a frame long.
    ///
    /// - Parameter isHandedOn: from one node to another, which takes the authors as they are.
    package static func submission(
        of intents: [Intent], project: Micelio_V1_ProjectName = .init(), storeID: String = "",
        isHandedOn: Bool = false
    ) -> [Micelio_V1_SubmitRequest] {
        var messages: [Micelio_V1_SubmitRequest] = []
        var message = Micelio_V1_SubmitRequest()
        message.header.project = project
        message.header.storeID = storeID
        var size = 0
        func close() {
            messages.append(message)
            message = Micelio_V1_SubmitRequest()
            size = 0
        }
        for intent in intents {
            let frames =
                if case .land(let land) = intent {
                    framed(land.operations) { $0.operation.wireBytes + 20 }
                } else {
                    [ArraySlice<LandedOperation>]()
                }
            let first = frames.first ?? []
            let bytes = 1_000 + first.reduce(0) { $0 + $1.operation.wireBytes + 20 }
            if size > 0, size + bytes > WireLimits.frameBytes { close() }
            message.intents.append(wire(intent, first, isHandedOn: isHandedOn))
            size += bytes
            for frame in frames.dropFirst() {
                close()
                message.moreOperations = frame.map(\.wire)
                size = WireLimits.frameBytes
            }
        }
        close()
        return messages
    }

    private static func wire(
        _ intent: Intent, _ operations: ArraySlice<LandedOperation>, isHandedOn: Bool
    ) -> Micelio_V1_Intent {
        var message = Micelio_V1_Intent()
        switch intent {
        case .land(let land):
            // An author without an account is a commit's.
            message.land = land.wire(isImport: land.author.account.isEmpty)
            message.land.operations = operations.map(\.wire)
        case .abandon(let abandon, let position):
            message.abandon.sessionID = abandon.session.hash.wire
            message.abandon.agent = abandon.author.agent
            if isHandedOn { message.abandon.author = abandon.author.wire }
            message.abandon.reason = abandon.reason
            message.abandon.createdPosition = position
        case .control(.setTags(let tags)): message.tags = Micelio_V1_TagChange(tags)
        case .control(.rename):
            preconditionFailure("projects on a forge are renamed by the forge")
        case .control(.condemn), .control(.replace), .control(.seal):
            preconditionFailure("packs are condemned and logs ended beside the store, by no client")
        }
        return message
    }
}
