import Foundation
import HifCore
import Testing

@testable import HifWorkspace

/// A directory for one test, removed with it.
final class ScratchDirectory: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/hif-git-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }
}

/// The repository of `Scripts/make-odd-repository`, small, made once for all tests of this run.
enum OddRepository {
    static let directory = Result { try make() }

    static var source: GitSource {
        get throws { try GitSource.open(path: try directory.get()("odd")) }
    }

    private static func make() throws -> ScratchDirectory {
        let scratch = try ScratchDirectory()
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        let script = root.appendingPathComponent("Scripts/make-odd-repository")
        try run(
            script.path, scratch("odd"), "--commits", "40", "--files", "60", "--big-file-mb", "2")
        return scratch
    }
}

/// Runs a program to its end; a failure is the test's.
@discardableResult
func run(_ program: String, _ arguments: String..., input: [UInt8] = []) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    var environment = ProcessInfo.processInfo.environment
    for who in ["AUTHOR", "COMMITTER"] {
        environment["GIT_\(who)_NAME"] = "A"
        environment["GIT_\(who)_EMAIL"] = "a@example.org"
        environment["GIT_\(who)_DATE"] = "1600000000 +0100"
    }
    environment["GIT_CONFIG_GLOBAL"] = "/dev/null"
    process.environment = environment
    let output = Pipe()
    process.standardOutput = output
    let source = Pipe()
    process.standardInput = source
    try process.run()
    try source.fileHandleForWriting.write(contentsOf: input)
    try source.fileHandleForWriting.close()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(program) \(arguments)")
    return Array(data)
}

/// Keeps contents in memory, under a name that is good enough for a test: two sums of
/// its words. It stands in for the store and its hash.
struct MemorySink: GitBlobSink, Sendable {
    var contents: [Hash: [UInt8]] = [:]
    var begun = 0
    var checkpoints = 0
    /// Throws once this many blobs are finished, as a full disk would.
    var failsAfter = Int.max
    private var current: [UInt8] = []
    private var expected: UInt64 = 0

    struct Full: Error {}

    static func hash(_ bytes: [UInt8]) -> Hash {
        var words: (UInt64, UInt64) = (UInt64(bytes.count), 2)
        bytes.withUnsafeBytes { raw in
            var offset = 0
            while offset < raw.count {
                var word: UInt64 = 0
                withUnsafeMutableBytes(of: &word) {
                    $0.copyMemory(from: .init(rebasing: raw[offset..<min(offset + 8, raw.count)]))
                }
                words.0 = (words.0 ^ word) &* 0x100_0000_01B3
                words.1 = (words.1 &+ word).byteSwapped &* 0x9E37_79B9_7F4A_7C15
                offset += 8
            }
        }
        return Hash(word0: words.0, word1: words.1, word2: ~words.0, word3: ~words.1)
    }

    mutating func begin(size: UInt64) throws {
        guard contents.count < failsAfter else { throw Full() }
        current = []
        expected = size
        begun += 1
    }

    mutating func write(_ piece: [UInt8]) throws {
        #expect(!piece.isEmpty && piece.count <= 256 << 10)
        current += piece
    }

    mutating func finish() throws -> Hash {
        #expect(UInt64(current.count) == expected)
        let hash = MemorySink.hash(current)
        contents[hash] = current
        return hash
    }

    mutating func checkpoint(_ map: GitBlobMap) throws {
        checkpoints += 1
    }
}

/// Everything read from a repository, and the in-memory tree after each commit.
struct ImportedLine: Sendable {
    var line: GitLine
    var map = GitBlobMap()
    var sink = MemorySink()
    var steps: [GitStep] = []
    var operations: [[GitOperation]] = []
    var report = GitReport()

    /// The odd repository, read once for all tests.
    static let whole = Task { try await read(try OddRepository.source) }

    static func read(_ source: GitSource, from first: Int = 0) async throws -> ImportedLine {
        var result = ImportedLine(line: try GitLine(of: source))
        let needs = try GitBlobNeeds(source, line: result.line)
        try await source.readBlobs(needs, into: &result.sink, map: &result.map)
        let history = try GitHistory(source, line: result.line, from: first)
        var mapper = GitMapper(result.map)
        while let step = try history.next() {
            result.operations.append(try mapper.operations(of: step))
            result.steps.append(step)
        }
        result.report = mapper.report
        return result
    }
}

/// Applies operations to a flat map of paths as strictly as a tree would: what an operation
/// replaces must be there, and a path is a file or a directory, never both.
struct ModelTree {
    var files: [RepoPath: Leaf] = [:]

    mutating func apply(_ operations: [GitOperation], _ note: Comment) {
        for operation in operations {
            #expect(files[operation.path] == operation.before, note)
            files[operation.path] = operation.after
            guard operation.after != nil else { continue }
            for ancestor in operation.path.ancestors {
                #expect(files[ancestor] == nil, "\(ancestor) is a file")
            }
        }
        // Afterwards, not while it goes: what goes comes first, and then nothing is in the way.
        let directories = Set(files.keys.flatMap(\.ancestors))
        #expect(directories.isDisjoint(with: files.keys), note)
    }
}
