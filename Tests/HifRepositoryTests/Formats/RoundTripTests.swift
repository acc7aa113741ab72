import HifCore
import HifRepository
import Support
import Testing

/// Whatever can be said comes back as it was said.
@Suite struct RoundTripTests {
    @Test func `slots`() throws {
        for seed: UInt64 in 1...200 {
            var random = SeededGenerator(seed: seed)
            let slot = random.slot()
            let bytes = slot.encode()
            let read = try Slot(decoding: bytes)
            #expect(read == slot, "seed \(seed)")
            #expect(read.encode() == bytes, "seed \(seed)")
        }
    }

    @Test func `session documents`() throws {
        for seed: UInt64 in 1...200 {
            var random = SeededGenerator(seed: seed)
            let document = random.document()
            #expect(try SessionDocument(decoding: document.encode()) == document, "seed \(seed)")
        }
    }

    @Test func `object runs, and runs merged from runs`() throws {
        for seed: UInt64 in 1...40 {
            var random = SeededGenerator(seed: seed)
            var places: [(id: Hash, location: PackLocation)] = []
            var children: [ObjectRun] = []
            for block in 0..<UInt64(4) {
                let part = (0..<random.below(30)).map { _ in
                    (
                        id: testHash(UInt64(random.below(60))),
                        location: PackLocation(
                            pack: testHash(UInt64(random.below(5))),
                            offset: UInt32(random.below(1_000)), storedBytes: 9)
                    )
                }
                places += part
                let run = ObjectRun(
                    level: 1, block: block, endSlotHash: testHash(block), locations: part)
                #expect(try ObjectRun(decoding: run.encode()) == run, "seed \(seed)")
                children.append(run)
            }
            let merged = ObjectRun(merging: children, level: 2, block: 0)
            #expect(try ObjectRun(decoding: merged.encode()) == merged, "seed \(seed)")
            for number in 0..<UInt64(60) {
                let expected = places.first { $0.id == testHash(number) }?.location
                #expect(merged.location(of: testHash(number)) == expected, "seed \(seed)")
            }
        }
    }
}

extension SeededGenerator {
    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

    mutating func hash() -> Hash {
        Hash(word0: next(), word1: next(), word2: next(), word3: next())
    }

    /// Text with characters of every length in UTF-8.
    mutating func words(_ countMax: Int) -> String {
        let letters = Array("abcé\u{0}\n漢😀 -")
        return String((0..<below(countMax + 1)).map { _ in letters[below(letters.count)] })
    }

    mutating func author() -> Author {
        Author(account: words(8), agent: words(8), name: words(8), email: words(8))
    }

    mutating func leaf() -> Leaf? {
        switch below(5) {
        case 0: nil
        case 1: .explicitDirectory
        default:
            Leaf(
                kind: [.file, .executable, .symlink, .external][below(4)],
                size: next() >> UInt64(below(64)), hash: hash())
        }
    }

    mutating func location(packs: Int) -> LandedLocation {
        LandedLocation(
            packOrdinal: below(packs), offset: UInt32(truncatingIfNeeded: next()),
            storedBytes: UInt32(truncatingIfNeeded: next()))
    }

    mutating func landing() -> Landing {
        let packs = (0..<1 + below(3)).map { _ in hash() }
        let operations: LandedOperations
        if below(3) == 0 {
            operations = .stored(
                RecordReference(id: hash(), location: location(packs: packs.count)), count: 500,
                noOps: (0..<500).filter { _ in below(50) == 0 })
        } else {
            var list: [LandedOperation] = []
            for number in 0..<below(6) {
                let (before, after) = (leaf(), leaf())
                guard before != after else { continue }
                list.append(
                    LandedOperation(
                        HifCore.Operation(
                            path: try! RepoPath("dir/\(number)"), before: before, after: after),
                        location: below(2) == 0 ? nil : location(packs: packs.count),
                        isNoOp: below(4) == 0))
            }
            operations = .inline(list)
        }
        return Landing(
            session: SessionID(hash()), author: author(), goalLine: words(300),
            startedMillis: Int64(bitPattern: next()), landedMillis: Int64(bitPattern: next()),
            sourceDigest: hash(), landedDigest: hash(), createdPosition: next(), eventCount: next(),
            packs: packs,
            document: below(2) == 0
                ? nil : RecordReference(id: hash(), location: location(packs: packs.count)),
            mergedPaths: (0..<below(3)).map { try! RepoPath("m\($0)") }, operations: operations)
    }

