import Glibc

/// A repository of any size, the same for the same numbers on every machine: text files of one to
/// twelve kilobytes in directories of fifty, half of them there from the first commit, the rest
/// added over the following ones, each of which also edits a line of two files.
struct Generator {
    let files: Int
    let commits: Int
    private var random = SplitMix(state: 0x6869_66)
    /// How often each file was edited.
    private var versions: [UInt32] = []

    init(files: Int, commits: Int) {
        self.files = files
        self.commits = max(2, commits)
    }

    static func path(_ file: Int) -> String {
        let directory = file / 50
        return "src/part\(directory / 40)/unit\(directory % 40)/file\(file).txt"
    }

    /// Writes the stream for `git fast-import` to `path`.
    mutating func write(to path: String) throws {
        guard let output = fopen(path, "w") else {
            throw Child.Failed(description: "cannot write \(path)")
        }
        defer { fclose(output) }
        func put(_ text: String) { fputs(text, output) }
        func putFile(_ file: Int, _ version: UInt32) {
            let content = Generator.content(file, version)
            put("M 100644 inline \(Generator.path(file))\ndata \(content.count)\n")
            content.withUnsafeBytes { _ = fwrite($0.baseAddress, 1, $0.count, output) }
            put("\n")
        }
        let first = files / 2
        for commit in 0..<commits {
            let time = 1_600_000_000 + commit * 300
            let author = commit % 7
            put("commit refs/heads/main\nmark :\(commit + 1)\n")
            put("author Author \(author) <author\(author)@example.org> \(time) +0100\n")
            put("committer Author \(author) <author\(author)@example.org> \(time) +0100\n")
            let message = "Change number \(commit)\n\nBecause of reason \(commit % 97).\n"
            put("data \(message.utf8.count)\n\(message)\n")
            if commit == 0 {
                for file in 0..<first { putFile(file, 0) }
                versions = [UInt32](repeating: 0, count: first)
                continue
            }
            let wanted = first + (files - first) * commit / (commits - 1)
            for file in versions.count..<max(wanted, versions.count) {
                putFile(file, 0)
                versions.append(0)
            }
            var edited = -1
            for _ in 0..<2 {
                // Some files change often, most hardly ever.
                let span = random.below(4) == 0 ? versions.count : max(1, versions.count / 50)
                let file = random.below(span)
                if file == edited { continue }
                edited = file
                versions[file] += 1
                putFile(file, versions[file])
            }
        }
        put("done\n")
    }

    /// Lines of words; each version has other numbers in one line.
    private static func content(_ file: Int, _ version: UInt32) -> [UInt8] {
        var random = SplitMix(state: UInt64(file) &* 0x9E37_79B9)
        let lines = 20 + random.below(random.below(10) == 0 ? 280 : 80)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(lines * 45)
        for line in 0..<lines {
            for _ in 0..<6 {
                bytes += words[random.below(words.count)]
                bytes.append(0x20)
            }
            // Edit k touches line 7k; the others keep what they got.
            var edits = 0
            if version > 0 {
                for edit in 1...Int(version) where edit * 7 % lines == line { edits = edit }
            }
            bytes += Array("\(file).\(line).\(edits)\n".utf8)
        }
        return bytes
    }

    private static let words: [[UInt8]] = [
        "let", "value", "of", "the", "return", "position", "guard", "session", "state", "reader",
        "index", "count", "import", "struct", "throws", "where", "bytes", "offset", "landing", "if",
        "else", "func", "init", "self", "private", "path", "tree", "node", "leaf", "merge",
    ].map { Array($0.utf8) }
}

/// Steele, Lea and Flood 2014.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int {
        Int(next() % UInt64(bound))
    }

    /// At least 0, below 1.
    mutating func unit() -> Double {
        Double(next() >> 11) / Double(UInt64(1) << 53)
    }
}
