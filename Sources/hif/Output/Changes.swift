import HifCore
import HifWorkspace

/// Words and letters for what happened to a path.
enum Changes {
    static func word(before: Leaf?, after: Leaf?) -> String {
        guard let before else { return "added" }
        guard let after else { return "deleted" }
        return before.kind == after.kind ? "modified" : "kind_changed"
    }

    static func letter(_ word: String) -> String {
        switch word {
        case "added": "A"
        case "deleted": "D"
        case "kind_changed": "T"
        default: "M"
        }
    }

    static func json(_ path: RepoPath, before: Leaf?, after: Leaf?) -> [String: JSON] {
        JSON.path(path.bytes) + ["change": .string(word(before: before, after: after))]
    }

    /// `M  src/a.txt`, coloured.
    static func line(_ path: RepoPath, _ word: String, _ console: Console) -> String {
        let letter = letter(word)
        let style: Console.Style =
            switch letter {
            case "A": .green
            case "D": .red
            default: .yellow
            }
        return "\(console.styled(letter, style))  \(path)"
    }

    static func word(_ kind: Leaf.Kind) -> String {
        switch kind {
        case .file: "file"
        case .executable: "executable"
        case .symlink: "symlink"
        case .directory: "directory"
        case .external: "submodule"
        }
    }

    static func count(_ count: Int, _ singular: String, _ plural: String? = nil) -> String {
        "\(count) \(count == 1 ? singular : plural ?? singular + "s")"
    }
}
