import Foundation
import HifCore
import HifRemote
import HifRepository
import HifWorkspace
import Testing

@testable import MicelioForge

extension TestServer {
    /// Lands files as hif does: of any kind and size, which the API does not take.
    func plant(
        _ project: String, token: String,
        _ files: [(path: String, bytes: [UInt8], kind: Leaf.Kind)]
    ) async throws {
        try await connected(token) { connection in
            let remote = try remote(project, connection)
            var generator = SystemRandomNumberGenerator()
            var writer = ContentWriter(
                packs: PackSequence(packBytesTarget: 8 << 20) {
                    PackNonce(
                        high: .random(in: 0 ... .max), low: .random(in: 0 ... .max))
                })
            var operations: [HifCore.Operation] = []
            for file in files.sorted(by: { $0.path < $1.path }) {
                let stored = try writer.add(file.bytes)
                operations.append(
                    HifCore.Operation(
                        path: try RepoPath(file.path), before: nil,
                        after: Leaf(kind: file.kind, size: stored.size, hash: stored.id)))
            }
            writer.packs.seal()
            var packs: [Hash] = []
            while let pack = writer.packs.takeSealed() {
                packs.append(try await remote.upload(pack))
            }
            let outcome = try await remote.land(
                LandRequest(
                    session: SessionID(from: &generator), author: Author(account: "", name: ""),
                    goal: "Plant", startedMillis: 1,
                    createdPosition: try await remote.newest().position, operations: operations,
                    uploadedPacks: packs))
            guard case .landed = outcome else { throw ForgeError.invalid("not landed: \(outcome)") }
        }
    }
}
