import HifCore
import HifRepository
import HifStore

/// Looks at every slot the moment it exists, from its bytes alone, and keeps a model of the project
/// that shares no code with the landing: a map from path to leaf after each position.
///
/// The log is the order of everything, so no search for one is needed: each claim of a client is
/// compared with what the log says.
final class Witness {
    struct SeenSlot {
        let hash: Hash
        let root: Hash
        let lastPosition: Position
    }

    struct SeenLanding {
        let landing: Landing
        let operations: [LandedOperation]
        let epoch: Epoch
    }

    struct Attempt {
        let operations: [HifCore.Operation]
    }

    private(set) var slots: [SeenSlot] = []
    /// By position, from 1.
    private(set) var landings: [SeenLanding] = []
    /// The project after each position, from 0.
    private(set) var snapshots: [[RepoPath: Leaf]] = [[:]]
    private(set) var closed: [SessionID: Closing] = [:]
    /// What clients sent, by session and source digest.
    private var attempts: [SessionID: [Hash: Attempt]] = [:]
    /// The newest position anybody had been told when the session was first sent.
    private var floors: [SessionID: Position] = [:]
    /// Positions whose landings somebody was told of.
    private(set) var highestAcked: Position = 0
    /// Every content that anybody made, or the log names.
    private(set) var contents: [Hash: [UInt8]] = [:]
    /// The first position that brought each content.
    private(set) var broughtAt: [Hash: Position] = [:]
    private var abandoned: [(session: SessionID, epoch: Epoch)] = []
    private var ackedEvents: [(session: SessionID, number: UInt64, id: EventID)] = []
    private let refusals = Refusals()
    private(set) var packs = PackWitness()
    private let zstd = Zstd()

    init() {}

    /// One that saw the same until now.
    init(after other: Witness) {
        slots = other.slots
        landings = other.landings
        snapshots = other.snapshots
        closed = other.closed
        attempts = other.attempts
        floors = other.floors
        highestAcked = other.highestAcked
        contents = other.contents
        broughtAt = other.broughtAt
        packs = other.packs
    }

    var tip: Position { Position(landings.count) }
    var slotCount: Int { slots.count }

    /// The only key that is overwritten.
    static func mayChange(_ key: ObjectKey) -> Bool { key == StoreKey.hint }

    /// - Returns: what is wrong with the deletion of an object; nil for nothing.
    func deleted(_ key: ObjectKey) -> String? {
        if let pack = PackKey.pack(of: key) { return packs.deleted(pack) }
        let isTruth = key.string.hasPrefix("log/") || key.string.hasPrefix("ses/")
        return isTruth || key == StoreKey.store ? "I1: \(key) was deleted" : nil
    }

    /// What a slot does, for who reads along.
    static func outline(_ stored: [UInt8]) -> String {
        guard let slot = try? Slot(decoding: StoredSlot.unpacked(stored)) else { return "damaged" }
        let lists = slot.control?.condemnation
        return "\(slot.records.count) records, \(lists?.replaced.count ?? 0) packs replaced, "
            + "\(lists?.condemned.count ?? 0) condemned"
    }

    func remember(_ content: [UInt8]) -> Leaf {
        let leaf = Leaf(kind: .file, size: UInt64(content.count), hash: Blake3.hash(content))
        contents[leaf.hash] = content
        return leaf
    }

    // MARK: The log

    /// - Returns: what is wrong with the new slot; nil for nothing.
    func slotAppeared(_ epoch: Epoch, _ stored: [UInt8], in bucket: Bucket) -> String? {
        let slot: Slot
        let bytes: [UInt8]
        do {
            bytes = try StoredSlot.unpacked(stored)
            slot = try Slot(decoding: bytes)
        } catch {
            return "I1: slot \(epoch) does not decode: \(error)"
        }
        guard epoch == UInt64(slots.count), slot.epoch == epoch else {
            return "I1: slot \(epoch) exists and the log has \(slots.count) slots"
        }
        guard slot.previous == slots.last?.hash ?? .zero else {
            return "I1: slot \(epoch) is not chained to the one before"
        }
        guard slot.firstPosition == tip + 1 else {
            return "I1: slot \(epoch) begins at @\(slot.firstPosition), after @\(tip)"
        }
        let closing = Set(slot.records.map(\.session))
        let wrong = packs.closed(
            by: slot, { closed[$0] != nil || closing.contains($0) }, in: bucket)
        if let wrong { return wrong }
        for record in slot.records {
            if let wrong = closed(by: record, epoch, in: bucket) { return wrong }
        }
        do {
            let model = try ProllyTree.build(snapshots[snapshots.count - 1].map { ($0, $1) }) { _ in
            }
            guard model.root == slot.root else {
                return "I5: slot \(epoch) names root \(slot.root), the model has \(model.root)"
            }
        } catch {
            return "I5: after slot \(epoch) the files make no tree: \(error)"
        }
        slots.append(
            SeenSlot(
                hash: Slot.hash(ofBytes: bytes), root: slot.root, lastPosition: slot.lastPosition))
        return nil
    }

