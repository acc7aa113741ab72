import HifCore

// What the machine decides about one wish without changing anything.

extension LandingMachine {
    /// Why an intent could never become a record of a slot; nil when it could.
    static func malformed(_ intent: LandIntent) -> String? {
        if intent.operations.isEmpty, intent.document == nil { return "there is nothing to land" }
        if !Operation.isWellFormed(intent.operations.map(\.operation)) {
            return "its operations are not in path order, or change nothing"
        }
        var locations = intent.operations.compactMap(\.location)
        if let document = intent.document { locations.append(document.location) }
        if let list = intent.storedOperations { locations.append(list.location) }
        if locations.contains(where: { $0.packOrdinal >= intent.packs.count }) {
            return "it names a pack that it does not list"
        }
        if zip(intent.mergedPaths, intent.mergedPaths.dropFirst()).contains(where: { $0 >= $1 }) {
            return "its merged paths are not in order"
        }
        // A slot that grew beyond its limit could be read by nobody, and ends the log.
        let bytes = intent.slotBytesMax
        return bytes > Slot.recordBytesMax
            ? "it would take \(bytes) bytes in the log, at most \(Slot.recordBytesMax) fit" : nil
    }

    /// Why the control state cannot become `state`; nil when it can.
    func refusal(of change: ControlChange, giving state: ControlState) -> String? {
        if state.encodedBytes > ControlState.bytesMax {
            return "the project's settings would take more than \(ControlState.bytesMax) bytes"
        }
        guard case .setTags(let tags) = change else { return nil }
        if let name = tags.keys.filter({ !ControlState.isTagName($0) }).min() {
            return "'\(SafeText.escape(name))' is no name for a tag: "
                + "1 to \(ControlState.nameBytesMax) bytes"
        }
        if let name = tags.filter({ ($0.value ?? 0) > tip.position }).keys.min() {
            return "tag '\(SafeText.escape(name))' names a position after the newest landing"
        }
        if state.tags.count > ControlState.tagCountMax {
            return "a project holds at most \(ControlState.tagCountMax) tags"
        }
        return nil
    }

    /// What goes into the slot for an intent that was accepted.
    static func record(_ intent: LandIntent, _ judged: [LandedOperation]) -> Landing {
        let operations: LandedOperations
        if let reference = intent.storedOperations {
            operations = .stored(
                reference, count: UInt64(judged.count),
                noOps: judged.indices.filter { judged[$0].isNoOp }.map(UInt64.init))
        } else {
            operations = .inline(judged)
        }
        let effective = judged.filter { !$0.isNoOp }.map(\.operation)
        return Landing(
            session: intent.session, author: intent.author, goalLine: intent.goalLine,
            startedMillis: intent.startedMillis, landedMillis: intent.landedMillis,
            sourceDigest: intent.sourceDigest,
            landedDigest: Operation.digest(session: intent.session, effective),
            createdPosition: intent.createdPosition, eventCount: intent.eventCount,
            packs: intent.packs, document: intent.document, mergedPaths: intent.mergedPaths,
            operations: operations)
    }

    /// The search for earlier closings of sessions that began before what this writer remembers; nil
    /// when every session of the batch was searched for.
    func unsearched() -> Effect? {
        var sessions: [SessionID] = []
        var oldest = closings.since
        for waiting in batch.waiting {
            guard let session = waiting.wish.session,
                let created = waiting.wish.createdPosition, created < closings.since,
                closings[session] == nil, !batch.searched.contains(session)
            else { continue }
            sessions.append(session)
            oldest = min(oldest, created)
        }
        return sessions.isEmpty ? nil : .readHistory(of: sessions, since: oldest)
    }

    /// Why nobody, or not this program, may write behind `tip`; nil when it may.
    static func whyReadOnly(_ tip: LogTip) -> String? {
        if tip.control.writerVersionMin > Slot.formatVersion {
            return "\(LogError.writerTooOld(needs: tip.control.writerVersionMin))"
        }
        return tip.control.isSealed ? "this log is sealed: the project moved elsewhere" : nil
    }

    /// The answer in the form in which it was asked for.
    func reply(to waiting: Waiting, _ answer: LandingAnswer) -> Effect {
        guard case .standing = waiting.wish else { return .answer(waiting.ticket, answer) }
        switch answer {
        case .landed(let landed): return .told(waiting.ticket, .closed(.landed(landed)))
        case .abandoned: return .told(waiting.ticket, .closed(.abandoned))
        case .refused(let reason), .unknown(let reason):
            return .told(waiting.ticket, .unknown(reason))
        case .conflict, .controlled, .reupload:
            return .told(waiting.ticket, .unknown("\(answer)"))
        }
    }
}
