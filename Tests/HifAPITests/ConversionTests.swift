import Foundation
import HifAPI
import HifCore
import Support
import SwiftProtobuf
import Testing

@Suite struct ConversionTests {
    @Test(arguments: Leaf.Kind.allCases)
    func `a leaf of every kind goes over the wire and back`(_ kind: Leaf.Kind) throws {
        var generator = SeededGenerator(seed: 3)
        let leaves: [Leaf] =
            kind == .directory
            ? [.directory, .explicitDirectory]
            : [Leaf(kind: kind, size: 7, hash: try #require(Hash(bytes: generator.bytes(32))))]
        for leaf in leaves {
            let bytes: [UInt8] = try leaf.wire.serializedBytes()
            #expect(try Leaf(wire: Micelio_V1_Leaf(serializedBytes: bytes)) == leaf)
        }
    }

    @Test func `leaves that cannot be are refused`() {
        let short = Micelio_V1_Leaf.with { $0.hash = Data([1, 2]) }
        let explicitFile = Micelio_V1_Leaf.with {
            $0.hash = Data(count: 32)
            $0.isExplicit = true
        }
        let sizedDirectory = Micelio_V1_Leaf.with {
            $0.kind = .directory
            $0.size = 1
        }
        let unknown = Micelio_V1_Leaf.with {
            $0.kind = .UNRECOGNIZED(9)
            $0.hash = Data(count: 32)
        }
        for message in [short, explicitFile, sizedDirectory, unknown] {
            #expect(throws: WireError.self) { try Leaf(wire: message) }
        }
    }

    @Test func `paths are checked on the way in`() throws {
        #expect(try RepoPath(wire: Data("src/a.txt".utf8)).wire == Data("src/a.txt".utf8))
        for path in ["", "/etc/passwd", "a//b", "../x", ".git/config", ".HIF/x", "a\0b"] {
            #expect(throws: WireError.self) { try RepoPath(wire: Data(path.utf8)) }
        }
    }

    @Test func `random bytes never trap a message`() {
        for seed in UInt64(0)..<500 {
            var generator = SeededGenerator(seed: seed)
            let bytes = generator.bytes(Int.random(in: 0...200, using: &generator))
            if let message = try? Micelio_V1_Operation(serializedBytes: bytes) {
                _ = try? Leaf(wire: message.before)
                _ = try? RepoPath(wire: message.path)
            }
        }
    }
}