    private func closed(
        by record: ClosingRecord, _ epoch: Epoch, in bucket: Bucket
    ) -> String? {
        let session = record.session
        guard closed[session] == nil else {
            return "I3: slot \(epoch) closes \(session) a second time"
        }
        if let wrong = refusals.closed(by: record) { return wrong }
        guard case .landing(let landing) = record else {
            closed[session] = .abandoned
            abandoned.append((session, epoch))
            return nil
        }
        let position = tip + 1
        guard let attempt = attempts[session]?[landing.sourceDigest] else {
            return "I2: @\(position) is a landing of \(session) that nobody asked for"
        }
        if position <= floors[session] ?? 0 {
            return "I7: \(session) landed at @\(position), below what was known when it was sent"
        }
        if let wrong = packs.named(by: landing, at: position, in: bucket) { return wrong }
        let operations: [LandedOperation]
        do {
            operations = try self.operations(of: landing, in: bucket)
        } catch {
            return "I11: the operations of @\(position) cannot be read: \(error)"
        }
        if let wrong = apply(operations, at: position, attempt, landing, in: bucket) {
            return wrong
        }
        landings.append(
            SeenLanding(landing: landing, operations: operations, epoch: epoch))
        closed[session] = .landed(Landed(landing, at: position))
        return nil
    }

    private func operations(
        of landing: Landing, in bucket: Bucket
    ) throws -> [LandedOperation] {
        switch landing.operations {
        case .inline(let list): return list
        case .stored(let reference, _, let noOps):
            let pack = try pack(landing.packs[reference.location.packOrdinal], in: bucket)
            guard let entry = pack.footer.entry(of: reference.id, kind: .operationList) else {
                throw FormatError("pack", at: 0, "has no such operation list")
            }
            let bytes = try pack.content(of: entry, using: zstd)
            var list = try OperationList.decode(bytes, packCount: landing.packs.count)
            for index in noOps {
                list[Int(index)] = LandedOperation(
                    list[Int(index)].operation, location: list[Int(index)].location, isNoOp: true)
            }
            return list
        }
    }

    private func pack(_ id: Hash, in bucket: Bucket) throws -> PackReader {
        guard let bytes = bucket.peek(PackKey.key(of: id)) else {
            throw FormatError("pack", at: 0, "\(id) does not exist")
        }
        return try PackReader(bytes)
    }

    /// Replays a landing on the model, and compares what it says with what was there.
    private func apply(
        _ operations: [LandedOperation], at position: Position, _ attempt: Attempt,
        _ landing: Landing, in bucket: Bucket
    ) -> String? {
        var files = snapshots[snapshots.count - 1]
        var packs: [Int: PackReader] = [:]
        var balance = Invariants()
        for landed in operations {
            let operation = landed.operation
            let there = files[operation.path]
            if landed.isNoOp {
                if there == operation.after { continue }
                return "I6: @\(position) calls \(operation.path) a no-op, and it is not"
            }
            guard there == operation.before else {
                return "I6: @\(position) overwrites \(operation.path), which was changed"
            }
            if let after = operation.after {
                do {
                    try find(after.hash, landed, landing, &packs, at: position, in: bucket)
                } catch {
                    return "I11: @\(position) \(operation.path): \(error)"
                }
            }
            balance.add(operation, contents)
            files[operation.path] = operation.after
        }
        if let wrong = balance.violation(in: files, contents) { return "\(wrong) at @\(position)" }
        if landing.mergedPaths.isEmpty,
            operations.map(\.operation) != attempt.operations
        {
            return "I2: @\(position) landed other operations than were sent"
        }
        snapshots.append(files)
        return nil
    }

