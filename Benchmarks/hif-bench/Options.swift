/// What the words say.
struct Options {
    var files = 100_000
    var commits = 10_000
    var runs = 3
    var hif = "hif"
    /// Where everything is put; must not exist. It is removed at the end unless `keeps`.
    var directory = "/tmp/hif-bench"
    var keeps = false
    /// Names of the measurements to take; empty for all.
    var only: [String] = []

    static let usage = """
        hif-bench [--files N] [--commits N] [--runs N] [--hif PROGRAM] [--dir DIR] [--keep]
                  [--only import,checkout,status,land,log,diff] [--quick]

        Generates a repository, and measures hif beside git on it. --quick: a tiny one, once.
        """

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        func number(_ word: String?) throws -> Int {
            guard let word, let value = Int(word), value > 0 else {
                throw Child.Failed(description: Options.usage)
            }
            return value
        }
        while let word = rest.popFirst() {
            switch word {
            case "--files": files = try number(rest.popFirst())
            case "--commits": commits = try number(rest.popFirst())
            case "--runs": runs = try number(rest.popFirst())
            case "--hif": hif = rest.popFirst() ?? hif
            case "--dir": directory = rest.popFirst() ?? directory
            case "--keep": keeps = true
            case "--only":
                only = (rest.popFirst() ?? "").split(separator: ",").map(String.init)
            case "--quick": (files, commits, runs) = (200, 30, 1)
            default: throw Child.Failed(description: Options.usage)
            }
        }
    }

    func wants(_ name: String) -> Bool { only.isEmpty || only.contains(name) }
}
