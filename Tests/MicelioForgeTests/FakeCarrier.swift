import Synchronization

@testable import MicelioForge

/// Takes letters in the place of a mail server, and remembers them.
final class FakeCarrier: MailCarrier {
    struct Taken: Sendable {
        let to: MailAddress
        /// As it was sent, and its text as somebody reads it.
        let mail: String
        let text: String
    }

    private let taken = Mutex<[Taken]>([])
    private let failures: Mutex<[MailFailure]>

    /// - Parameter failures: what the first tries come to.
    init(failures: [MailFailure] = []) {
        self.failures = Mutex(failures)
    }

    var letters: [Taken] { taken.withLock { $0 } }

    func deliver(
        _ mail: [UInt8], from: MailAddress, to: MailAddress
    ) throws(MailFailure) {
        let failure = failures.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        if let failure { throw failure }
        let text = String(decoding: mail, as: UTF8.self)
        let body = text.split(separator: "\r\n\r\n", maxSplits: 1).last.map(String.init) ?? ""
        // No letter of these tests has another character that is encoded.
        let read = body.replacing("=\r\n", with: "").replacing("=3D", with: "=")
        taken.withLock { $0.append(Taken(to: to, mail: text, text: read)) }
    }
}

extension Forge {
    /// Has every letter sent that was asked for. None can be asked for afterwards.
    func sendAllMail() async {
        mailer?.finish()
        await mailer?.run()
    }
}
