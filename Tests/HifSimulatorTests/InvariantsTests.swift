import HifCore
import Testing

@testable import HifSimulator

/// The judgement about lost lines has to be right itself, in both directions.
@Suite struct InvariantsTests {
    private var contents: [Hash: [UInt8]] = [:]

    private mutating func leaf(_ text: String) -> Leaf {
        let bytes = Array(text.utf8)
        let hash = Blake3.hash(bytes)
        contents[hash] = bytes
        return Leaf(kind: .file, size: UInt64(bytes.count), hash: hash)
    }

    /// What is said of a landing that makes `after` of `before`.
    private func judged(_ before: [String: Leaf], _ after: [String: Leaf]) throws -> String? {
        var invariants = Invariants()
        var files: [RepoPath: Leaf] = [:]
        for (path, leaf) in after { files[try RepoPath(path)] = leaf }
        for path in Set(before.keys).union(after.keys).sorted() where before[path] != after[path] {
            invariants.add(
                HifCore.Operation(
                    path: try RepoPath(path), before: before[path], after: after[path]), contents)
        }
        return invariants.violation(in: files, contents)
    }

    @Test mutating func `a line that is in no file any more is lost`() throws {
        let (both, one) = (leaf("t1-1\nt2-2\n"), leaf("t1-1\n"))
        #expect(try judged(["a": both], ["a": one]) == "I6: line t2-2 is lost")
        #expect(
            try judged(["a": one, "b": both], ["b": leaf("t2-2\n")]) == "I6: line t1-1 is lost")
    }

    @Test mutating func `a renaming loses nothing`() throws {
        let file = leaf("t1-1\n")
        #expect(try judged(["a": file], ["b": file]) == nil)
    }

    @Test mutating func `a copy renamed onto another loses but the double`() throws {
        let (first, second) = (leaf("t1-1\n"), leaf("t1-1\nt0-1\n"))
        #expect(try judged(["r/1": first, "o/1": second], ["r/1": second]) == nil)
        // Where the first is the same already, it is not even in the landing.
        #expect(try judged(["r/1": first, "o/1": first], ["r/1": first]) == nil)
        #expect(
            try judged(["r/1": first, "o/1": second], ["r/1": first]) == "I6: line t0-1 is lost")
    }
}
