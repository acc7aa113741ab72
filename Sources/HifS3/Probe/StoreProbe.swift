package import HifStore

/// Asks a store to prove that it keeps what the log relies on, before anything is written to it.
///
/// A store whose conditional writes are not what they say loses landings in silence, and no later check
/// brings them back. So the probe races writers against each other on keys of its own, the way in which
/// stores were found wanting: with bodies that overlap in time, of both sizes that stores treat
/// differently, over every endpoint. docs/design/0010-s3.md says which defects each part comes from.
///
/// It proves nothing: a race that went well may go wrong tomorrow. What it finds is certain.
package struct StoreProbe: Sendable {
    package enum Extent: Sendable {
        /// Some twenty requests: at each start of a server.
        case quick
        /// Some 450 requests and 200 MB: when a store is set up or was upgraded.
        case full

        var racers: Int { self == .quick ? 8 : 32 }
        var rounds: Int { self == .quick ? 1 : 3 }
        var sizes: [Int] { self == .quick ? [1 << 10] : [1 << 10, 1 << 20] }
    }

    /// What one part of the probe found.
    package struct Finding: Hashable, Sendable {
        package enum Verdict: String, Hashable, Sendable {
            case passed = "ok"
            /// Worth knowing, and no reason not to use the store.
            case noted = "note"
            case failed
        }

        /// As docs/design/0010-s3.md numbers the parts.
        package let letter: String
        package let name: String
        package let verdict: Verdict
        /// What was seen, in a sentence.
        package let detail: String
    }

    /// Tries of a part that the store did not answer. Silence says nothing about what it keeps, and a
    /// server that starts while the network is bad has to come up.
    private static let triesMax = 5

    private let stores: [any ObjectStore]
    private let root: String

    /// - Parameters:
    ///   - stores: the same storage through each of its endpoints; at least one.
    ///   - prefix: what comes before every key of the store that is probed.
    ///   - nonce: drawn anew for each probe, so that two at a time do not meet.
    package init(_ stores: [any ObjectStore], prefix: ObjectKey?, nonce: UInt64) {
        precondition(!stores.isEmpty, "there is a store to probe")
        self.stores = stores
        root = (prefix.map { "\($0)/" } ?? "") + "probe/" + String(nonce, radix: 16)
    }

    /// Hands over each finding as it is made.
    ///
    /// - Returns: whether nothing failed.
    package func run(
        _ extent: Extent, _ deliver: (Finding) async -> Void = { _ in }
    ) async -> Bool {
        var isFit = true
        func done(_ finding: Finding) async {
            await deliver(finding)
            if finding.verdict == .failed { isFit = false }
        }
        for finding in await facts() { await done(finding) }
        // Without an answer to the first question the others only repeat why.
        guard isFit else { return false }
        for finding in await basics() { await done(finding) }
        guard isFit else {
            await cleanUp()
            return false
        }
        let isHolding = stores.allSatisfy { $0 is S3Store }
        for size in extent.sizes {
            let words = size < 1 << 20 ? "1 KB" : "1 MB"
            if extent == .full || !isHolding {
                await done(
                    await race(extent, size, "a", "one winner among racers, \(words)", holds: false)
                )
            }
            if isHolding {
                await done(
                    await race(
                        extent, size, "b", "the same with bodies half sent, \(words)", holds: true))
            }
        }
        await done(
            Finding(
                letter: "c", name: "every endpoint took part", verdict: .passed,
                detail: stores.count == 1 ? "there is one" : "\(stores.count) of them"))
        if extent == .full { await done(await counting()) }
        await cleanUp()
        return isFit
    }

    private func key(_ name: String) -> ObjectKey { ObjectKey(root + "/" + name) }

    // MARK: h, i: what the bucket says of itself

    private func facts() async -> [Finding] {
        guard let store = stores[0] as? S3Store else { return [] }
        let facts: S3Store.Facts
        do {
            facts = try await trying { _ throws(StoreError) in try await store.facts() }
        } catch {
            return [
                Finding(
                    letter: "h", name: "the bucket answers", verdict: .failed, detail: "\(error)")
            ]
        }
        let isAWS = store.settings.endpoint == nil
        let versions =
            switch facts.isVersioned {
            case true? where isAWS:
                Finding(
                    letter: "h", name: "versions", verdict: .noted,
                    detail: "the bucket keeps old versions: never delete anything below log/")
            case true?:
                Finding(
                    letter: "h", name: "versions", verdict: .failed,
                    detail:
                        "the bucket keeps old versions, which breaks conditional writes on stores "
                        + "other than AWS: switch it off, or take a bucket without")
            case false?:
                Finding(
                    letter: "h", name: "versions", verdict: .passed,
                    detail: "the bucket keeps no old versions")
            case nil:
                Finding(
                    letter: "h", name: "versions", verdict: .noted,
                    detail: "the store does not say whether the bucket keeps old versions")
            }
        let isGoogleFine = !facts.isGoogle || store.settings.dialect == .gcs
        return [
            versions,
            Finding(
                letter: "i", name: "dialect", verdict: isGoogleFine ? .passed : .failed,
                detail: isGoogleFine
                    ? "spoken to as \(store.settings.dialect.rawValue)"
                    : "this is Google's, which overlooks If-None-Match: say --s3-dialect gcs"),
        ]
    }

    // MARK: e, f, g: one writer

    private func basics() async -> [Finding] {
        let store = stores[0]
        let reader = stores.last ?? store
        var findings: [Finding] = []
        func check(
            _ letter: String, _ name: String,
            _ work: (_ directory: String) async throws(StoreError) -> String?
        ) async {
            var trouble: String?
            do throws(StoreError) {
                // On keys of its own each time: what was tried before may arrive yet.
                trouble = try await trying { attempt throws(StoreError) in
                    try await work("\(letter)-\(attempt)")
                }
            } catch {
                trouble = "\(error)"
            }
            findings.append(
                Finding(
                    letter: letter, name: name, verdict: trouble == nil ? .passed : .failed,
                    detail: trouble ?? "as it should be"))
        }
        await check("f", "a write is seen at once") { directory throws(StoreError) in
            let key = key(directory + "/one/slot")
            try await make(key, [1, 2, 3])
            guard try await reader.get(key).bytes == [1, 2, 3] else {
                return "other bytes came back"
            }
            // A key that a store which keeps directories would put elsewhere.
            let other = self.key(directory + "/one-more")
            try await make(other, [1])
            let page = try await reader.list(
                prefix: "\(root)/\(directory)/", after: nil, limit: 1_000)
            guard page.objects.map(\.key) == [other, key] else {
                return "a listing shows \(page.objects.map(\.key)) in place of both that are there"
            }
            return nil
        }
        await check("e", "what exists is not overwritten") { directory throws(StoreError) in
            let key = key(directory)
            try await make(key, [1, 2, 3])
            do throws(StoreError) {
                _ = try await store.put(key, [4], .ifAbsent)
                return "a write that wanted no object there succeeded over one"
            } catch {
                guard error.code == .preconditionFailed || error.code == .conflict else {
                    throw error
                }
            }
            guard try await reader.get(key).bytes == [1, 2, 3] else {
                return "it says so, and has overwritten it all the same"
            }
            return nil
        }
        await check("g", "what was deleted can be made again") { directory throws(StoreError) in
            let key = key(directory)
            try await make(key, [1])
            try await store.delete(key)
            guard try await reader.getIfPresent(key) == nil else { return "it is still there" }
            try await make(key, [5])
            return try await reader.get(key).bytes == [5] ? nil : "other bytes came back"
        }
        return findings
    }

    /// Makes an object that nobody else makes.
    private func make(_ key: ObjectKey, _ bytes: [UInt8]) async throws(StoreError) {
        do throws(StoreError) {
            _ = try await stores[0].put(key, bytes, .ifAbsent)
        } catch {
            // A proxy that sent the request twice tells of the second.
            guard error.code == .preconditionFailed,
                try await stores[0].getIfPresent(key)?.bytes == bytes
            else { throw error }
        }
    }

    /// Does `work`, and again while the store does not answer.
    private func trying<Value>(
        _ work: (_ attempt: Int) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        var attempt = 1
        while true {
            do throws(StoreError) {
                return try await work(attempt)
            } catch {
                let isSilence =
                    error.code == .unknown || error.code == .throttled || error.code == .conflict
                guard isSilence, attempt < StoreProbe.triesMax else { throw error }
                attempt += 1
            }
        }
    }

    // MARK: a, b, d: many writers

    private func race(
        _ extent: Extent, _ size: Int, _ letter: String, _ name: String, holds: Bool
    ) async -> Finding {
        for round in 0..<extent.rounds {
            let key = key("race-\(letter)/\(size)/\(round)")
            if let trouble = await raceOnce(key, racers: extent.racers, size: size, holds: holds) {
                return Finding(letter: letter, name: name, verdict: .failed, detail: trouble)
            }
        }
        return Finding(
            letter: letter, name: name, verdict: .passed,
            detail: "\(extent.racers) writers, \(extent.rounds) times")
    }

    /// - Returns: what went wrong; nil when all is well.
    private func raceOnce(
        _ key: ObjectKey, racers: Int, size: Int, holds: Bool
    ) async -> String? {
        let gate = Gate(racers)
        let outcomes = await withTaskGroup(of: (Int, StoreError?).self) { group in
            for racer in 0..<racers {
                let store = stores[racer % stores.count]
                group.addTask {
                    let body = StoreProbe.body(of: racer, size: size)
                    do throws(StoreError) {
                        if holds, let store = store as? S3Store {
                            _ = try await store.put(key, body, .ifAbsent) { await gate.wait() }
                        } else {
                            _ = try await store.put(key, body, .ifAbsent)
                        }
                        return (racer, nil)
                    } catch {
                        // Whoever failed early must not keep the others waiting.
                        gate.arrive()
                        return (racer, error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let winners = outcomes.filter { $0.1 == nil }.map(\.0).sorted()
        guard winners.count <= 1 else {
            return "\(winners.count) of \(racers) writers were told that they made the object"
        }
        if let error = outcomes.lazy.compactMap(\.1).first(where: { $0.code == .refused }) {
            return "a writer was refused: \(error)"
        }
        do throws(StoreError) {
            let there = try await trying { _ throws(StoreError) in try await stores[0].get(key) }
                .bytes
            // Without a winner it is one whose answer was lost, or came of a request sent twice.
            let candidates = winners.isEmpty ? Array(0..<racers) : winners
            guard candidates.contains(where: { StoreProbe.body(of: $0, size: size) == there })
            else {
                return "the object holds something else than what its writer was told"
            }
            return nil
        } catch {
            return "of \(racers) writers none made the object, or it cannot be read: \(error)"
        }
    }

    /// Alike but for both ends, so that a mixture of two shows.
    private static func body(of racer: Int, size: Int) -> [UInt8] {
        [UInt8(racer)] + [UInt8](repeating: 7, count: size - 2) + [UInt8(racer)]
    }

    // MARK: Replacing

    /// Five writers count to twenty by `ifMatch`. The log does without; so a failure is a note.
    private func counting() async -> Finding {
        let key = key("counter")
        let trouble = await withTaskGroup(of: String?.self) { group in
            do throws(StoreError) {
                _ = try await stores[0].put(key, [0], .ifAbsent)
            } catch {
                return Optional("\(error)")
            }
            for writer in 0..<5 {
                let store = stores[writer % stores.count]
                group.addTask { await StoreProbe.count(key, 4, in: store) }
            }
            var trouble: String?
            for await failure in group { trouble = trouble ?? failure }
            if let trouble { return trouble }
            let bytes = try? await stores[0].get(key).bytes
            return bytes == [20]
                ? nil : "20 additions made \(bytes?.first.map { "\($0)" } ?? "nothing")"
        }
        return Finding(
            letter: "j", name: "replacing one version only (If-Match)",
            verdict: trouble == nil ? .passed : .noted,
            detail: trouble.map { "\($0); nothing here needs it" } ?? "five writers, 20 additions")
    }

    private static func count(
        _ key: ObjectKey, _ times: Int, in store: any ObjectStore
    ) async -> String? {
        var done = 0
        for _ in 0..<200 where done < times {
            do throws(StoreError) {
                let object = try await store.get(key)
                guard let value = object.bytes.first else { return "an empty object" }
                _ = try await store.put(key, [value + 1], .ifMatch(object.etag))
                done += 1
            } catch {
                guard error.code == .preconditionFailed || error.code == .conflict else {
                    return "\(error)"
                }
            }
        }
        return done == times ? nil : "a writer did not get through in 200 tries"
    }

    // MARK: Afterwards

    /// Removes what the probe wrote, as far as it can; what stays says by its name what it is.
    private func cleanUp() async {
        guard let entries = try? await stores[0].listAll(prefix: root + "/") else { return }
        for entry in entries { try? await stores[0].delete(entry.key) }
    }
}