    /// The content of a landed operation is there for good, at the place the landing says.
    private func find(
        _ id: Hash, _ landed: LandedOperation, _ landing: Landing,
        _ packs: inout [Int: PackReader], at position: Position, in bucket: Bucket
    ) throws {
        guard let location = landed.location else {
            guard broughtAt[id] != nil else {
                throw FormatError("landing", at: 0, "content \(id) is said to be there and is not")
            }
            return
        }
        if packs[location.packOrdinal] == nil {
            packs[location.packOrdinal] = try pack(landing.packs[location.packOrdinal], in: bucket)
        }
        guard let pack = packs[location.packOrdinal],
            let entry = pack.footer.entry(of: id, kind: .blob),
            entry.offset == location.offset, entry.storedBytes == location.storedBytes
        else { throw FormatError("landing", at: 0, "content \(id) is not where it says") }
        if contents[id] == nil { contents[id] = try pack.content(of: entry, using: zstd) }
        if broughtAt[id] == nil { broughtAt[id] = position }
    }

    /// Forgets the slots that a power cut took, which nobody may have been told of.
    ///
    /// - Returns: what is wrong with what is left; nil for nothing.
    func powerWasCut(_ bucket: Bucket) -> String? {
        var left = 0
        while bucket.peek(StoreKey.slot(Epoch(left))) != nil { left += 1 }
        if let epoch = bucket.keys.compactMap({ StoreKey.epoch(of: $0) }).max(), epoch >= left {
            return "I1: a power cut took slot \(left) and left slot \(epoch)"
        }
        guard left > 0 else { return "I2: a power cut took the project" }
        guard left <= slots.count else { return "I1: slots that nobody saw" }
        slots.removeLast(slots.count - left)
        let last = slots[slots.count - 1].lastPosition
        guard last >= highestAcked else {
            return "I2: a power cut took @\(highestAcked), which was acknowledged"
        }
        landings.removeLast(landings.count - Int(last))
        snapshots.removeLast(snapshots.count - 1 - Int(last))
        closed = closed.filter { _, closing in
            if case .landed(let landed) = closing { landed.position <= last } else { true }
        }
        for (session, epoch) in abandoned where epoch >= left { closed[session] = nil }
        abandoned.removeAll { $0.epoch >= left }
        broughtAt = broughtAt.filter { $0.value <= last }
        for epoch in 0..<left {
            guard let stored = bucket.peek(StoreKey.slot(Epoch(epoch))),
                let bytes = try? StoredSlot.unpacked(stored),
                Slot.hash(ofBytes: bytes) == slots[epoch].hash
            else { return "I1: a power cut changed slot \(epoch)" }
        }
        let wrong = packs.powerWasCut(Epoch(left - 1), last, in: bucket)
        for (index, landing) in landings.enumerated() {
            for pack in landing.landing.packs where !packs.isReplaced(pack) {
                guard let bytes = bucket.peek(PackKey.key(of: pack)), Blake3.hash(bytes) == pack
                else { return "I11: a power cut took pack \(pack) of @\(index + 1)" }
            }
        }
        return wrong ?? ackedEventLost(bucket)
    }

    /// The first acknowledged session event that is not there.
    func ackedEventLost(_ bucket: Bucket) -> String? {
        for (session, number, id) in ackedEvents {
            guard let bytes = bucket.peek(StoreKey.event(session, number)),
                (try? SessionEvent(decoding: bytes))?.id == id
            else { return "I2: event \(number) of \(session) was acknowledged and is not there" }
        }
        return nil
    }

    func ackedEvents(of session: SessionID) -> [(number: UInt64, id: EventID)] {
        ackedEvents.filter { $0.session == session }.map { ($0.number, $0.id) }
    }

    func acknowledged(_ session: SessionID, event number: UInt64, _ id: EventID) {
        ackedEvents.append((session, number, id))
    }

    // MARK: What clients say

    func sent(_ request: LandRequest) {
        if floors[request.session] == nil { floors[request.session] = highestAcked }
        attempts[request.session, default: [:]][request.sourceDigest] = Attempt(
            operations: request.operations)
    }

    func answered(_ session: SessionID, landed: Landed) -> String? {
        guard closed[session] == .landed(landed) else {
            return
                "I2: \(session) was answered @\(landed.position), the log says \(describe(session))"
        }
        highestAcked = max(highestAcked, landed.position)
        return nil
    }

    // MARK: Requests

    /// A request begins on a node: its number, which its packs and its abandonment carry.
    func begins() -> Int { refusals.begins() }

    func wrote(pack: Hash, by request: Int) { refusals.wrote(pack: pack, by: request) }

    /// It ended with the words that it wrote nothing.
    func refused(_ request: Int) -> String? { refusals.refused(request) }

    func answeredAbandoned(_ session: SessionID) -> String? {
        closed[session] == .abandoned
            ? nil : "I2: \(session) was answered as abandoned, the log says \(describe(session))"
    }

