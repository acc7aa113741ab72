import HifCore

/// The picture of whoever has none: squares drawn from the name alone, symmetric.
enum DrawnAvatar {
    /// The path of the squares, in a field of five by five.
    static func path(_ name: String) -> String {
        let bits = Blake3.hash(Array(name.utf8)).bytes
        var path = ""
        for row in 0..<5 {
            for column in 0..<3 where bits[row * 3 + column] & 1 == 1 {
                path += "M\(column) \(row)h1v1h-1z"
                if column < 2 { path += "M\(4 - column) \(row)h1v1h-1z" }
            }
        }
        return path
    }

    /// As a file of its own: SVG that nobody but this function wrote. It knows nothing of the page that it
    /// is on, so it brings its colours, which stand on light pages and on dark ones.
    static func file(_ handle: Handle) -> [UInt8] {
        let choice = Int(Blake3.hash(Array(handle.text.utf8)).bytes[31]) % colors.count
        return Array(
            """
            <svg xmlns="http://www.w3.org/2000/svg" width="256" height="256" viewBox="-1 -1 7 7">\
            <path fill="#eceae4" d="M-1-1h7v7h-7z"/><path fill="\(colors[choice])" \
            d="\(path(handle.text))"/></svg>

            """.utf8)
    }

    private static let colors = [
        "#8a4b2d", "#7a6400", "#3f6f35", "#1d6f6a", "#2d5f93", "#5a4fa0", "#8c3f86", "#9a3d55",
    ]
}
