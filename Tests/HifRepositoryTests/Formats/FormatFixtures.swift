import HifCore
import HifRepository

/// One value of each format with every field set to something that can be told from the others.
enum Golden {
    static let author = Author(account: "ana", agent: "bot", name: "Ana", email: "a@b.example")

    static func leaf(_ number: UInt64, _ kind: Leaf.Kind = .file, size: UInt64 = 300) -> Leaf {
        Leaf(kind: kind, size: size, hash: testHash(number))
    }

    static func path(_ text: String) -> RepoPath { try! RepoPath(text) }

    static let control: ControlState = {
        var control = ControlState(
            originStore: StoreID(high: 0x11, low: 0x12),
            project: ProjectID(high: 0x21, low: 0x22), name: "ana/app")
        control.writerVersionMin = 1
        control.tags = ["v1": 1, "v1.1": 300]
        control.condemnation = Condemnation(
            condemned: [testHash(0x31), testHash(0x32)],
            replaced: [Condemnation.Replacement(pack: testHash(0x33), by: testHash(0x34))],
            previous: 3)
        return control
    }()

    static let genesis = Slot(
        epoch: 0, firstPosition: 1, previous: .zero, root: ProllyTree.empty.root,
        batch: BatchID(high: 0x41, low: 0x42), clock: 0x51, controlEpoch: 0, checkpointEpoch: 0,
        writer: "",
        records: [],
        control: ControlState(
            originStore: StoreID(high: 0x11, low: 0x12),
            project: ProjectID(high: 0x21, low: 0x22), name: "ana/app"))

    static let operations: [LandedOperation] = [
        LandedOperation(
            HifCore.Operation(path: path("a"), before: nil, after: leaf(0x61)),
            location: LandedLocation(packOrdinal: 1, offset: 64, storedBytes: 500)),
        LandedOperation(
            HifCore.Operation(
                path: path("b/c"), before: leaf(0x62, .executable),
                after: leaf(0x63, .symlink, size: 2)),
            location: nil, isNoOp: true),
        LandedOperation(
            HifCore.Operation(path: path("d"), before: .explicitDirectory, after: nil),
            location: nil),
    ]

    static let inline = Landing(
        session: SessionID(testHash(0x71)), author: author, goalLine: "Do it",
        startedMillis: 1000, landedMillis: -2, sourceDigest: testHash(0x72),
        landedDigest: testHash(0x73), createdPosition: 5, eventCount: 2,
        packs: [testHash(0x74), testHash(0x75)],
        document: RecordReference(
            id: testHash(0x76),
            location: LandedLocation(packOrdinal: 0, offset: 64, storedBytes: 130)),
        mergedPaths: [path("a")], operations: .inline(operations))

    static let stored = Landing(
        session: SessionID(testHash(0x81)), author: Author(account: "", name: ""), goalLine: "",
        startedMillis: 0, landedMillis: 1, sourceDigest: testHash(0x82),
        landedDigest: testHash(0x83), createdPosition: 0, eventCount: 0, packs: [testHash(0x84)],
        document: nil, mergedPaths: [],
        operations: .stored(
            RecordReference(
                id: testHash(0x85),
                location: LandedLocation(packOrdinal: 0, offset: 1000, storedBytes: 70_000)),
            count: 900, noOps: [0, 300]))

    static let abandon = Abandon(
        session: SessionID(testHash(0x91)), author: Author(account: "ben", name: "Ben"),
        reason: "not needed", atMillis: 9)

    static let slot = Slot(
        epoch: 7, firstPosition: 6, previous: testHash(0xA1), root: testHash(0xA2),
        batch: BatchID(high: 0xA3, low: 0xA4), clock: 0xA5, controlEpoch: 7, checkpointEpoch: 3,
        writer: "host:1",
        records: [.landing(inline), .landing(stored), .abandon(abandon)], control: control)

    static let note = SessionEvent(
        id: EventID(high: 0xB1, low: 0xB2), author: author, atMillis: 1000,
        body: .note(role: "assistant", text: "hello"))

    static let lineComment = SessionEvent(
        id: EventID(high: 0xB3, low: 0xB4), author: author, atMillis: 1000,
        body: .comment(
            on: .line(
                SessionEvent.LineMark(
                    path: try! RepoPath("a/b"), side: .new, line: 300, content: testHash(0xB5),
                    text: "let x")), text: "why?"))

    static let verdict = SessionEvent(
        id: EventID(high: 0xB6, low: 0xB7), author: author, atMillis: 1000,
        body: .verdict(.object, on: EventID(high: 4, low: 5), text: "no"))

    /// Of a kind that this program does not know.
    static let later = SessionEvent(
        id: EventID(high: 0xB8, low: 0xB9), author: author, atMillis: 1000,
        body: .other(kind: 127, [1, 2, 3]))

    static let events: [SessionEvent] = [
        SessionEvent(
            id: EventID(high: 1, low: 2), author: Author(account: "ana", name: "Ana"), atMillis: 3,
            body: .started(goal: "Do it", createdPosition: 5, key: "k")),
        SessionEvent(
            id: EventID(high: 4, low: 5), author: Author(account: "ana", name: "Ana"), atMillis: 6,
            body: .decision(text: "this", why: "because")),
        SessionEvent(
            id: EventID(high: 7, low: 8), author: Author(account: "ana", name: "Ana"), atMillis: 9,
            body: .abandonWished(reason: "no")),
    ]

    static let document = SessionDocument(
        session: SessionID(testHash(0xC1)), author: author, goal: "Do it\nwell",
        startedMillis: 1000, createdPosition: 5, events: events,
        origin: GitOrigin(
            commit: Array(repeating: 0xC2, count: 20),
            parents: [Array(repeating: 0xC3, count: 20)],
            author: .init(
                name: Array("Ana".utf8), email: Array("a@b".utf8), seconds: 60,
                zone: Array("+0200".utf8)),
            committer: .init(name: [0xE9], email: [], seconds: -60, zone: Array("-0000".utf8)),
            message: Array("Do it\n".utf8), encoding: Array("latin1".utf8),
            sideCommits: [
                .init(
                    id: Array(repeating: 0xC4, count: 20), author: Array("Ben".utf8),
                    subject: Array("side".utf8))
            ], sideCommitCount: 40))

    static let run = ObjectRun(
        level: 1, block: 2, endSlotHash: testHash(0xD1),
        locations: [
            (testHash(0xD3), PackLocation(pack: testHash(0xE1), offset: 64, storedBytes: 100)),
            (testHash(0xD2), PackLocation(pack: testHash(0xE2), offset: 164, storedBytes: 101)),
            (testHash(0xD3), PackLocation(pack: testHash(0xE3), offset: 64, storedBytes: 102)),
        ])
}
