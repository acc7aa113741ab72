import HifCore

/// The stream that `git fast-import` reads (`git help fast-import`): commands as lines, contents
/// with their length ahead.
struct FastImport {
    private let input: GitInput

    init(_ input: GitInput) throws {
        self.input = input
        // Without a final `done`, a stream that breaks off would count as complete.
        try input.write("feature done\n")
    }

    /// Begins a blob that later commands name `:mark`; `size` bytes must follow by `content`, then
    /// `endContent`.
    func beginBlob(mark: Int, size: UInt64) throws {
        try input.write("blob\nmark :\(mark)\ndata \(size)\n")
    }

    func content(_ piece: [UInt8]) throws {
        try input.write(piece)
    }

    func endContent() throws {
        try input.write("\n")
    }

    /// Begins a commit on top of what `branch` is; changes follow.
    func beginCommit(branch: String, author: GitPerson, committer: GitPerson, message: [UInt8])
        throws
    {
        try input.write("commit refs/heads/\(branch)\n")
        try person("author", author)
        try person("committer", committer)
        try data(message)
    }

    func remove(_ path: RepoPath) throws {
        try input.write("D " + FastImport.quote(path.bytes) + "\n")
    }

    /// - Parameter object: a mark or, for a submodule, forty digits.
    func set(_ path: RepoPath, mode: UInt32, object: String) throws {
        try input.write(
            "M \(String(mode, radix: 8)) \(object) " + FastImport.quote(path.bytes) + "\n")
    }

    func endCommit() throws {
        try input.write("\n")
    }

    /// A tag of the commit that `branch` is now.
    func tag(_ name: [UInt8], annotation: GitTag.Annotation?, branch: String) throws {
        guard let annotation else {
            try input.write(Array("reset refs/tags/".utf8) + name)
            try input.write("\nfrom refs/heads/\(branch)\n\n")
            return
        }
        try input.write(Array("tag ".utf8) + name)
        try input.write("\nfrom refs/heads/\(branch)\n")
        if let tagger = annotation.tagger { try person("tagger", tagger) }
        try data(annotation.message)
    }

    func done() throws {
        try input.write("done\n")
    }

    private func data(_ bytes: [UInt8]) throws {
        try input.write("data \(bytes.count)\n")
        try input.write(bytes)
        try input.write("\n")
    }

    /// The stream has no way to quote people: what would end a field is left out of it.
    private func person(_ role: String, _ person: GitPerson) throws {
        func clean(_ bytes: [UInt8]) -> [UInt8] {
            bytes.filter {
                $0 != 0 && $0 != 0x0A && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ">")
            }
        }
        let name = clean(person.name)
        var line = Array("\(role) ".utf8) + name
        if !name.isEmpty { line.append(UInt8(ascii: " ")) }
        line += Array("<".utf8) + clean(person.email)
        // Git has no time before 1970.
        line += Array("> \(max(0, person.seconds)) ".utf8)
        let isZone =
            (person.zone.first == UInt8(ascii: "+") || person.zone.first == UInt8(ascii: "-"))
            && (5...9).contains(person.zone.count)
            && GitPerson.number(person.zone.dropFirst()) != nil
        line += isZone ? person.zone : Array("+0000".utf8)
        line.append(0x0A)
        try input.write(line)
    }

    /// C-style quotes, with everything that is not plain in octal.
    static func quote(_ path: [UInt8]) -> String {
        var result = "\""
        for byte in path {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0..<0x20, 0x7F...0xFF:
                let digits = String(byte, radix: 8)
                result += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
            default:
                result.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return result + "\""
    }
}
