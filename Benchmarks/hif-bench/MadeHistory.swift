import Foundation
import HifCore
import HifRepository

/// A history of any length, the same for the same numbers: what landing n did follows from n alone,
/// so that it need not be kept to be compared with.
///
/// Some files are touched all the time and most hardly ever (Zipf's law, over files in a scattered
/// order), and a landing touches files near each other.
struct MadeHistory {
    let files: Int
    static let filesPerDirectory = 8

    func path(_ file: Int) -> RepoPath {
        let directory = file / MadeHistory.filesPerDirectory
        let text =
            "part\(directory % 23)/area\(directory / 23 % 29)/group\(directory / 667 % 13)"
            + "/unit\(directory)/file\(file).swift"
        return try! RepoPath(text)
    }

    /// The files that landing `number` changes, ascending by path.
    func paths(_ number: UInt64) -> [RepoPath] {
        var random = SplitMix(state: number &* 0x9E37_79B9 &+ 17)
        let count = 1 + random.below(6)
        let first = hot(&random)
        var chosen: Set<Int> = [first]
        for _ in 1..<max(2, count) where count > 1 {
            // Three of four beside the first, the others anywhere.
            if random.below(4) == 0 {
                chosen.insert(hot(&random))
            } else {
                let start = first / MadeHistory.filesPerDirectory * MadeHistory.filesPerDirectory
                chosen.insert(min(files - 1, start + random.below(MadeHistory.filesPerDirectory)))
            }
        }
        return chosen.map(path).sorted()
    }

    /// A file by Zipf's law with exponent 1: the rank's logarithm is uniform.
    func hot(_ random: inout SplitMix) -> Int {
        let share = Double(random.below(1 << 30)) / Double(1 << 30)
        let rank = min(files - 1, Int(pow(Double(files), share)) - 1)
        // Neighbours in rank are no neighbours in the tree.
        return Int(UInt64(max(0, rank)) &* 2_654_435_761 % UInt64(files))
    }

    func session(_ number: UInt64) -> SessionID {
        SessionID(
            Hash(word0: number &* 0x9E37_79B9_7F4A_7C15, word1: number, word2: 3, word3: 4))
    }

    func author(_ number: UInt64) -> Author {
        let person = number % 500
        return Author(
            account: "user\(person)", agent: number % 3 == 0 ? "helper" : "",
            name: "User \(person)", email: "user\(person)@example.org")
    }

    func landing(_ number: UInt64) -> Landing {
        let operations = paths(number).map { path in
            LandedOperation(
                HifCore.Operation(
                    path: path, before: nil,
                    after: Leaf(
                        kind: .file, size: number,
                        hash: Hash(word0: number, word1: 1, word2: 2, word3: 3))),
                location: nil)
        }
        return Landing(
            session: session(number), author: author(number), goalLine: "Change number \(number)",
            startedMillis: Int64(number), landedMillis: Int64(number), sourceDigest: .zero,
            landedDigest: .zero, createdPosition: number - 1, eventCount: 0, packs: [],
            document: nil, mergedPaths: [], operations: .inline(operations))
    }
}
