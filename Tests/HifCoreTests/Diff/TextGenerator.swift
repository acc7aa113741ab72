import Support

/// Seeded texts and edits that look like work on source code: few distinct lines (so that diffs
/// are ambiguous), blank lines and braces, now and then another line ending or none at the end.
struct TextGenerator {
    var random: SeededGenerator
    /// How many different lines there are; fewer make more ambiguous texts.
    var vocabulary = 30
    var ending = "\n"

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        vocabulary = [3, 8, 30, 1000].randomElement(using: &random)!
        if Int.random(in: 0..<6, using: &random) == 0 { ending = "\r\n" }
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }

    mutating func line() -> String {
        switch below(10) {
        case 0: ""
        case 1: "}"
        case 2: "    {"
        default: "line \(below(vocabulary))"
        }
    }

    mutating func lines(_ count: Int) -> [String] { (0..<count).map { _ in line() } }

    /// The lines after `count` random edits.
    mutating func edited(_ lines: [String], edits count: Int) -> [String] {
        var lines = lines
        for _ in 0..<count {
            let place = below(lines.count + 1)
            let length = min(below(4) + 1, lines.count - place)
            switch below(5) {
            case 0: lines.insert(contentsOf: self.lines(below(4) + 1), at: place)
            case 1: lines.removeSubrange(place..<place + length)
            case 2: lines.replaceSubrange(place..<place + length, with: self.lines(below(3) + 1))
            case 3: lines.insert(contentsOf: lines[place..<place + length], at: place)
            default: if place < lines.count { lines[place] += "!" }
            }
        }
        return lines
    }

    /// Joins lines; one text in six has an unfinished last line, and with CRLF endings one line in
    /// twenty has another ending.
    mutating func bytes(_ lines: [String]) -> [UInt8] {
        var result: [UInt8] = []
        for (index, line) in lines.enumerated() {
            result += Array(line.utf8)
            if index == lines.count - 1, below(6) == 0, !line.isEmpty { break }
            result += Array((ending == "\r\n" && below(20) == 0 ? "\n" : ending).utf8)
        }
        return result
    }
}
