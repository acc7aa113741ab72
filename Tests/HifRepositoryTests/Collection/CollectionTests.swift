import HifCore
import HifRepository
import HifStore
import Support
import Testing

/// Packs that nobody needs go; nothing else does.
@Suite struct CollectionTests {
    /// A pack of a session with one blob.
    static func pack(of session: SessionID?, _ text: String) -> SealedPack {
        var writer = PackWriter(
            session: session?.hash ?? .zero, nonce: PackNonce(high: 9, low: UInt64(text.count)))
        writer.add(.blob, Array(text.utf8))
        return writer.finish()
    }

    static func store(_ pack: SealedPack, in store: any ObjectStore) async throws {
        _ = try await store.put(PackKey.key(of: pack.id), pack.bytes, .ifAbsent)
    }

    static func exists(_ pack: Hash, in store: any ObjectStore) async throws -> Bool {
        try await store.getIfPresent(PackKey.key(of: pack)) != nil
    }

    /// An intent that names packs, of which nothing else is true.
    static func land(
        _ session: UInt64, packs: [Hash], createdPosition: Position = 0
    ) throws -> Intent {
        let operation = try TestIntent.operation("f\(session)", nil, TestProject.leaf("x"))
        guard
            case .land(var intent) = TestIntent.land(
                session, [operation], createdPosition: createdPosition)
        else { throw Broken("not a landing") }
        intent.packs = packs
        return .land(intent)
    }

    @Test func `only packs of closed sessions that no landing names are deleted`() async throws {
        let project = try await TestProject()
        for number in 0..<UInt64(5) {
            _ = try await project.land(number, [("f\(number)", nil, "text \(number)")])
        }
        _ = try await project.repository.submit(TestIntent.abandon(6))
        let texts = try await project.texts()
        let closed = CollectionTests.pack(of: TestProject.session(1), "overtaken")
        let abandoned = CollectionTests.pack(of: TestProject.session(6), "abandoned work")
        let open = CollectionTests.pack(of: TestProject.session(100), "still being written")
        let nobodys = CollectionTests.pack(of: nil, "of an import under way")
        for pack in [closed, abandoned, open, nobodys] {
            try await CollectionTests.store(pack, in: project.store)
        }
        let before = try await project.store.listAll(prefix: "").map(\.key)
        let dry = try await project.reopened().collect(isDryRun: true)
        #expect(Set(dry.unneeded) == [closed.id, abandoned.id])
        #expect(dry.byteCount == closed.bytes.count + abandoned.bytes.count)
        #expect(try await project.store.listAll(prefix: "").map(\.key) == before)

        let report = try await project.reopened().collect()
        #expect(Set(report.unneeded) == [closed.id, abandoned.id])
        #expect(report.deletedCount == 2)
        #expect(report.stopped == nil)
        #expect(try await !CollectionTests.exists(closed.id, in: project.store))
        #expect(try await !CollectionTests.exists(abandoned.id, in: project.store))
        #expect(try await CollectionTests.exists(open.id, in: project.store))
        #expect(try await CollectionTests.exists(nobodys.id, in: project.store))
        #expect(try await project.texts() == texts)
        let check = try await FsckTests.check(project.store, deep: true)
        #expect(check.findings == [])
        #expect(check.condemnedPackCount == 2)
        // Nothing is left, and nothing is written for it.
        let newest = try await project.repository.newest().epoch
        #expect(try await project.reopened().collect().unneeded == [])
        #expect(try await project.repository.newest().epoch == newest)
    }

