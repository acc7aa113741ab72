import Foundation
import Logging
import Synchronization
import Testing

@testable import MicelioForge

/// What letters look like, and how they are sent: without a mail server, which `Scripts/check-mail` has.
@Suite struct MailTests {
    @Test(arguments: [
        "ana@example.org", "a@b", "Ana.Lima+forge@mail.example.org", "o'neil@xn--bcher-kva.example",
        "#!$%&'*/=?^_`{|}~-@1.example", "ana@192.0.2.1",
    ])
    func `an address is one, of plain words`(_ text: String) throws {
        #expect(try MailAddress(text).description == text)
    }

    @Test(arguments: [
        "", "ana", "@", "ana@", "@example.org", "ana@b@c", "ana@example.org,eve@example.org",
        "ana@example.org eve@example.org", "<ana@example.org>", "Ana <ana@example.org>",
        "ana@example.org\r\nBcc: eve@example.org", "ana@example.org\n", "\rana@example.org",
        "ana\u{0}@example.org", "\"ana lima\"@example.org", "ana@example..org", ".ana@example.org",
        "ana.@example.org", "ana@-example.org", "ana@example-.org", "ana@[192.0.2.1]",
        "ana@example.org.", "\u{E4}na@example.org", "ana@ex\u{E4}mple.org", "ana@example.org;",
        "ana(x)@example.org", "ana@exa_mple.org", "ana\u{202E}@example.org",
    ])
    func `whatever could break a header or a command is no address`(_ text: String) {
        #expect(throws: ForgeError.self) { try MailAddress(text) }
    }

    @Test func `an address is as long as an account's may be, and no longer`() throws {
        let host = "@" + String(repeating: "x", count: Limits.emailLengthMax - 2)
        #expect(try MailAddress("a" + host).host.utf8.count == Limits.emailLengthMax - 2)
        #expect(throws: ForgeError.self) { try MailAddress("aa" + host) }
    }

    @Test func `a header stays on its line, and is ASCII`() {
        #expect(HeaderText("A new password").encoded == "A new password")
        #expect(HeaderText("a\r\nBcc: eve@example.org").encoded == "a??Bcc: eve@example.org")
        #expect(HeaderText("a\u{2028}b\u{85}c\u{0}").encoded == "a?b?c?")
        #expect(HeaderText("Gr\u{FC}\u{DF}e").encoded == "=?UTF-8?B?R3LDvMOfZQ==?=")
        #expect(HeaderText("=?UTF-8?B?eA==?=").encoded == "=?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?=")
        let long = HeaderText(String(repeating: "\u{1F4EE}", count: 40)).encoded
        let lines = long.replacing("\r\n", with: "\n").split(separator: "\n")
        #expect(lines.count > 1 && lines.allSatisfy { $0.utf8.count <= 76 })
        // Every line holds whole characters.
        for line in lines {
            let word = line.trimmingCharacters(in: .whitespaces).dropFirst(10).dropLast(2)
            let bytes = Data(base64Encoded: String(word)).map(Array.init) ?? [0xFF]
            #expect(String(validating: bytes, as: UTF8.self) != nil)
        }
    }

