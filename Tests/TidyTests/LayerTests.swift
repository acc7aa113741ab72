import Testing

/// The arrows of ARCHITECTURE.md and the purity of what lies below them.
@Suite struct LayerTests {
    let tree = SourceTree.shared

    @Test func `every target has a row in the table of layers and a word in ARCHITECTURE`() {
        let map = tree.file("ARCHITECTURE.md")?.lines.joined(separator: "\n") ?? ""
        for target in tree.targets {
            #expect(
                Layers.targets[target] != nil,
                "Sources/\(target): add what it may import to Tests/TidyTests/Layers.swift")
            #expect(
                map.contains("`\(target)`"),
                "Sources/\(target): say in ARCHITECTURE.md what it is for, as `\(target)`")
        }
    }

    @Test func `a target imports only what the arrows allow`() {
        var findings: [Finding] = []
        for target in tree.targets {
            guard let rule = Layers.targets[target] else { continue }
            // Generated code is held to the arrows as well.
            for file in tree.files
            where file.path.hasPrefix("Sources/\(target)/") && file.path.hasSuffix(".swift") {
                for (index, line) in file.code.enumerated() {
                    guard let name = importedModule(line), name != target,
                        !rule.mayImport.contains(name)
                    else { continue }
                    findings.append(
                        Finding(
                            file.path, index + 1,
                            "\(target) must not import \(name): move the code to a target that may, or change the arrows (Tests/TidyTests/Layers.swift, ARCHITECTURE.md)"
                        ))
                }
            }
        }
        expectNone(findings)
    }

    @Test func `pure targets read no clock, draw no randomness and start no task`() {
        var findings: [Finding] = []
        for (target, rule) in Layers.targets where rule.isPure {
            for file in tree.target(target) {
                for (index, line) in file.code.enumerated() {
                    for ban in Layers.bannedWhenPure
                    where line.utf8.contains(ban.word.utf8) && contains(line, ban.word) {
                        findings.append(
                            Finding(
                                file.path, index + 1,
                                "'\(ban.word)' in a pure target: \(ban.instead)"))
                    }
                }
            }
        }
        expectNone(findings)
    }

    @Test func `tests use Swift Testing only`() {
        expectNone(
            tree.swift.filter { $0.path.hasPrefix("Tests/") }.flatMap {
                $0.findings(anyOf: ["XCTest"], /^\s*(@testable )?import XCTest\b/) { _ in
                    "import Testing instead"
                }
            })
    }

    /// Whether `line` says `word`, not as the end of a longer name.
    private func contains(_ line: String, _ word: String) -> Bool {
        line.ranges(of: word).contains { range in
            guard word.first?.isLetter == true, range.lowerBound > line.startIndex else {
                return true
            }
            let before = line[line.index(before: range.lowerBound)]
            return !before.isLetter && !before.isNumber && before != "_" && before != "."
        }
    }

    /// The module of an import line: `package import struct HifCore.Hash` names HifCore.
    private func importedModule(_ line: String) -> String? {
        guard line.utf8.contains("import ".utf8) else { return nil }
        var words = line.split(separator: " ")
        while let first = words.first, first.hasPrefix("@") || accessLevels.contains(String(first))
        {
            words.removeFirst()
        }
        guard words.first == "import" else { return nil }
        words.removeFirst()
        if words.count > 1 { words.removeFirst() }
        return words.first.flatMap { $0.split(separator: ".").first }.map(String.init)
    }

    private let accessLevels = ["public", "package", "internal", "fileprivate", "private"]
}

/// Fails with one line for each finding.
func expectNone(_ findings: [Finding], sourceLocation: SourceLocation = #_sourceLocation) {
    guard !findings.isEmpty else { return }
    let lines = findings.map { "\n  \($0)" }.joined()
    Issue.record("\(findings.count) to tidy up:\(lines)", sourceLocation: sourceLocation)
}