    /// - Parameter acked: what somebody had been told when the request was sent.
    func answered(
        _ session: SessionID, conflictAt position: Position, since acked: Position
    ) -> String? {
        guard position <= tip else {
            return "I4: a conflict of \(session) was judged at @\(position), after the tip @\(tip)"
        }
        guard position >= acked else {
            return "I4: a conflict of \(session) was judged at @\(position), before @\(acked)"
        }
        if case .landed(let landed)? = closed[session], landed.position <= position {
            return
                "I4: \(session) was told of a conflict at @\(position) and landed at @\(landed.position)"
        }
        return nil
    }

    private func describe(_ session: SessionID) -> String {
        switch closed[session] {
        case .landed(let landed)?: "it landed at @\(landed.position)"
        case .abandoned?: "it was abandoned"
        case nil: "nothing of it"
        }
    }

    /// A page of a filtered history, compared with a look at every landing.
    func found(
        _ page: LandingPage, for query: LandingQuery, at newest: Position
    ) -> String? {
        var wanted: [Position] = []
        var position = min(newest, tip)
        while position > 0, wanted.count < query.limit {
            let seen = landings[Int(position) - 1]
            let isOf = query.author.map { seen.landing.author.searchNames.contains($0) } ?? true
            let touches =
                query.path.map { path in
                    seen.operations.contains { $0.operation.touches(path) && !$0.isNoOp }
                } ?? true
            if isOf, touches { wanted.append(position) }
            position -= 1
        }
        let given = page.entries.map(\.position)
        // A page may be cut short where much had to be searched.
        let isWhole = page.next == nil || given.count == query.limit
        guard isWhole ? given == wanted : wanted.starts(with: given) else {
            return "I9: \(query.path.map { "\($0)" } ?? "somebody") is said to be touched by "
                + "\(given.map { "@\($0)" }), and was by \(wanted.map { "@\($0)" })"
        }
        return nil
    }

    /// What a reader was given as the newest slot, asked for when `acked` was known to somebody.
    func read(newest slot: Slot, hash: Hash?, since acked: Position) -> String? {
        guard slot.epoch < UInt64(slots.count) else {
            return "I8: a reader saw slot \(slot.epoch), which does not exist"
        }
        let seen = slots[Int(slot.epoch)]
        if let hash, hash != seen.hash { return "I8: a reader saw another slot \(slot.epoch)" }
        guard slot.lastPosition >= acked else {
            return "I8: a reader saw @\(slot.lastPosition) after @\(acked) was acknowledged"
        }
        return nil
    }
}

/// What a landing may not do to the project as a whole, whatever it changes: make money, or lose a
/// line that somebody wrote to stay.
struct Invariants {
    private var money = 0
    private var createdAccount = false
    private var tokens: [Substring: Int] = [:]
    /// A content that is not known was made by merging and is read from its pack first.
    mutating func add(_ operation: HifCore.Operation, _ contents: [Hash: [UInt8]]) {
        count(operation.before, operation.path, contents, -1)
        count(operation.after, operation.path, contents, 1)
        if operation.before == nil { createdAccount = true }
    }

    private mutating func count(
        _ leaf: Leaf?, _ path: RepoPath, _ contents: [Hash: [UInt8]], _ sign: Int
    ) {
        guard let leaf, let content = contents[leaf.hash] else { return }
        let text = String(decoding: content, as: UTF8.self)
        if path.bytes.starts(with: "bank/".utf8) {
            money += sign * (Int(text.prefix { $0 != "\n" }) ?? 1_000_000)
            return
        }
        for line in text.split(separator: "\n") where line.hasPrefix("t") {
            tokens[line, default: 0] += sign
        }
    }

    /// What is wrong with a landing whose operations were added, after which there are `files`.
    func violation(in files: [RepoPath: Leaf], _ contents: [Hash: [UInt8]]) -> String? {
        if money != 0, !createdAccount {
            return "I6: the total of all accounts changed by \(money)"
        }
        var fewer = Set(tokens.lazy.filter { $0.value < 0 }.map(\.key))
        guard !fewer.isEmpty else { return nil }
        // A file renamed by one and edited by another is there twice, with each line twice. When the
        // second is renamed onto the first, lines get fewer, and none is lost.
        for hash in Set(files.values.map(\.hash)) {
            guard let content = contents[hash] else { continue }
            fewer.subtract(String(decoding: content, as: UTF8.self).split(separator: "\n"))
        }
        // Any of them will do; the least, so that equal seeds say the same.
        return fewer.min().map { "I6: line \($0) is lost" }
    }
}
