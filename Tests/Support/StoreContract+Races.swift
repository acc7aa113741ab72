package import HifStore

extension StoreContract {
    static let racing: [Check] = [
        Check("of 32 racing ifAbsent writes exactly one wins") { handles in
            for (round, size) in [8, 8, 8, 8, 1_024, 1_024, 600_000].enumerated() {
                let key = ObjectKey("race/\(round)/slot")
                // Alike but for both ends, so that a mixture of two shows.
                let bodies = (0..<32).map { racer in
                    [UInt8(racer)] + [UInt8](repeating: 7, count: size) + [UInt8(racer)]
                }
                let winners = try await withThrowingTaskGroup(of: Int?.self) { group in
                    for racer in 0..<32 {
                        let store = try handles.make()
                        group.addTask {
                            do {
                                _ = try await store.put(key, bodies[racer], .ifAbsent)
                                return racer
                            } catch let error as StoreError {
                                try require(
                                    error.code == .preconditionFailed || error.code == .conflict,
                                    "a loser got \(error)")
                                return nil
                            }
                        }
                    }
                    return try await group.reduce(into: [Int]()) { winners, racer in
                        if let racer { winners.append(racer) }
                    }
                }
                try require(winners.count == 1, "winners of round \(round): \(winners)")
                try await handles.make().expect(key, holds: bodies[winners[0]])
            }
        },
        Check("five writers that count to ten by ifMatch make fifty") { handles in
            let key = ObjectKey("counter")
            _ = try await handles.make().put(key, [0], .ifAbsent)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<5 {
                    let store = try handles.make()
                    group.addTask {
                        for _ in 0..<10 { try await increment(key, in: store) }
                    }
                }
                try await group.waitForAll()
            }
            try await handles.make().expect(key, holds: [50])
        },
        Check("readers never see a part of an object") { handles in
            let key = ObjectKey("changing")
            // Version v is 30,000 + v bytes, all of them v.
            func version(_ number: Int) -> [UInt8] {
                [UInt8](repeating: UInt8(number), count: 30_000 + number)
            }
            _ = try await handles.make().put(key, version(0), .ifAbsent)
            try await withThrowingTaskGroup(of: Void.self) { group in
                let writer = try handles.make()
                group.addTask {
                    for number in 1...40 { _ = try await writer.put(key, version(number), .none) }
                }
                for _ in 0..<3 {
                    let reader = try handles.make()
                    group.addTask {
                        for _ in 0..<40 {
                            let object = try await reader.get(key)
                            let number = object.bytes.count - 30_000
                            try require(
                                number >= 0 && object.bytes == version(number),
                                "a mixture of versions, or a part of one")
                            await Task.yield()
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await handles.make().expect(key, holds: version(40))
        },
        Check("an object that appears while readers look appears whole") { handles in
            let bytes = patternBytes(300_000)
            for round in 0..<5 {
                let key = ObjectKey("appearing/\(round)")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<3 {
                        let reader = try handles.make()
                        group.addTask {
                            var object: StoredObject?
                            while object == nil {
                                object = try await reader.getIfPresent(key)
                                await Task.yield()
                            }
                            try require(object?.bytes == bytes, "a part of the object")
                        }
                    }
                    let writer = try handles.make()
                    group.addTask { _ = try await writer.put(key, bytes, .ifAbsent) }
                    try await group.waitForAll()
                }
            }
        },
    ]
}

/// Adds one to the single byte at `key` by compare and swap, trying until it succeeds.
///
/// Package, so that a test may run it in several processes.
package func increment(_ key: ObjectKey, in store: any ObjectStore) async throws {
    while true {
        let object = try await store.get(key)
        do {
            _ = try await store.put(key, [object.bytes[0] + 1], .ifMatch(object.etag))
            return
        } catch {
            // Lost: somebody else counted. Any other answer would make the count uncertain.
            guard error.code == .preconditionFailed else { throw error }
            await Task.yield()
        }
    }
}
