import Glibc
import HifCore

/// Who works here, as history will remember it.
enum Identity {
    /// `HIF_AUTHOR` ("Name <mail>"), else git's `user.name` and `user.email`, else the local user.
    /// `HIF_AGENT` names the agent that works for them.
    static func author() -> Author {
        let user = Environment["USER"] ?? Environment["LOGNAME"] ?? "user\(getuid())"
        let agent = Environment["HIF_AGENT"] ?? ""
        if let text = Environment["HIF_AUTHOR"] {
            let (name, email) = parse(text)
            return Author(
                account: user, agent: agent, name: name.isEmpty ? user : name, email: email)
        }
        let (name, email) = git()
        return Author(account: user, agent: agent, name: name ?? user, email: email ?? "")
    }

    /// For commands that only read: nothing is asked of anybody.
    static var nobody: Author { Author(account: "", name: "") }

    /// `Ana Lima <ana@example.org>`.
    static func parse(_ text: String) -> (name: String, email: String) {
        guard let open = text.lastIndex(of: "<"), let close = text.lastIndex(of: ">"), open < close
        else { return (trim(text[...]), "") }
        return (trim(text[..<open]), trim(text[text.index(after: open)..<close]))
    }

    private static func trim(_ text: Substring) -> String {
        String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }

    /// What git would use here. git itself is asked, since its configuration has includes and
    /// conditions: some 3 ms.
    private static func git() -> (name: String?, email: String?) {
        guard
            let stream = popen(
                "git config --null --get-regexp '^user\\.(name|email)$' 2>/dev/null", "r")
        else { return (nil, nil) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < 1 << 16 {
            let count = fread(&buffer, 1, buffer.count, stream)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        pclose(stream)
        var name: String?
        var email: String?
        // The last value of a key is the one that counts.
        for field in bytes.split(separator: 0) {
            guard let end = field.firstIndex(of: 0x0A) else { continue }
            let value = String(decoding: field[(end + 1)...], as: UTF8.self)
            guard !value.isEmpty else { continue }
            if field.starts(with: "user.name".utf8) { name = value } else { email = value }
        }
        return (name, email)
    }
}
