package import HifCore
package import HifRepository

extension LandOutcome.Conflict {
    package init(wire message: Micelio_V1_Conflict) throws(WireError) {
        self.init(
            operation: try Operation(wire: message.operation),
            found: message.hasFound ? try Leaf(wire: message.found) : nil,
            reason: try PathConflict.Reason(wire: message.reason),
            landing: message.landing == 0 ? nil : message.landing,
            hunks: message.hunks.map { hunk in
                func range(_ start: UInt32, _ count: UInt32) -> Range<Int> {
                    Int(start)..<Int(start) + Int(count)
                }
                return LandOutcome.Hunk(
                    base: range(hunk.baseStart, hunk.baseCount),
                    ours: range(hunk.oursStart, hunk.oursCount),
                    theirs: range(hunk.theirsStart, hunk.theirsCount))
            })
    }

    package var wire: Micelio_V1_Conflict {
        var message = Micelio_V1_Conflict()
        message.operation = operation.wire
        if let found { message.found = found.wire }
        message.reason = reason.wire
        message.landing = landing ?? 0
        message.hunks = hunks.prefix(Self.hunksMax).map { hunk in
            var message = Micelio_V1_Hunk()
            (message.baseStart, message.baseCount) = Self.lines(hunk.base)
            (message.oursStart, message.oursCount) = Self.lines(hunk.ours)
            (message.theirsStart, message.theirsCount) = Self.lines(hunk.theirs)
            return message
        }
        return message
    }

    /// Hunks that one path names; a file with more is in conflict all over.
    private static let hunksMax = 100

    private static func lines(_ range: Range<Int>) -> (UInt32, UInt32) {
        (UInt32(clamping: range.lowerBound), UInt32(clamping: range.count))
    }
}

extension PathConflict.Reason {
    init(wire reason: Micelio_V1_Conflict.Reason) throws(WireError) {
        switch reason {
        case .changed: self = .changed
        case .fileAndDirectory: self = .fileAndDirectory
        case .UNRECOGNIZED(let number): throw WireError("unknown reason of a conflict \(number)")
        }
    }

    var wire: Micelio_V1_Conflict.Reason {
        switch self {
        case .changed: .changed
        case .fileAndDirectory: .fileAndDirectory
        }
    }
}

extension Micelio_V1_Lacking {
    init(_ hashes: [Hash]) {
        self.init()
        // What does not fit into one answer is found lacking again by the next request.
        self.hashes = hashes.prefix(WireLimits.hashesPerLack).map(\.wire)
    }

    func values() throws(WireError) -> [Hash] {
        var values: [Hash] = []
        for hash in hashes { values.append(try Hash(wire: hash, "hash")) }
        return values
    }
}

extension Micelio_V1_LandReply {
    package init(_ outcome: LandOutcome) {
        self.init()
        switch outcome {
        case .landed(let landed): self.landed = landed.wire
        case .abandoned: abandoned = Micelio_V1_Abandoned()
        case .conflict(let conflicts, let position):
            self.conflicts.judgedPosition = position
            self.conflicts.total = UInt64(conflicts.count)
            // Bounded by bytes too: paths may be long.
            let all = Array(conflicts.prefix(WireLimits.conflictsMax))
            let fitting = framed(all) { $0.operation.wireBytes + 40 + $0.hunks.count * 24 }.first
            self.conflicts.conflicts = (fitting ?? []).map(\.wire)
        case .lacking(let hashes): lacking = Micelio_V1_Lacking(hashes)
        case .refused(let reason): refused = reason
        case .unknown(let reason): unknown = reason
        }
    }

    package func value() throws(WireError) -> LandOutcome {
        switch answer {
        case .landed(let landed): return .landed(try Landed(wire: landed))
        case .abandoned: return .abandoned
        case .conflicts(let message):
            var conflicts: [LandOutcome.Conflict] = []
            for conflict in message.conflicts {
                conflicts.append(try LandOutcome.Conflict(wire: conflict))
            }
            return .conflict(conflicts, position: message.judgedPosition)
        case .lacking(let message): return .lacking(try message.values())
        case .refused(let reason): return .refused(reason)
        case .unknown(let reason): return .unknown(reason)
        case nil: return .unknown("the forge's answer says nothing that this program knows")
        }
    }
}

extension LandRequest {
    /// The header of the request; operations and staged pack follow it.
    package func header(project: Micelio_V1_ProjectName, storeID: String) -> Micelio_V1_LandHeader {
        var header = Micelio_V1_LandHeader()
        header.project = project
        header.storeID = storeID
        header.sessionID = session.hash.wire
        header.agent = author.agent
        header.goal = goal.prefix(utf8Max: LandRequest.goalBytesMax)
        header.startedMillis = startedMillis
        header.createdPosition = createdPosition
        header.eventCount = eventCount
        header.uploadedPacks = uploadedPacks.map(\.wire)
        if let landedMillis { header.landedMillis = landedMillis }
        if let origin {
            header.origin = origin.wire
            header.importedAuthor = author.wire
        }
        return header
    }

    /// - Parameters:
    ///   - author: who the forge found the caller to be.
    ///   - operations: those that came after the header.
    ///   - staged: the pack that came after it, checked; nil when none came.
    package init(
        header: Micelio_V1_LandHeader, author: Author, operations: [Operation],
        staged: PackReader?
    ) throws(WireError) {
        var packs: [Hash] = []
        for pack in header.uploadedPacks { packs.append(try Hash(wire: pack, "pack")) }
        self.init(
            session: try SessionID(wire: header.sessionID), author: author, goal: header.goal,
            startedMillis: header.startedMillis, createdPosition: header.createdPosition,
            eventCount: header.eventCount, operations: operations, staged: staged,
            uploadedPacks: packs,
            landedMillis: header.hasOrigin && header.hasLandedMillis ? header.landedMillis : nil,
            origin: header.hasOrigin ? GitOrigin(wire: header.origin) : nil)
    }
}
