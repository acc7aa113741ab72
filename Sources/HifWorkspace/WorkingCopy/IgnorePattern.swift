import HifCore

/// One line of an ignore file, compiled.
///
/// The language is git's (gitignore(5), and the corner cases of git's `wildmatch`). The matcher is
/// not: it follows all possibilities side by side, as Thompson's automaton does (1968), so a name
/// of n bytes against a pattern of m costs O(n · m) and no pattern is exponential.
struct IgnorePattern: Sendable {
    /// `!`: takes back what an earlier line ignored.
    let isNegated: Bool
    /// Ended with `/`: matches directories only.
    let isDirectoryOnly: Bool
    /// Holds a slash before its end: matches the path from the ignore file's directory. Otherwise
    /// it matches the last name at any depth.
    let isAnchored: Bool
    private let matcher: Matcher

    private enum Matcher: Sendable {
        case literal([UInt8])
        /// `*` and a literal, against a last name.
        case suffix([UInt8])
        case tokens([Token])
    }

    private enum Token: Sendable {
        case byte(UInt8)
        /// `?`: one byte but `/`.
        case any
        case set(ByteSet)
        /// `*`: any bytes but `/`.
        case star
        /// `**` at the end of a component: any bytes.
        case deepStar
        /// `**/`: nothing, or `directoriesLoop`, which is the next token.
        case directories
        /// Any bytes up to and with a `/`.
        case directoriesLoop
        /// Matches nothing: a broken class or a lone backslash at the end.
        case never
    }

    /// A line without its line feed; nil for a comment or an empty line.
    init?(line: ArraySlice<UInt8>) {
        var line = line.prefix { $0 != 0 }
        guard let first = line.first, first != UInt8(ascii: "#") else { return nil }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        var text = IgnorePattern.trimmed(line)
        isNegated = text.first == UInt8(ascii: "!")
        if isNegated { text.removeFirst() }
        isDirectoryOnly = text.last == RepoPath.slash
        if isDirectoryOnly { text.removeLast() }
        isAnchored = text.contains(RepoPath.slash)
        if isAnchored, text.first == RepoPath.slash { text.removeFirst() }

        let bytes = Array(text)
        guard let wildcard = bytes.firstIndex(where: IgnorePattern.isSpecial) else {
            matcher = .literal(bytes)
            return
        }
        let rest = bytes.dropFirst()
        if !isAnchored, bytes[0] == UInt8(ascii: "*"),
            !rest.contains(where: IgnorePattern.isSpecial)
        {
            matcher = .suffix(Array(rest))
            return
        }
        matcher = .tokens(IgnorePattern.compile(bytes, wildcard: wildcard, isPath: isAnchored))
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["), UInt8(ascii: "\\"): true
        default: false
        }
    }

    /// Without trailing spaces, except one that a backslash escapes.
    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var firstSpace: Int?
        var index = line.startIndex
        while index < line.endIndex {
            switch line[index] {
            case UInt8(ascii: " "):
                if firstSpace == nil { firstSpace = index }
            case UInt8(ascii: "\\"):
                index += 1
                if index == line.endIndex { return line }
                firstSpace = nil
            default:
                firstSpace = nil
            }
            index += 1
        }
        return line[..<(firstSpace ?? line.endIndex)]
    }

    // MARK: - Compiling

    /// - Parameter wildcard: offset of the first special byte. Git compares what stands before it
    ///   literally and starts its matcher there, so `a**/b` is special where `?a**/b` is not.
    private static func compile(_ bytes: [UInt8], wildcard: Int, isPath: Bool) -> [Token] {
        var tokens: [Token] = []
        var index = 0
        func at(_ position: Int) -> UInt8 { position < bytes.count ? bytes[position] : 0 }
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\\"):
                guard index + 1 < bytes.count else { return [.never] }
                tokens.append(.byte(bytes[index + 1]))
                index += 2
            case UInt8(ascii: "?"):
                tokens.append(.any)
                index += 1
            case UInt8(ascii: "["):
                guard let set = ByteSet.parse(bytes, &index) else { return [.never] }
                tokens.append(.set(set))
            case UInt8(ascii: "*"):
                let start = index
                while at(index) == UInt8(ascii: "*") { index += 1 }
                let isComponent =
                    index - start > 1 && isPath
                    && (start == wildcard || start == 0 || bytes[start - 1] == RepoPath.slash)
                    && (index == bytes.count || at(index) == RepoPath.slash
                        || (at(index) == UInt8(ascii: "\\") && at(index + 1) == RepoPath.slash))
                if isComponent, at(index) == RepoPath.slash {
                    tokens += [.directories, .directoriesLoop]
                    index += 1
                } else {
                    tokens.append(isComponent ? .deepStar : .star)
                }
            default:
                tokens.append(.byte(bytes[index]))
                index += 1
            }
        }
        return tokens
    }

    // MARK: - Matching

    /// - Parameters:
    ///   - path: relative to the ignore file's directory.
    ///   - name: the last name of it.
    func matches(path: ArraySlice<UInt8>, name: ArraySlice<UInt8>, isDirectory: Bool) -> Bool {
        if isDirectoryOnly, !isDirectory { return false }
        let subject = isAnchored ? path : name
        switch matcher {
        case .literal(let bytes):
            return subject.elementsEqual(bytes)
        case .suffix(let bytes):
            return subject.count >= bytes.count && subject.suffix(bytes.count).elementsEqual(bytes)
        case .tokens(let tokens):
            return IgnorePattern.run(tokens, on: subject)
        }
    }

    private static func run(_ tokens: [Token], on subject: ArraySlice<UInt8>) -> Bool {
        var states = [Bool](repeating: false, count: tokens.count + 1)
        var next = states
        enter(0, &states, tokens)
        for byte in subject {
            for index in next.indices { next[index] = false }
            var isAlive = false
            for index in tokens.indices where states[index] {
                switch tokens[index] {
                case .byte(let wanted) where wanted == byte: enter(index + 1, &next, tokens)
                case .any where byte != RepoPath.slash: enter(index + 1, &next, tokens)
                case .set(let set) where byte != RepoPath.slash && set.contains(byte):
                    enter(index + 1, &next, tokens)
                case .star where byte != RepoPath.slash: enter(index, &next, tokens)
                case .deepStar: enter(index, &next, tokens)
                case .directoriesLoop:
                    next[index] = true
                    if byte == RepoPath.slash { enter(index + 1, &next, tokens) }
                default: continue
                }
                isAlive = true
            }
            guard isAlive else { return false }
            swap(&states, &next)
        }
        return states[tokens.count]
    }

    /// Marks a state and those that it reaches without a byte.
    private static func enter(_ start: Int, _ states: inout [Bool], _ tokens: [Token]) {
        var index = start
        while !states[index] {
            states[index] = true
            guard index < tokens.count else { return }
            switch tokens[index] {
            case .star, .deepStar:
                index += 1
            case .directories:
                states[index + 1] = true
                index += 2
            default:
                return
            }
        }
    }
}

