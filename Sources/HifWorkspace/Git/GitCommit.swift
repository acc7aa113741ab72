/// Who did something and when, as a commit or tag object says.
package struct GitPerson: Hashable, Sendable {
    /// UTF-8 where the commit's encoding is known; otherwise the bytes as they are. May be empty.
    package var name: [UInt8]
    /// Without the angle brackets. May be empty, and need not be an address.
    package var email: [UInt8]
    /// Seconds since 1970.
    package var seconds: Int64
    /// As written: `+0545`, and `-0000`, which is not `+0000`.
    package var zone: [UInt8]

    package init(name: [UInt8], email: [UInt8], seconds: Int64, zone: [UInt8]) {
        self.name = name
        self.email = email
        self.seconds = seconds
        self.zone = zone
    }

    /// - Parameter zoneMinutes: east of UTC.
    package init(name: [UInt8], email: [UInt8], seconds: Int64, zoneMinutes: Int) {
        let minutes = abs(zoneMinutes)
        let digits = [minutes / 600, minutes / 60 % 10, minutes % 60 / 10, minutes % 10]
        self.init(
            name: name, email: email, seconds: seconds,
            zone: [UInt8(ascii: zoneMinutes < 0 ? "-" : "+")]
                + digits.map { UInt8(ascii: "0") + UInt8(min($0, 9)) })
    }

    /// Minutes east of UTC; 0 for a zone that cannot be.
    package var zoneMinutes: Int {
        guard zone.count == 5, let sign = zone.first, sign == 0x2B || sign == 0x2D,
            let value = GitPerson.number(zone.dropFirst())
        else { return 0 }
        let minutes = Int(value) / 100 * 60 + Int(value) % 100
        guard minutes <= 24 * 60 else { return 0 }
        return sign == 0x2D ? -minutes : minutes
    }

    static func number(_ digits: some Collection<UInt8>) -> Int64? {
        guard !digits.isEmpty, digits.count <= 18 else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard digit >= 0x30, digit <= 0x39 else { return nil }
            value = value * 10 + Int64(digit - 0x30)
        }
        return value
    }

    /// Reads `name <email> seconds zone`, taking what is there: damaged history has lines without
    /// address, without time and with several brackets. Never fails.
    init(line: [UInt8], encoding: [UInt8]?) {
        let space = UInt8(ascii: " ")
        guard let close = line.lastIndex(of: UInt8(ascii: ">")),
            let open = line[..<close].firstIndex(of: UInt8(ascii: "<"))
        else {
            self.init(
                name: GitText.utf8(line, encoding: encoding), email: [], seconds: 0,
                zone: Array("+0000".utf8))
            return
        }
        var nameEnd = open
        if nameEnd > 0, line[nameEnd - 1] == space { nameEnd -= 1 }
        let when = line[(close + 1)...].split(separator: space)
        self.init(
            name: GitText.utf8(Array(line[..<nameEnd]), encoding: encoding),
            email: GitText.utf8(Array(line[(open + 1)..<close]), encoding: encoding),
            seconds: when.first.flatMap { GitPerson.number($0) } ?? 0,
            zone: when.count > 1 ? Array(when[1]) : Array("+0000".utf8))
    }
}

/// A commit object, parsed.
package struct GitCommit: Hashable, Sendable {
    package let id: GitID
    package let tree: GitID
    /// The first is the one whose line is followed.
    package let parents: [GitID]
    package let author: GitPerson
    package let committer: GitPerson
    /// UTF-8 where the declared encoding is known; otherwise as it is.
    package let message: [UInt8]
    /// The message as the object holds it.
    package let rawMessage: [UInt8]
    /// The declared encoding; nil means UTF-8, or nobody said.
    package let encoding: [UInt8]?
    /// Whether it carries a signature, which an import cannot keep valid.
    package let isSigned: Bool

    /// The first line that is not blank, without spaces around it.
    package var subject: [UInt8] {
        for line in message.split(separator: UInt8(ascii: "\n")) {
            let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
            let trimmed = line.drop(while: isBlank)
            guard let last = trimmed.lastIndex(where: { !isBlank($0) }) else { continue }
            return Array(trimmed[...last])
        }
        return []
    }

    /// Reads the content of a commit object. Throws `damaged` when tree or parents are not ids;
    /// people and dates are taken as well as they can be.
    init(id: GitID, content: [UInt8]) throws(GitError) {
        let (headers, message) = GitHeaders.split(content)
        guard let tree = headers.first("tree").flatMap({ GitID(hex: $0) }) else {
            throw GitError(.damaged, "Commit \(id) names no tree.")
        }
        var parents: [GitID] = []
        for header in headers.all("parent") {
            guard let parent = GitID(hex: header) else {
                throw GitError(.damaged, "Commit \(id) names a parent that is no object.")
            }
            parents.append(parent)
        }
        let encoding = headers.first("encoding")
        self.id = id
        self.tree = tree
        self.parents = parents
        author = GitPerson(line: headers.first("author") ?? [], encoding: encoding)
        committer = GitPerson(line: headers.first("committer") ?? [], encoding: encoding)
        rawMessage = message
        self.message = GitText.utf8(message, encoding: encoding)
        self.encoding = encoding
        isSigned = headers.first("gpgsig") != nil || headers.first("gpgsig-sha256") != nil
    }
}

/// The head of a commit or tag object: lines of a key and a value, continued by a leading space.
struct GitHeaders {
    private var fields: [(key: [UInt8], value: [UInt8])] = []

    /// The headers, and what follows the first blank line.
    static func split(_ content: [UInt8]) -> (headers: GitHeaders, message: [UInt8]) {
        var headers = GitHeaders()
        var rest = content[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: 0x0A) ?? rest.endIndex
            let line = rest[rest.startIndex..<end]
            rest = end < rest.endIndex ? rest[(end + 1)...] : []
            if line.isEmpty { break }
            if line.first == 0x20 {
                // Only signatures and embedded tags go on; nobody here reads them.
                continue
            }
            let space = line.firstIndex(of: 0x20) ?? line.endIndex
            headers.fields.append(
                (Array(line[line.startIndex..<space]), Array(line[space...].dropFirst())))
        }
        return (headers, Array(rest))
    }

    func first(_ key: String) -> [UInt8]? {
        fields.first { $0.key.elementsEqual(key.utf8) }?.value
    }

    func all(_ key: String) -> [[UInt8]] {
        fields.filter { $0.key.elementsEqual(key.utf8) }.map(\.value)
    }
}
