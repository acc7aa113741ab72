import Testing

/// SQL gets its values as arguments, never as text.
@Suite struct DatabaseTests {
    private let sql = /\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|VALUES|WHERE|ORDER BY)\b/
    private let interpolation = /\\\(([^)]*)\)/
    /// A constant of a type, `User.columns`: text that the program wrote.
    private let constant = /[A-Z]\w*\.[a-z]\w*/

    @Test func `no value is written into SQL`() {
        var findings: [Finding] = []
        for file in SourceTree.shared.target("MicelioForge") {
            var isInLiteral = false
            for (index, line) in file.lines.enumerated() {
                let isSQL = isInLiteral || line.contains("sql:") || line.contains(sql)
                if isInLiteral {
                    isInLiteral = !line.contains("\"\"\"")
                } else if line.contains("sql: \"\"\"") {
                    isInLiteral = true
                }
                guard isSQL, line.contains("\"") || isInLiteral else { continue }
                for match in line.utf8.contains("\\(".utf8) ? line.matches(of: interpolation) : []
                where String(match.1).wholeMatch(of: constant) == nil {
                    findings.append(
                        Finding(
                            file.path, index + 1,
                            "'\(match.0)' in SQL: write ? and pass the value in `arguments:`"))
                }
            }
        }
        expectNone(findings)
    }

    @Test func `only the forge's accounts and its search open a database`() {
        expectNone(
            SourceTree.shared.swift.filter { file in
                file.path.hasPrefix("Sources/")
                    && !["Accounts", "Search"].contains {
                        file.path.hasPrefix("Sources/MicelioForge/\($0)/")
                    }
            }.flatMap {
                $0.findings(anyOf: ["GRDB"], /^\s*(?:package |internal |private )?import GRDB\b/) {
                    _ in
                    "ask `Accounts`; SQL lives in Sources/MicelioForge/Accounts"
                }
            })
    }
}
