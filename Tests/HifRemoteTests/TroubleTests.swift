import Foundation
import HifCore
import HifRepository
import HifWorkspace
import MicelioForge
import Support
import Synchronization
import Testing

@testable import HifRemote

/// What goes wrong between a client and a forge, and what the person is told.
@Suite(.timeLimit(.minutes(2))) struct TroubleTests {
    private func error(_ work: () async throws -> Void) async -> WorkspaceError? {
        do {
            try await work()
            return nil
        } catch {
            return error as? WorkspaceError
        }
    }

    private var impatient: RetryLimits {
        var limits = ForgeFixture.limits
        limits.callSeconds = 1
        limits.idleSeconds = 1
        limits.answerSeconds = 2
        limits.pingSeconds = 1
        return limits
    }

    @Test func `not there and not allowed are the same words`() async throws {
        try await ForgeFixture.with { fixture in
            for token in [fixture.eve, nil] {
                let words = Words()
                for project in ["app", "apq"] {
                    try await fixture.connected(token, project: project) { remote in
                        let said = await error { _ = try await remote.newest() }
                        #expect(said?.code == .notFound)
                        words.add(said?.message.replacing("ana/" + project, with: "ana/_"))
                        let lacking = await error { _ = try await remote.lacking([.zero]) }
                        words.add(lacking?.message.replacing("ana/" + project, with: "ana/_"))
                    }
                }
                #expect(words.all.count == 1, "\(words.all)")
            }
        }
    }

    private final class Words: Sendable {
        private let said = Mutex<Set<String>>([])

        var all: Set<String> { said.withLock { $0 } }

        func add(_ text: String?) {
            said.withLock { _ = $0.insert(text ?? "nothing") }
        }
    }

    @Test func `each bad token says what to do`() async throws {
        try await ForgeFixture.with { fixture in
            let accounts = try fixture.forge.accounts
            let now = fixture.forge.now()
            let expired = try await accounts.createPersonalToken(
                for: Handle("ana"), label: "", scopes: .everything, expires: now - 1, now: now)
            let revoked = try await accounts.createPersonalToken(
                for: Handle("ana"), label: "", scopes: .everything, expires: nil, now: now)
            try await accounts.revoke(revoked, now: now)
            for token in [expired.text, revoked.text, "rubbish"] {
                try await fixture.connected(token) { remote in
                    let said = await error { _ = try await remote.newest() }
                    #expect(said?.code == .unauthenticated && said?.hint?.isEmpty == false)
                }
            }
            try await fixture.connected(nil) { remote in
                let request = try TestProject.writing(["a": [1]], seed: 1)
                #expect(await refused { _ = try await remote.land(request) } == .notFound)
            }
        }
    }

    @Test func `another key is refused, without another try`() async throws {
        try await ForgeFixture.with { fixture in
            let other = "sha256:" + String(repeating: "0", count: 64)
            try await fixture.connected(
                fixture.ana, discovery: fixture.discovery(pin: other)
            ) { remote in
                let said = await error { _ = try await remote.newest() }
                #expect(said?.code == .certificateChanged)
                #expect(said?.message.contains("the server's certificate changed") == true)
                #expect(said?.hint?.contains("hif auth login") == true)
            }
        }
    }

    @Test func `another store is a replaced history`() async throws {
        try await ForgeFixture.with { fixture in
            try await fixture.connected(
                fixture.ana, storeID: StoreID(high: 7, low: 7)
            ) { remote in
                #expect(await refused { _ = try await remote.newest() } == .historyReplaced)
                let request = try TestProject.writing(["a": [1]], seed: 1)
                #expect(await refused { _ = try await remote.land(request) } == .historyReplaced)
                let tags = [Intent.control(.setTags(["v": 0]))]
                #expect(await refused { _ = try await remote.submit(tags) } == .historyReplaced)
                // In another store it would be a page without a beginning.
                var generator = SeededGenerator(seed: 9)
                let note = SessionEvent(
                    id: EventID(from: &generator), author: TestProject.author, atMillis: 1,
                    body: .note(role: "human", text: "said"))
                let session = SessionID(Blake3.hash([1]))
                #expect(
                    await refused {
                        _ = try await remote.appendEvent(note, to: session, from: 0)
                    } == .historyReplaced)
                try await fixture.connected(fixture.ana) { remote in
                    let events = try await remote.events(of: session, from: 0)
                    #expect(events.isEmpty)
                }
            }
        }
    }

    @Test func `nobody answers`() async throws {
        try await ForgeConnection.with(
            ForgeDiscovery(host: "127.0.0.1", port: 1, pin: nil, storeID: ""),
            at: "http://forge.test", credentials: FixedToken(nil), limits: ForgeFixture.limits
        ) { connection in
            let remote = ForgeRemote(
                connection, owner: "ana", name: "app", storeID: TestProject.storeID)
            #expect(await refused { _ = try await remote.newest() } == .network)
            #expect(await refused { _ = try await remote.tags() } == .network)
            // Started again, it may listen at another port than the login has kept.
            let said = await error { _ = try await remote.newest() }
            #expect(said?.hint?.contains("hif auth login http://forge.test") == true)
            let request = try TestProject.writing(["a": [1]], seed: 1)
            #expect(await refused { _ = try await remote.land(request) } == .network)
        }
    }

    @Test func `a server that takes connections and says nothing is an error`() async throws {
        let meddler = try Meddler(to: nil, [])
        defer { meddler.stop() }
        let pins = ["sha256:" + String(repeating: "0", count: 64), nil]
        for pin in pins {
            try await ForgeConnection.with(
                ForgeDiscovery(host: "127.0.0.1", port: meddler.port, pin: pin, storeID: ""),
                credentials: FixedToken(nil), limits: impatient
            ) { connection in
                let remote = ForgeRemote(
                    connection, owner: "ana", name: "app", storeID: TestProject.storeID)
                #expect(await refused { _ = try await remote.newest() } == .network)
                #expect(await refused { _ = try await remote.landing(at: 1) } == .network)
                #expect(await refused { _ = try await remote.all([.zero], at: 1) } == .network)
                let request = try TestProject.writing(["a": [1]], seed: 1)
                #expect(await refused { _ = try await remote.land(request) } == .network)
            }
        }
    }

    /// A project with a content of some mebibytes, landed past the meddler.
    private func landLarge(_ fixture: ForgeFixture, bytes: Int) async throws -> (Hash, [UInt8]) {
        var generator = SeededGenerator(seed: 40)
        let large = generator.bytes(bytes)
        try await fixture.connected(fixture.ana) { remote in
            let (leaf, packs) = try await TestProject.upload(large, to: remote, seed: 41)
            var request = try TestProject.writing(["small": [1, 2, 3]], seed: 42)
            request.operations.insert(
                HifCore.Operation(path: try RepoPath("big"), before: nil, after: leaf), at: 0)
            request.uploadedPacks = packs
            _ = try await remote.land(request).landed()
        }
        return (Blake3.hash(large), large)
    }

    @Test func `a connection that breaks in the middle of a file is taken up again`() async throws {
        try await ForgeFixture.with { fixture in
            let (id, large) = try await landLarge(fixture, bytes: 1_500_000)
            let meddler = try Meddler(
                to: fixture.rpcPort,
                [0, 5_000, 800_000, 300_000, 6_000].map { .cut(after: $0) })
            defer { meddler.stop() }
            // What a broken connection had brought last may be lost with it: a try that got far need
            // not count as progress.
            var limits = ForgeFixture.limits
            limits.attempts = 12
            try await fixture.connected(
                fixture.ana, discovery: fixture.discovery(port: meddler.port), limits: limits
            ) { remote in
                let contents = try await remote.all([id], at: 1)
                #expect(contents == [id: large])
            }
            #expect(meddler.connections >= 6)
        }
    }

    @Test func `a connection that breaks while landing lands once`() async throws {
        try await ForgeFixture.with { fixture in
            // The answer is lost at different places.
            for (number, bytes) in [1_200, 1_500, 1_800, 2_400].enumerated() {
                let meddler = try Meddler(to: fixture.rpcPort, [.cut(after: bytes)])
                defer { meddler.stop() }
                try await fixture.connected(
                    fixture.ana, discovery: fixture.discovery(port: meddler.port)
                ) { remote in
                    let request = try TestProject.writing(
                        ["f\(number)": [1]], seed: UInt64(60 + number))
                    let landed = try await remote.land(request).landed()
                    #expect(landed.position == Position(number + 1))
                }
            }
            try await fixture.connected(fixture.ana) { remote in
                let tip = try await remote.newest()
                #expect(tip.position == 4)
            }
        }
    }

    @Test func `a server that goes silent in the middle of a stream is an error`()
        async throws
    {
        try await ForgeFixture.with { fixture in
            let (id, _) = try await landLarge(fixture, bytes: 3 << 20)
            let meddler = try Meddler(
                to: fixture.rpcPort,
                [.stall(after: 1 << 20)] + Array(repeating: .stall(after: 0), count: 50))
            defer { meddler.stop() }
            let discovery = fixture.discovery(port: meddler.port)
            try await fixture.connected(fixture.ana, discovery: discovery, limits: impatient) {
                remote in
                #expect(await refused { _ = try await remote.all([id], at: 1) } == .network)
            }
        }
    }

    @Test func `a slow reader holds the forge back, in pieces of bounded size`() async throws {
        try await ForgeFixture.with { fixture in
            let (id, large) = try await landLarge(fixture, bytes: 12 << 20)
            var limits = ForgeFixture.limits
            // Less than the reader takes for one piece: only the forge's silence counts.
            limits.idleSeconds = 5
            try await fixture.connected(fixture.ana, limits: limits) { remote in
                var hasher = Blake3()
                var pieces = 0
                try await remote.contents([id], at: 1) { piece in
                    #expect(piece.bytes.count <= 1 << 20)
                    hasher.update(piece.bytes)
                    pieces += 1
                    if pieces == 2 { try await Task.sleep(for: .seconds(6)) }
                }
                #expect(hasher.finalize() == Blake3.hash(large) && pieces >= 12)
            }
        }
    }

    @Test func `an error of the one who takes the pieces is not the forge's`() async throws {
        try await ForgeFixture.with { fixture in
            let (id, _) = try await landLarge(fixture, bytes: 2 << 20)
            try await fixture.connected(fixture.ana) { remote in
                let said = await error {
                    try await remote.contents([id], at: 1) { _ in
                        throw WorkspaceError(.localStorage, "the disk is full")
                    }
                }
                #expect(said?.code == .localStorage)
                // The connection is as good as before.
                let tip = try await remote.newest()
                #expect(tip.position == 1)
            }
        }
    }
}
