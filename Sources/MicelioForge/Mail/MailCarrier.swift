/// What brings a letter to a mail server.
package protocol MailCarrier: Sendable {
    /// Returns when the server has taken the letter. Blocks the thread until then, for a bounded time.
    ///
    /// - Parameters:
    ///   - mail: all of the letter, as SMTP carries it.
    ///   - from: whom the server tells what it cannot deliver.
    func deliver(
        _ mail: [UInt8], from: MailAddress, to: MailAddress
    ) throws(MailFailure)
}

/// Why a letter was not taken.
package struct MailFailure: Error, Hashable, Sendable {
    /// Whether the same letter may be taken later.
    package let isPassing: Bool
    /// One sentence, in which nothing is of the letter's text.
    package let sentence: String

    package init(isPassing: Bool, _ sentence: String) {
        self.isPassing = isPassing
        self.sentence = sentence
    }
}

/// How a forge sends mail: through what, and in whose name.
package struct MailWay: Sendable {
    package let carrier: any MailCarrier
    package let from: MailAddress

    package init(_ carrier: any MailCarrier, from: MailAddress) {
        self.carrier = carrier
        self.from = from
    }
}