    @Test func `a letter is headers, an empty line, and text in short lines`() throws {
        let letter = Letter(
            kind: "test", to: try MailAddress("ana@example.org"), subject: "Hello",
            text: "Gr\u{FC}\u{DF}e \n\nhttps://forge.test/?a=\(String(repeating: "x", count: 80))\n"
        )
        let head = LetterHead(
            from: try MailAddress("forge@example.test"), name: "forge.\"test\"",
            sentMillis: 1_795_000_005_000, id: "1.2")
        #expect(
            String(decoding: letter.bytes(head), as: UTF8.self)
                == [
                    "Date: Wed, 18 Nov 2026 11:06:45 +0000",
                    "From: \"forge.\\\"test\\\"\" <forge@example.test>", "To: <ana@example.org>",
                    "Subject: Hello", "Message-ID: <1.2@example.test>",
                    "Auto-Submitted: auto-generated", "MIME-Version: 1.0",
                    "Content-Type: text/plain; charset=utf-8",
                    "Content-Transfer-Encoding: quoted-printable", "", "Gr=C3=BC=C3=9Fe=20", "",
                    "https://forge.test/?a=3D\(String(repeating: "x", count: 51))=",
                    String(repeating: "x", count: 29), "",
                ].joined(separator: "\r\n"))
    }

    @Test func `a letter for a password names accounts, links, and nothing that somebody wrote`()
        throws
    {
        let forge = Addresses(publicURL: "https://forge.test", keyPin: nil)
        let letter = Letters.forgotten(
            to: try MailAddress("ana@example.org"),
            links: [
                (try Handle("ana"), "https://forge.test/password/1"),
                (try Handle("ana-2"), "https://forge.test/password/2"),
            ], forge: forge)
        #expect(letter.subject.text == "A new password for forge.test")
        #expect(
            letter.text == """
                Somebody asked for a new password on forge.test, and we hope it was you.

                Set one for the account ana:

                https://forge.test/password/1

                Set one for the account ana-2:

                https://forge.test/password/2

                The link works once, for 15 minutes. Until it is used, nothing changes.
                If you did not ask, there is nothing that you have to do.

                """)
    }

    @Test func `a letter that invites says who does, and until when`() throws {
        let letter = Letters.invitation(
            to: try MailAddress("ben@example.org"), by: try Handle("ana"),
            link: "https://forge.test/join/1", expires: 1_795_000_005_000,
            forge: Addresses(publicURL: "https://forge.test", keyPin: nil))
        #expect(letter.subject.text == "ana invites you to forge.test")
        #expect(letter.text.contains("\nhttps://forge.test/join/1\n"))
        #expect(letter.text.contains("until 18 Nov 2026, 11:06 UTC."))
    }

    // MARK: Sending

    /// Has letters sent, and answers what was paused between and what was logged.
    private static func sent(
        _ carrier: FakeCarrier, _ texts: [String]
    ) async throws -> (pauses: [Duration], log: String) {
        let pauses = Mutex<[Duration]>([])
        let log = LogLines()
        let mailer = Mailer(
            MailWay(carrier, from: try MailAddress("forge@example.test")),
            addresses: Addresses(publicURL: "https://forge.test", keyPin: nil),
            threads: TestForge.threads, now: { 0 },
            wait: { pause in pauses.withLock { $0.append(pause) } },
            logger: Logger(label: "test") { _ in log })
        for text in texts {
            try mailer.enqueue {
                [
                    Letter(
                        kind: "test", to: try MailAddress("ana@example.org"), subject: "Hello",
                        text: text)
                ]
            }
        }
        mailer.finish()
        await mailer.run()
        return (pauses.withLock { $0 }, log.text)
    }

    @Test func `what passes is tried again, so often; what does not is not`() async throws {
        let busy = MailFailure(isPassing: true, "it is\nbusy")
        let once = FakeCarrier(failures: [busy])
        var (pauses, log) = try await MailTests.sent(once, ["secret"])
        #expect(pauses == [Limits.mailPauses[0]] && once.letters.count == 1)
        #expect(log.contains("mail sent") && log.contains("it is\\nbusy"))

        let always = FakeCarrier(
            failures: Array(repeating: busy, count: Limits.mailPauses.count + 1))
        (pauses, log) = try await MailTests.sent(always, ["secret"])
        #expect(pauses == Limits.mailPauses && always.letters.isEmpty)
        #expect(log.contains("mail was not sent") && log.contains("ana@example.org"))
        #expect(!log.contains("secret"))

        let never = FakeCarrier(failures: [MailFailure(isPassing: false, "there is no such box")])
        (pauses, log) = try await MailTests.sent(never, ["secret"])
        #expect(pauses.isEmpty && never.letters.isEmpty && log.contains("no such box"))
    }

    @Test func `letters wait, so many; one more is refused`() async throws {
        let carrier = FakeCarrier()
        let code = await refusal {
            _ = try await MailTests.sent(
                carrier, Array(repeating: "x", count: Limits.mailsWaitingMax + 1))
        }
        #expect(code == .unavailable)
        _ = try await MailTests.sent(
            carrier, Array(repeating: "x", count: Limits.mailsWaitingMax))
        #expect(carrier.letters.count == Limits.mailsWaitingMax)
        let ids = carrier.letters.compactMap { $0.mail.between("Message-ID: <", "@") }
        #expect(Set(ids).count == Limits.mailsWaitingMax)
    }

    @Test func `an address gets one letter of a kind in a while, and so many are remembered`()
        throws
    {
        let sent = LettersSent()
        let ana = try MailAddress("ana@example.org")
        #expect(sent.note(.forgotten, to: ana, now: 0))
        #expect(!sent.note(.forgotten, to: try MailAddress("ANA@example.org"), now: 1))
        #expect(sent.note(.invitation, to: ana, now: 1))
        sent.forget(.invitation, to: ana)
        #expect(sent.note(.invitation, to: ana, now: 1))
        #expect(!sent.note(.forgotten, to: ana, now: Limits.mailAgainMillis - 1))
        #expect(sent.note(.forgotten, to: ana, now: Limits.mailAgainMillis))
        for number in 2..<Limits.mailAddressesMax {
            #expect(sent.note(.forgotten, to: try MailAddress("p\(number)@b"), now: 2))
        }
        let last = try MailAddress("last@b")
        #expect(!sent.note(.forgotten, to: last, now: 3))
        #expect(sent.note(.forgotten, to: last, now: 2 * Limits.mailAgainMillis))
    }

    // MARK: Servers

    @Test func `a server's address says how it is spoken to`() throws {
        for (text, host, port, user, isTLSFirst, needsTLS) in [
            ("smtp://mail.example.org", "mail.example.org", 587, "", false, true),
            ("smtps://mail.example.org/", "mail.example.org", 465, "", true, true),
            ("SMTP://forge@mail.example.org:25", "mail.example.org", 25, "forge", false, true),
            ("smtp://forge%40example.org@[::1]:25", "::1", 25, "forge@example.org", false, false),
            ("smtp://a@b.org@localhost", "localhost", 587, "a@b.org", false, false),
            ("smtp://127.0.0.1:2525", "127.0.0.1", 2525, "", false, false),
            ("smtp://127.example.org", "127.example.org", 587, "", false, true),
            ("smtp://[2001:db8::1]", "2001:db8::1", 587, "", false, true),
            ("smtps://localhost", "localhost", 465, "", true, true),
        ] {
            let server = try SMTPServer(text)
            #expect(server.host == host && server.port == port && server.user == user, "\(text)")
            #expect(server.isTLSFirst == isTLSFirst && server.needsTLS == needsTLS, "\(text)")
        }
        var own = try SMTPServer("smtp://localhost")
        own.authorities = "ca.pem"
        #expect(own.needsTLS)
        var open = try SMTPServer("smtp://mail.example.org")
        open.isPlaintextAllowed = true
        #expect(!open.needsTLS)
    }

    @Test(arguments: [
        "", "mail.example.org", "http://mail.example.org", "smtp:mail.example.org", "smtp://",
        "smtp://forge:secret@mail.example.org", "smtp://@mail.example.org", "smtp://mail example",
        "smtp://mail.example.org:0", "smtp://mail.example.org:99999", "smtp://mail.example.org/x",
        "smtp://fo%0Arge@mail.example.org", "smtp://fo%zzrge@mail.example.org",
        "smtp://mail.example.org\r\n", "smtp://mail.example.org?x", "smtp://[::1", "smtp://[::1]x",
    ])
    func `what is no server's address is refused without being repeated`(_ text: String) {
        let error = #expect(throws: ForgeError.self) { try SMTPServer(text) }
        #expect(error?.description.contains("secret") == false)
    }
}

/// Keeps what is logged, as text.
private final class LogLines: LogHandler, Sendable {
    private let lines = Mutex<[String]>([])

    var text: String { lines.withLock { $0.joined(separator: "\n") } }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
    }
}
