import Foundation
import HifCore
import Support
import Testing

/// Compares with Debian's `b3sum`, an implementation of other people.
@Suite struct Blake3OracleTests {
    private static let b3sum = URL(filePath: "/usr/bin/b3sum")

    @Test func `b3sum agrees on files of random sizes`() throws {
        guard FileManager.default.isExecutableFile(atPath: Self.b3sum.path) else {
            print("skipped: b3sum is not installed; `make deps` installs it")
            return
        }
        let seed: UInt64 = 0x0B35
        var generator = SeededGenerator(seed: seed)
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "hif-b3sum-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }

        var expected: [String] = []
        var paths: [String] = []
        for (index, limit) in [1, 70, 1_025, 9_000, 70_000, 600_000].enumerated() {
            for part in 0..<4 {
                let bytes = generator.bytes(Int.random(in: 0...limit, using: &generator))
                let file = folder.appending(path: "\(index)-\(part)")
                try Data(bytes).write(to: file)
                paths.append(file.path)
                expected.append(Blake3.hash(bytes).hex)
            }
        }
        let process = Process()
        process.executableURL = Self.b3sum
        process.arguments = ["--no-names"] + paths
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(text.split(separator: "\n").map(String.init) == expected, "seed \(seed)")
    }
}
