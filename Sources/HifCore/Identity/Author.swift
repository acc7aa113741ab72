/// Who did something, as history remembers it: an account, the agent that worked for it, and the
/// name shown. For an imported commit the account is empty and name and address are git's.
package struct Author: Hashable, Sendable {
    package static let fieldBytesMax = 1024

    /// Handle on the forge, or the local user's name; empty for an imported commit.
    package let account: String
    /// The agent's name when an agent did it for the account; otherwise empty.
    package let agent: String
    /// The name to show.
    package let name: String
    /// Mail address; may be empty.
    package let email: String

    /// Fields longer than `fieldBytesMax` bytes are cut at a character.
    package init(account: String, agent: String = "", name: String, email: String = "") {
        self.account = account.prefix(utf8Max: Author.fieldBytesMax)
        self.agent = agent.prefix(utf8Max: Author.fieldBytesMax)
        self.name = name.prefix(utf8Max: Author.fieldBytesMax)
        self.email = email.prefix(utf8Max: Author.fieldBytesMax)
    }

    package func encode(into writer: inout ByteWriter) {
        writer.prefixed(account)
        writer.prefixed(agent)
        writer.prefixed(name)
        writer.prefixed(email)
    }

    package init(from reader: inout ByteReader) throws(FormatError) {
        account = try reader.string(bytesMax: Author.fieldBytesMax)
        agent = try reader.string(bytesMax: Author.fieldBytesMax)
        name = try reader.string(bytesMax: Author.fieldBytesMax)
        email = try reader.string(bytesMax: Author.fieldBytesMax)
    }
}

extension String {
    /// The longest beginning of at most `utf8Max` UTF-8 bytes that ends between characters.
    package func prefix(utf8Max: Int) -> String {
        guard utf8.count > utf8Max else { return self }
        var result = ""
        var bytes = 0
        for character in self {
            bytes += character.utf8.count
            guard bytes <= utf8Max else { break }
            result.append(character)
        }
        return result
    }
}
