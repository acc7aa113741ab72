import HifCore
import Support

/// Seeded pairs of trees that differ in every way a patch can express: additions, deletions, edits,
/// modes, kinds, binary and empty files, under names no shell is happy with.
struct ChangeGenerator {
    private var text: TextGenerator

    init(seed: UInt64) {
        text = TextGenerator(seed: seed)
    }

    typealias State = [RepoPath: UnifiedDiff.File]

    private static let names: [[UInt8]] = [
        Array("plain".utf8), Array("with space".utf8), Array(" leading".utf8),
        Array("trailing ".utf8), Array("quo\"te".utf8), Array("back\\slash".utf8),
        Array("new\nline".utf8), Array("tab\there".utf8), Array("gr\u{FC}n \u{1F331}".utf8),
        [0xFF, 0xFE, 0x41], Array("-dash".utf8), Array("a b".utf8) + [0x80], Array("b/".utf8) + [1],
        Array("a/b/c".utf8), Array("dev/null".utf8), Array("\u{7F}".utf8), Array("'$(x)`".utf8),
    ]

    mutating func states() throws -> (old: State, new: State) {
        var old: State = [:]
        var new: State = [:]
        for number in 0..<24 {
            let name = Self.names[text.below(Self.names.count)]
            let path = try RepoPath(Array("d\(number)/".utf8) + name)
            let before = file(path)
            switch text.below(6) {
            case 0: new[path] = before
            case 1: old[path] = before
            case 2:
                old[path] = before
                new[path] = file(path)
            default:
                old[path] = before
                new[path] = edited(before)
            }
        }
        // A file that becomes a directory, and one that takes a directory's place.
        let (first, second) = (try RepoPath("swap1"), try RepoPath("swap2"))
        old[first] = file(first)
        new[try first.appending([65])] = file(try first.appending([65]))
        old[try second.appending([65])] = file(try second.appending([65]))
        new[second] = file(second)
        return (old, new)
    }

    private mutating func file(_ path: RepoPath) -> UnifiedDiff.File {
        let mode: GitFileMode = [.file, .file, .file, .executable, .symlink][text.below(5)]
        let content: [UInt8]
        switch text.below(6) {
        case _ where mode == .symlink: content = Array("../target \(text.below(50))".utf8)
        case 0: content = []
        case 1: content = binary()
        default: content = text.bytes(text.lines(text.below(40) + 1))
        }
        return UnifiedDiff.File(path: path, mode: mode, content: content)
    }

    private mutating func binary() -> [UInt8] {
        let count = [1, 51, 52, 53, 300, 66_000][text.below(6)]
        return [0] + text.random.bytes(count)
    }

    private mutating func edited(_ file: UnifiedDiff.File) -> UnifiedDiff.File {
        if file.mode == .symlink {
            return UnifiedDiff.File(
                path: file.path, mode: .symlink, content: file.content + Array("x".utf8))
        }
        let modes: [GitFileMode] = [file.mode, file.mode, .file, .executable]
        let mode = modes[text.below(4)]
        if !TextLines.isText(file.content) {
            return UnifiedDiff.File(path: file.path, mode: mode, content: file.content + [1])
        }
        let lines = String(decoding: file.content, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let edits = text.below(5)
        let content = text.bytes(text.edited(lines, edits: edits))
        return UnifiedDiff.File(path: file.path, mode: mode, content: content)
    }
}