    mutating func slot() -> Slot {
        let epoch = UInt64(1 + below(1 << 40))
        let hasControl = below(2) == 0
        var control = ControlState(
            originStore: StoreID(from: &self), project: ProjectID(from: &self), name: words(20))
        for _ in 0..<below(20) { control.tags[words(9)] = next() }
        control.isSealed = below(2) == 0
        control.writerVersionMin = UInt16(below(1 << 16))
        control.condemnation.condemned = (0..<below(4)).map { _ in hash() }.sorted()
        control.condemnation.replaced = (0..<below(3)).map { _ in hash() }.sorted().map {
            Condemnation.Replacement(pack: $0, by: hash())
        }
        control.condemnation.previous = 0
        return Slot(
            epoch: epoch, firstPosition: 1 + next() >> 8, previous: hash(), root: hash(),
            batch: BatchID(from: &self), clock: next(),
            controlEpoch: hasControl ? epoch : UInt64(below(Int(epoch))),
            checkpointEpoch: UInt64(below(Int(epoch))), writer: words(300),
            records: (0..<below(5)).map { _ in
                below(4) == 0
                    ? .abandon(
                        Abandon(
                            session: SessionID(hash()), author: author(), reason: words(3_000),
                            atMillis: Int64(bitPattern: next())))
                    : .landing(landing())
            }, control: hasControl ? control : nil)
    }

    mutating func event() -> SessionEvent {
        let body: SessionEvent.Body =
            switch below(8) {
            case 0: .started(goal: words(20), createdPosition: next(), key: words(300))
            case 1: .note(role: words(90), text: words(40))
            case 2: .decision(text: words(40), why: words(40))
            case 3: .abandonWished(reason: words(40))
            case 4: .comment(on: .event(EventID(from: &self)), text: words(40))
            case 5:
                .comment(
                    on: .line(
                        SessionEvent.LineMark(
                            path: try! RepoPath("f\(below(9))"), side: below(2) == 0 ? .old : .new,
                            line: 1 + next() >> 1, content: hash(), text: words(40))),
                    text: words(40))
            case 6:
                .verdict(
                    SessionEvent.Verdict.allCases[below(4)], on: EventID(from: &self),
                    text: words(40))
            default: .changed(draft(), packs: (0..<below(4)).map { _ in hash() })
            }
        return SessionEvent(
            id: EventID(from: &self), author: author(), atMillis: Int64(bitPattern: next()),
            body: body)
    }

    /// Operations as a draft holds them.
    private mutating func draft() -> [HifCore.Operation] {
        (0..<below(5)).map { number in
            HifCore.Operation(
                path: try! RepoPath("f\(number)"), before: nil,
                after: Leaf(kind: .file, size: next(), hash: hash()))
        }
    }

    mutating func document() -> SessionDocument {
        var origin: GitOrigin?
        if below(2) == 0 {
            func signature(_ random: inout SeededGenerator) -> GitOrigin.Signature {
                .init(
                    name: random.bytes(random.below(9)), email: random.bytes(random.below(9)),
                    seconds: Int64(bitPattern: random.next()), zone: random.bytes(5))
            }
            origin = GitOrigin(
                commit: bytes(20), parents: (0..<below(3)).map { _ in bytes(20) },
                author: signature(&self), committer: signature(&self), message: bytes(below(200)),
                encoding: bytes(below(5)),
                sideCommits: (0..<below(3)).map { _ in
                    .init(id: bytes(20), author: bytes(below(9)), subject: bytes(below(30)))
                }, sideCommitCount: next())
        }
        return SessionDocument(
            session: SessionID(hash()), author: author(), goal: words(500),
            startedMillis: Int64(bitPattern: next()), createdPosition: next(),
            events: (0..<below(5)).map { _ in event() }, origin: origin)
    }
}
