import HifCore
import HifRepository
import HifStore
import Support
import Testing

/// Several processes on one store that loses, delays and repeats requests.
@Suite struct RaceTests {
    static let faults: [Fault] = [
        .lost, .answerLost, .answerLost, .late(after: 3), .late(after: 12), .duplicated,
        .repeatedInside, .fails(.throttled), .fails(.conflict), .fails(.refused),
        .appliedBut(.throttled), .appliedBut(.conflict), .fails(.unknown),
    ]

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `nothing acknowledged is lost and nothing lands twice`(seed: UInt64) async throws {
        let memory = MemoryStore()
        _ = try await TestProject(store: memory)
        let faulty = FaultyStore(
            memory, generator: SeededGenerator(seed: seed), perThousand: 120,
            faults: RaceTests.faults)
        let sessions = 24
        // Every session goes to two writers, and again where there was no answer. Pairs of them
        // want one path, so that some must conflict.
        let answers = try await withThrowingTaskGroup(of: (Int, [LandingAnswer]).self) { group in
            for writer in 0..<3 {
                let repository = Repository(
                    store: faulty, world: TestProject.world(seed: seed * 10 + UInt64(writer)))
                for session in 0..<sessions where session % 3 != writer {
                    let operation = try TestIntent.operation(
                        "f\(session / 2)", nil, TestProject.leaf("\(session)"))
                    group.addTask {
                        var answers: [LandingAnswer] = []
                        for _ in 0..<6 {
                            let intent = TestIntent.land(UInt64(session), [operation])
                            guard let answer = try? await repository.submit(intent) else {
                                continue
                            }
                            answers.append(answer)
                            if case .unknown = answer { continue }
                            if case .refused = answer { continue }
                            break
                        }
                        return (session, answers)
                    }
                }
            }
            var answers: [(Int, [LandingAnswer])] = []
            for try await answer in group { answers.append(answer) }
            return answers
        }
        await faulty.applyLate()

        let report = try await FsckTests.check(memory, deep: true)
        // The contents were never uploaded, and derived objects may have failed to be written.
        let damage = report.findings.filter {
            $0.severity == .damage && !$0.problem.contains("nothing says where")
        }
        #expect(damage == [], "seed \(seed)")
        let reader = Repository(store: memory, world: TestProject.world(seed: 99))
        let newest = try await reader.newest()
        let closings = try await reader.log.closings(since: 0, upTo: newest.epoch)
        for (session, answers) in answers {
            for answer in answers {
                let closing = closings[TestProject.session(UInt64(session))]
                switch answer {
                case .landed(let landed):
                    #expect(closing == .landed(landed), "seed \(seed), session \(session)")
                case .conflict(_, _, let position):
                    if case .landed(let landed)? = closing {
                        #expect(landed.position > position, "seed \(seed), session \(session)")
                    }
                default: break
                }
            }
        }
        let landed = answers.filter { $0.1.contains { $0.position != nil } }
        #expect(!landed.isEmpty, "seed \(seed)")
    }

    @Test func `when the faults end every session is decided`() async throws {
        let memory = MemoryStore()
        _ = try await TestProject(store: memory)
        let faulty = FaultyStore(
            memory, generator: SeededGenerator(seed: 5), perThousand: 400,
            faults: RaceTests.faults)
        let repository = Repository(store: faulty, world: TestProject.world(seed: 50))
        for session in 0..<UInt64(10) {
            let operation = try TestIntent.operation("f\(session)", nil, TestProject.leaf("x"))
            _ = try? await repository.submit(TestIntent.land(session, [operation]))
        }
        faulty.setQuiet(true)
        await faulty.applyLate()
        var positions: Set<Position> = []
        for session in 0..<UInt64(10) {
            let operation = try TestIntent.operation("f\(session)", nil, TestProject.leaf("x"))
            let answer = try await repository.submit(TestIntent.land(session, [operation]))
            positions.insert(try #require(answer.position, "\(answer)"))
        }
        #expect(positions == Set(1...10))
    }

    @Test func `a store that denies the slot it says exists is written to no more`() async throws {
        let memory = MemoryStore()
        let project = try await TestProject(store: memory)
        let hiding = FaultyStore(
            memory,
            script: [
                .init(.get, prefix: StoreKey.slot(1).string, occurrences: 1...1_000, .hidden)
            ])
        let repository = Repository(store: hiding, world: TestProject.world(seed: 4))
        let operation = try TestIntent.operation("a", nil, TestProject.leaf("x"))
        // Knows only the genesis; then another process lands.
        _ = try await repository.foldedTip()
        _ = try await project.repository.submit(TestIntent.land(1, [operation]))
        for session in 2...UInt64(3) {
            let answer = try await repository.submit(TestIntent.land(session, [operation]))
            guard case .unknown = answer else {
                Issue.record("\(answer)")
                return
            }
        }
    }
}