    @Test func `a condemned pack is refused for ever, by every writer`() async throws {
        let project = try await TestProject()
        _ = try await project.land(1, [("a", nil, "a")])
        let pack = CollectionTests.pack(of: TestProject.session(1), "goes")
        try await CollectionTests.store(pack, in: project.store)
        // A writer that was open before, one that collects, and one that opens afterwards.
        let early = project.repository
        #expect(try await project.reopened().collect().deletedCount == 1)
        try await CollectionTests.store(pack, in: project.store)
        for repository in [early, project.reopened(seed: 5)] {
            let answer = try await repository.submit(
                CollectionTests.land(50, packs: [pack.id], createdPosition: 1))
            #expect(answer == .reupload([pack.id]))
        }
        // Settings that change in between do not forget it.
        for number in 0..<3 {
            _ = try await early.submit(.control(.setTags(["v\(number)": 1])))
        }
        let late = project.reopened(seed: 6)
        #expect(
            try await late.submit(CollectionTests.land(51, packs: [pack.id], createdPosition: 1))
                == .reupload([pack.id]))
        // It came back; the next collection takes it away without condemning it again.
        let newest = try await late.newest().epoch
        #expect(try await late.collect().deletedCount == 1)
        #expect(try await late.newest().epoch == newest)
        #expect(try await !CollectionTests.exists(pack.id, in: project.store))
    }

    @Test func `what landed since the mark is taken off the list`() async throws {
        let project = try await TestProject()
        _ = try await project.land(1, [("a", nil, "a")])
        let mark = try await project.repository.newest().epoch
        let kept = CollectionTests.pack(of: TestProject.session(1), "needed after all")
        let gone = CollectionTests.pack(of: TestProject.session(1), "not needed")
        _ = try await project.repository.submit(
            CollectionTests.land(2, packs: [kept.id], createdPosition: 1))
        let answer = try await project.repository.submit(
            .control(.condemn([kept.id, gone.id], markedAt: mark)))
        guard case .controlled(let epoch) = answer else { throw Broken("\(answer)") }
        let slot = try await project.repository.log.slot(epoch)?.slot
        #expect(slot?.control?.condemnation.condemned == [gone.id])
        // A writer that knows nothing of the slots since the mark does not judge.
        let late = project.reopened()
        #expect(
            try await late.submit(.control(.condemn([kept.id], markedAt: mark)))
                == .refused("it was marked too long ago: mark again"))
    }

    @Test func `landing and condemnation in one slot: the landing uploads again`() async throws {
        let project = try await TestProject()
        _ = try await project.land(1, [("a", nil, "a")])
        let pack = CollectionTests.pack(of: TestProject.session(1), "both")
        let mark = try await project.repository.newest().epoch
        let answers = try await project.repository.submit([
            try CollectionTests.land(2, packs: [pack.id], createdPosition: 1),
            .control(.condemn([pack.id], markedAt: mark)),
            try CollectionTests.land(3, packs: [], createdPosition: 1),
        ])
        // The first may have gone alone, when the machine was idle: then it is named, and stays.
        if answers[0].position != nil {
            #expect(answers[1] == .refused("nothing is left to condemn"))
        } else {
            #expect(answers[0] == .reupload([pack.id]))
            #expect(answers[1] == .controlled(epoch: mark + 1))
        }
        #expect(answers[2].position != nil)
    }

    @Test func `a replaced pack is a candidate, and content copied too late is refused`()
        async throws
    {
        let project = try await TestProject()
        let repository = project.repository
        let (old, new) = (testHash(1), testHash(2))
        _ = try await repository.submit(CollectionTests.land(1, packs: [old]))
        let mark = try await repository.newest().epoch
        _ = try await repository.submit(
            CollectionTests.land(2, packs: [old], createdPosition: 1))
        let replacement = Condemnation.Replacement(pack: old, by: new)
        guard
            case .refused(let reason) = try await repository.submit(
                .control(.replace([replacement], markedAt: mark)))
        else { throw Broken("replaced although it gained content") }
        #expect(reason.contains("gained"))
        let later = try await repository.newest().epoch
        guard
            case .controlled = try await repository.submit(
                .control(.replace([replacement], markedAt: later)))
        else { throw Broken("not replaced") }
        let packs = try await project.reopened().condemnedPacks(at: try await repository.newest())
        #expect(packs.replaced == [old: new])
        guard
            case .controlled = try await repository.submit(
                .control(.condemn([old], markedAt: later + 1)))
        else { throw Broken("not condemned") }
        // And nothing is replaced by what is condemned.
        guard
            case .refused = try await repository.submit(
                .control(
                    .replace(
                        [Condemnation.Replacement(pack: testHash(3), by: old)],
                        markedAt: later + 2)))
        else { throw Broken("replaced by a condemned pack") }
    }

    @Test func `dying after the condemnation is made up for`() async throws {
        let project = try await TestProject()
        _ = try await project.land(1, [("a", nil, "a")])
        let packs = (0..<5).map {
            CollectionTests.pack(of: TestProject.session(1), String(repeating: "x", count: 9 + $0))
        }
        for pack in packs { try await CollectionTests.store(pack, in: project.store) }
        let mark = try await project.repository.newest().epoch
        _ = try await project.repository.submit(
            .control(.condemn(packs.map(\.id), markedAt: mark)))
        // The process that condemned them is gone, some were deleted.
        try await project.store.delete(PackKey.key(of: packs[0].id))
        #expect(try await project.reopened().collect().deletedCount == 4)
        #expect(try await FsckTests.check(project.store, deep: true).findings == [])
    }

    @Test func `the collector condemns before it deletes, and deletes what was condemned`() {
        var collector = Collector(batchMax: 2)
        #expect(collector.step(.begun) == [.listPacks])
        let packs = (1...4).map { testHash(UInt64($0)) }.sorted()
        #expect(collector.step(.packsListed(Set(packs))) == [.mark])
        var mark = CollectionMark()
        mark.fold(Golden.genesis)
        let session = TestProject.session(1)
        mark.fold(
            Slot(
                epoch: 1, firstPosition: 1, previous: .zero, root: .zero,
                batch: BatchID(high: 0, low: 0), clock: 0, controlEpoch: 0, checkpointEpoch: 0,
                writer: "",
                records: [
                    .abandon(
                        Abandon(
                            session: session, author: TestProject.ana, reason: "", atMillis: 0))
                ], control: nil))
        #expect(collector.step(.marked(mark)) == [.readHeaders(packs)])
        let headers = [
            packs[0]: session.hash, packs[1]: session.hash, packs[2]: Hash.zero,
            packs[3]: session.hash,
        ]
        #expect(
            collector.step(.headersRead(headers))
                == [.submit(.condemn([packs[0], packs[1]], markedAt: 1))])
        #expect(collector.step(.answered(.controlled(epoch: 2))) == [.readCondemned(2)])
        // Somebody landed with the first meanwhile.
        #expect(collector.step(.condemnedRead([packs[1]])) == [.delete([packs[1]])])
        #expect(collector.step(.deleted) == [.submit(.condemn([packs[3]], markedAt: 1))])
        // Nobody knows: everything is looked at again.
        #expect(collector.step(.answered(.unknown("?"))) == [.listPacks])
        #expect(collector.step(.failed("gone")) == [.finished(.stopped("gone"))])
        #expect(collector.deleted == [packs[1]])
    }
}
