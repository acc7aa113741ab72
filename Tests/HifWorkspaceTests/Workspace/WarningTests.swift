import HifCore
import HifRepository
import HifWorkspace
import Support
import Testing

@Suite struct WarningTests {
    @Test func `before landing, landings since the base that touch the same paths are named`()
        async throws
    {
        let store = try await TestStore()
        let directory = TemporaryDirectory()
        let first = try await store.workspace(directory, name: "a", seed: 1)
        let second = try await store.workspace(directory, name: "b", seed: 2)
        try first.put("d/one", "1")
        try first.put("d/two", "2")
        #expect(try await first.landAll("Begin") == 1)
        _ = try await second.changing { try await second.update() }
        try second.put("d/one", "mine")
        func warning(limit: Int = 10) async throws -> RemoteWarning {
            try await second.remoteWarning(of: try second.status().changes, limit: limit)
        }
        #expect(try await warning().landings.isEmpty)

        try first.put("d/two", "theirs")
        #expect(try await first.landAll("Elsewhere") == 2)
        try first.put("d/one", "theirs")
        #expect(try await first.landAll("Here") == 3)
        try first.put("d/one", "theirs again")
        #expect(try await first.landAll("Here again") == 4)
        let found = try await warning()
        #expect(found.position == 4)
        #expect(found.landings.map(\.position) == [4, 3])
        #expect(try await warning(limit: 1).landings.map(\.position) == [4])
        try second.put("d/two", "mine")
        #expect(try await warning().landings.map(\.position) == [4, 3, 2])
        #expect(try await warning(limit: 2).landings.map(\.position) == [4, 3])
    }
}
