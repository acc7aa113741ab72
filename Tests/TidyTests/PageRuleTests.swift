import Testing

/// What the forge's pages must not do: reach below the use cases, and write markup around the
/// escaping.
@Suite struct PageRuleTests {
    private var pages: [SourceFile] {
        SourceTree.shared.target("MicelioForge").filter { $0.path.contains("/Web/") }
    }

    @Test func `pages and calls of the API ask use cases only`() {
        expectNone(
            pages.flatMap {
                $0.findings(
                    anyOf: [".accounts", ".repositories", "Repository", ".repository"],
                    #/\.accounts\b|\.repositories\b|\bRepository\b|\.repository\b/#
                ) { _ in
                    "call a use case: Sources/MicelioForge/Projects, Login"
                }
            })
    }

    @Test func `markup is trusted only where it is written byte by byte`() {
        let writers = [
            "Web/Parts/HTML.swift", "Highlighting/CodeHTML.swift", "Markdown/MarkdownHTML.swift",
        ]
        expectNone(
            SourceTree.shared.target("MicelioForge").filter { file in
                !writers.contains { file.path.hasSuffix($0) }
            }.flatMap {
                $0.findings(anyOf: ["trusted:"], #/HTML\(trusted:/#) { _ in
                    "interpolate into HTML instead, which escapes"
                }
            })
    }
}
