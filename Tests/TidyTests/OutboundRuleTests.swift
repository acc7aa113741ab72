import Testing

/// The forge has one way out, and it is vetted.
@Suite struct OutboundRuleTests {
    @Test func `only OutboundHTTP fetches from elsewhere`() {
        expectNone(
            SourceTree.shared.target("MicelioForge").filter {
                !$0.path.hasSuffix("/Outbound/OutboundHTTP.swift")
            }.flatMap {
                $0.findings(
                    anyOf: ["AsyncHTTPClient", "URLSession", "contentsOf: URL(string"],
                    #/import AsyncHTTPClient\b|\bURLSession\b|contentsOf: URL\(string/#
                ) { _ in
                    "fetch by `OutboundHTTP`, which goes to no inner address"
                }
            })
    }
}
