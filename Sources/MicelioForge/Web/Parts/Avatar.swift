import HifCore

/// The picture of an account or an agent: people are round, agents are square. Drawn from the name
/// alone, symmetric, in the colours of the page.
enum Avatar {
    static func picture(_ name: String, isAgent: Bool = false) -> HTML {
        let bits = Blake3.hash(Array(name.utf8)).bytes
        var path = ""
        for row in 0..<5 {
            for column in 0..<3 where bits[row * 3 + column] & 1 == 1 {
                path += "M\(column) \(row)h1v1h-1z"
                if column < 2 { path += "M\(4 - column) \(row)h1v1h-1z" }
            }
        }
        return """
            <svg class="av\(isAgent ? " agent" : "")" viewBox="0 0 5 5" aria-hidden="true"><path fill="currentColor" d="\(path)"/></svg>
            """
    }

    /// An account with its picture, leading to its page.
    static func named(_ handle: String) -> HTML {
        "<a class=\"who\" href=\"/\(handle)\">\(picture(handle))<span>\(handle)</span></a>"
    }
}