/// A set of bytes, as a class like `[a-z]` writes it.
struct ByteSet: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    static func == (left: ByteSet, right: ByteSet) -> Bool { left.words == right.words }

    func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }

    func contains(_ byte: UInt8) -> Bool {
        let bit = UInt64(1) << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: return words.0 & bit != 0
        case 1: return words.1 & bit != 0
        case 2: return words.2 & bit != 0
        default: return words.3 & bit != 0
        }
    }

    mutating func insert(_ byte: UInt8) {
        let bit = UInt64(1) << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: words.0 |= bit
        case 1: words.1 |= bit
        case 2: words.2 |= bit
        default: words.3 |= bit
        }
    }

    /// Reads a class from `[` to its `]` and moves `index` past it; nil if it does not end or names
    /// a class that does not exist.
    static func parse(_ bytes: [UInt8], _ index: inout Int) -> ByteSet? {
        func at(_ position: Int) -> UInt8 { position < bytes.count ? bytes[position] : 0 }
        var set = ByteSet()
        var position = index + 1
        let isNegated = at(position) == UInt8(ascii: "!") || at(position) == UInt8(ascii: "^")
        if isNegated { position += 1 }
        var previous: UInt8 = 0
        repeat {
            var byte = at(position)
            switch byte {
            case 0:
                return nil
            case UInt8(ascii: "\\"):
                position += 1
                byte = at(position)
                if byte == 0 { return nil }
                set.insert(byte)
            case UInt8(ascii: "-")
            where previous != 0 && at(position + 1) != 0 && at(position + 1) != UInt8(ascii: "]"):
                position += 1
                byte = at(position)
                if byte == UInt8(ascii: "\\") {
                    position += 1
                    byte = at(position)
                    if byte == 0 { return nil }
                }
                if previous <= byte { for member in previous...byte { set.insert(member) } }
                byte = 0
            case UInt8(ascii: "[") where at(position + 1) == UInt8(ascii: ":"):
                let start = position + 2
                guard let end = bytes[start...].firstIndex(of: UInt8(ascii: "]")) else {
                    return nil
                }
                if end > start, bytes[end - 1] == UInt8(ascii: ":") {
                    let name = String(decoding: bytes[start..<end - 1], as: UTF8.self)
                    guard let test = namedClass(name) else { return nil }
                    for member in UInt8.min...UInt8.max where test(member) { set.insert(member) }
                    position = end
                    byte = 0
                } else {
                    set.insert(byte)
                }
            default:
                set.insert(byte)
            }
            previous = byte
            position += 1
        } while at(position) != UInt8(ascii: "]")
        index = position + 1
        if isNegated {
            set.words = (~set.words.0, ~set.words.1, ~set.words.2, ~set.words.3)
        }
        return set
    }

    /// The classes of POSIX, for ASCII.
    private static func namedClass(_ name: String) -> ((UInt8) -> Bool)? {
        let digit = UInt8(ascii: "0")...UInt8(ascii: "9")
        let lower = UInt8(ascii: "a")...UInt8(ascii: "z")
        let upper = UInt8(ascii: "A")...UInt8(ascii: "Z")
        let graph: ClosedRange<UInt8> = 0x21...0x7E
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            digit ~= byte || lower ~= byte || upper ~= byte
        }
        switch name {
        case "alnum": return isAlphanumeric
        case "alpha": return { lower ~= $0 || upper ~= $0 }
        case "blank": return { $0 == 0x20 || $0 == 0x09 }
        case "cntrl": return { $0 < 0x20 || $0 == 0x7F }
        case "digit": return { digit ~= $0 }
        case "graph": return { graph ~= $0 }
        case "lower": return { lower ~= $0 }
        case "print": return { graph ~= $0 || $0 == 0x20 }
        case "punct": return { graph ~= $0 && !isAlphanumeric($0) }
        case "space": return { $0 == 0x20 || 0x09...0x0D ~= $0 }
        case "upper": return { upper ~= $0 }
        case "xdigit":
            return { digit ~= $0 || 0x41...0x46 ~= $0 || 0x61...0x66 ~= $0 }
        default: return nil
        }
    }
}
