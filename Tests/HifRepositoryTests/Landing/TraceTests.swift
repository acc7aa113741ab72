import HifCore
import HifRepository
import HifStore
import Support
import Testing

/// Runs in which earlier wordings of the protocol lost something or landed it twice, each in its
/// smallest form. `Exhaustive` has the rules behind them in every order of events.
@Suite struct TraceTests {
    @Test func `a session that comes twice while a slot is being written lands once`() throws {
        var machine = LandingMachine(
            tip: try TestMachine.tip(root: ProllyTree.empty.root), nodes: NodeCache(), writer: "",
            nonce: .zero)
        let x = TestProject.leaf("x")
        var effects = machine.step(
            .submitted(0, TestIntent.land(9, [try TestIntent.operation("z", nil, x)])), now: 0)
        for ticket in UInt64(1)...2 {
            effects += machine.step(
                .submitted(ticket, TestIntent.land(1, [try TestIntent.operation("a", nil, x)])),
                now: 0)
        }
        let answers = try TestMachine.run(&machine, effects)
        #expect(answers[1]?.position == 3)
        #expect(answers[2] == answers[1])
        #expect(machine.tip.position == 3)
    }

    @Test func `a landing is answered with the attempt that landed, not with the one that asks`()
        async throws
    {
        let project = try await TestProject()
        let first = try TestProject.request(1, [("a", nil, "one")])
        guard case .landed(let landed) = try await Lander(project.repository).land(first) else {
            return fail("did not land")
        }
        // The answer was lost; the client has edited since, and sends that.
        let second = try TestProject.request(1, [("a", nil, "one"), ("b", nil, "two")])
        #expect(second.sourceDigest != first.sourceDigest)
        guard case .landed(let again) = try await Lander(project.reopened()).land(second) else {
            return fail("did not land")
        }
        #expect(again == landed)
        #expect(again.sourceDigest == first.sourceDigest)
        #expect(try await project.texts() == ["a": "one"])
    }

    @Test func `a late copy of a request that landed merged is no conflict`() async throws {
        let project = try await TestProject()
        _ = try await project.land(1, [("a", nil, "1\n2\n3\n4\n5\n")])
        let request = try TestProject.request(2, [("a", "1\n2\n3\n4\n5\n", "1\n2\n3\n4\nfive\n")])
        _ = try await project.land(3, [("a", "1\n2\n3\n4\n5\n", "one\n2\n3\n4\n5\n")])
        let merged = try await Lander(project.repository).land(request)
        #expect(merged.position == 3)
        // The copy that was on its way through another node expects what is long gone.
        let late = try await project.reopened().submit(
            TestIntent.land(
                2,
                [
                    try TestIntent.operation(
                        "a", TestProject.leaf("1\n2\n3\n4\n5\n"),
                        TestProject.leaf("1\n2\n3\n4\nfive\n"))
                ]))
        #expect(late.position == 3)
        #expect(try await project.texts() == ["a": "one\n2\n3\n4\nfive\n"])
    }

    @Test func `what one node refuses may land through another, and asking again finds it`()
        async throws
    {
        let base = MemoryStore()
        _ = try await TestProject(store: base)
        let intent = TestIntent.land(
            1, [try TestIntent.operation("a", nil, TestProject.leaf("a"))])
        // The first node's write is on its way when it gives up waiting.
        let slow = FaultyStore(base, script: [.init(.put, prefix: "log/", nth: 1, .late(after: 0))])
        let machine = Repository(store: slow, world: TestProject.world(seed: 5))
        async let first = machine.submit(intent)
        let denied = FaultyStore(
            base,
            script: [
                .init(.put, prefix: "log/", occurrences: 1...100, .fails(.refused))
            ])
        let second = try await Repository(store: denied, world: TestProject.world(seed: 6))
            .submit(intent)
        _ = try await first
        await slow.applyLate()
        let third = try await Repository(store: base, world: TestProject.world(seed: 7))
            .submit(intent)
        #expect(third.position == 1)
        switch second {
        // Said of its own write only; or it found the other's.
        case .refused, .landed: break
        default: Issue.record("\(second)")
        }
    }

    @Test func `a wish to abandon is not the deed`() async throws {
        let project = try await TestProject()
        let session = TestProject.session(1)
        _ = try await project.repository.append(
            SessionEvent(
                id: EventID(high: 1, low: 1), author: TestProject.ana, atMillis: 1,
                body: .abandonWished(reason: "changed my mind")), to: session)
        #expect(try await project.repository.standing(of: session, createdAt: 0) == .open)
        #expect(try await project.land(1, [("a", nil, "a")]).position == 1)
        let abandoned = try await project.repository.submit(TestIntent.abandon(1))
        #expect(abandoned.position == 1)
    }

    @Test func `a session is found closed from where it was created, however far the tip is`()
        async throws
    {
        let project = try await TestProject()
        let request = try TestProject.request(1, [("a", nil, "a")])
        #expect(try await Lander(project.repository).land(request).position == 1)
        for number in UInt64(2)...40 {
            _ = try await project.land(
                number, [("f\(number)", nil, "x")], createdPosition: number - 1)
        }
        // The client's base has moved on meanwhile; where its session began has not.
        #expect(try await Lander(project.reopened()).land(request).position == 1)
        let standing = try await project.reopened().standing(
            of: request.session, createdAt: request.createdPosition)
        guard case .closed(.landed(let landed)) = standing else { return fail("\(standing)") }
        #expect(landed.position == 1)
    }

    @Test func `a read begun after a landing sees it, on any node`() async throws {
        let project = try await TestProject()
        let reader = project.reopened()
        for number in UInt64(1)...5 {
            _ = try await project.land(number, [("f\(number)", nil, "x")])
            #expect(try await reader.newest().lastPosition == number)
        }
    }

    @Test func `an intent whose pack was condemned has to upload again`() throws {
        let pack = Blake3.hash([7])
        var control = ControlState(
            originStore: StoreID(high: 1, low: 1), project: ProjectID(high: 1, low: 1), name: "p")
        control.condemnation = Condemnation(condemned: [pack])
        var packs = CondemnedPacks()
        packs.fold(control.condemnation, at: 1)
        let slot = Slot(
            epoch: 1, firstPosition: 1, previous: .zero, root: ProllyTree.empty.root,
            batch: BatchID(high: 0, low: 0), clock: 0, controlEpoch: 1, checkpointEpoch: 0,
            writer: "", records: [], control: control)
        var machine = LandingMachine(
            tip: LogTip(
                at: slot, hash: Slot.hash(ofBytes: slot.encode()), control: control, packs: packs,
                checkpoints: CheckpointSchedule(lastDue: 0, operationsSince: 0)),
            nodes: NodeCache(), writer: "", nonce: .zero)
        guard
            case .land(var intent) = TestIntent.land(
                1, [try TestIntent.operation("a", nil, TestProject.leaf("x"))])
        else { return }
        intent.packs = [pack]
        let first = machine.step(.submitted(1, .land(intent)), now: 0)
        #expect(try TestMachine.run(&machine, first)[1] == .reupload([pack]))
        intent.packs = [Blake3.hash([8])]
        let second = machine.step(.submitted(2, .land(intent)), now: 0)
        #expect(try TestMachine.run(&machine, second)[2]?.position == 1)
    }
}
