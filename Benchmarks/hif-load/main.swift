import Foundation
import HifCore
import HifRemote
import HifRepository

// Lands from many clients at once over gRPC, as agents do that work on different things, and says how
// fast it went as one line of JSON. A closed loop: each client lands one small new file, waits for
// the answer, and lands the next.
//
//     HIF_TOKEN=... hif-load PROJECT CLIENTS SECONDS URL...
//
// Clients are spread over the forge's nodes at the URLs, eight to a connection.

struct Words {
    let owner, name, token: String
    let clients, seconds: Int
    let urls: [String]

    init?() {
        let words = CommandLine.arguments
        guard words.count >= 5, let clients = Int(words[2]), let seconds = Int(words[3]),
            (1...4096).contains(clients), (1...600).contains(seconds),
            let token = ProcessInfo.processInfo.environment["HIF_TOKEN"]
        else { return nil }
        let project = words[1].split(separator: "/").map(String.init)
        guard project.count == 2 else { return nil }
        (owner, name) = (project[0], project[1])
        (self.token, self.clients, self.seconds) = (token, clients, seconds)
        urls = Array(words[4...])
    }
}

/// One client: makes its landings, and keeps how long each took.
struct LoadClient {
    let number: Int
    let remote: ForgeRemote
    private var random = SystemRandomNumberGenerator()
    private var count = 0
    private let run = UInt32.random(in: 0...UInt32.max)

    init(_ number: Int, _ remote: ForgeRemote) {
        self.number = number
        self.remote = remote
    }

    /// - Returns: milliseconds from intent to answer, each landing once.
    mutating func run(until end: ContinuousClock.Instant, from position: Position) async throws
        -> [Double]
    {
        var times: [Double] = []
        while ContinuousClock.now < end {
            let request = try next(position)
            let began = ContinuousClock.now
            guard case .landed = try await remote.land(request) else {
                throw LoadError.notLanded(number, count)
            }
            let took = (ContinuousClock.now - began).components
            times.append(Double(took.seconds) * 1e3 + Double(took.attoseconds) / 1e15)
        }
        return times
    }

    private mutating func next(_ position: Position) throws -> LandRequest {
        count += 1
        let text = Array(
            (0..<60).map { _ in "word\(random.next(upperBound: 5_000 as UInt64))" }.joined(
                separator: " "
            ).utf8)
        var pack = PackWriter(nonce: PackNonce(high: random.next(), low: random.next()))
        _ = pack.add(.blob, text)
        let leaf = Leaf(kind: .file, size: UInt64(text.count), hash: Blake3.hash(text))
        return LandRequest(
            session: SessionID(from: &random),
            author: Author(account: "ana", agent: "load", name: "Ana"),
            goal: "Change what has to be changed", startedMillis: 1_700_000_000_000,
            createdPosition: position,
            operations: [
                HifCore.Operation(
                    path: try RepoPath("src/client\(number)/run\(run)/file\(count).txt"),
                    before: nil, after: leaf)
            ], staged: try PackReader(pack.finish().bytes))
    }
}

enum LoadError: Error { case notLanded(Int, Int) }

guard let words = Words() else {
    FileHandle.standardError.write(
        Data("usage: HIF_TOKEN=... hif-load OWNER/NAME CLIENTS SECONDS URL...\n".utf8))
    exit(2)
}

var remotes: [ForgeRemote] = []
let perConnection = 8
var discoveries: [ForgeDiscovery] = []
for url in words.urls { discoveries.append(try await ForgeDiscovery.ask(try ForgeAddress(url))) }
for number in 0..<max(words.urls.count, (words.clients + perConnection - 1) / perConnection) {
    let discovery = discoveries[number % discoveries.count]
    let connection = try ForgeConnection(discovery, credentials: FixedToken(words.token))
    guard let store = StoreID(hex: discovery.storeID) else { exit(1) }
    remotes.append(ForgeRemote(connection, owner: words.owner, name: words.name, storeID: store))
}
let position = try await remotes[0].newest().position
// Dialled before the clock starts.
for remote in remotes { _ = try await remote.newest() }

let began = ContinuousClock.now
let end = began + .seconds(words.seconds)
let times = try await withThrowingTaskGroup(of: [Double].self) { group in
    for number in 0..<words.clients {
        let remote = remotes[number % remotes.count]
        group.addTask {
            var client = LoadClient(number, remote)
            return try await client.run(until: end, from: position)
        }
    }
    var all: [Double] = []
    for try await some in group { all += some }
    return all.sorted()
}
let took = (ContinuousClock.now - began).components
let seconds = Double(took.seconds) + Double(took.attoseconds) / 1e18
func at(_ part: Double) -> Double { times[min(times.count - 1, Int(Double(times.count) * part))] }
print(
    String(
        format: #"{"landings": %d, "a_second": %.1f, "p50": %.1f, "p99": %.1f}"#, times.count,
        Double(times.count) / seconds, at(0.5), at(0.99)))
for remote in remotes { await remote.close() }
