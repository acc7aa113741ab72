import ArgumentParser
import Foundation
import MicelioForge

/// How a forge sends mail: links for forgotten passwords, and invitations.
///
/// A password is not among the options: everybody on the machine can read the words of a running command.
struct MailOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A mail server: smtp://USER@HOST:PORT (STARTTLS) or smtps://USER@HOST:PORT.",
            discussion: "Without it the forge sends no mail, and whoever runs it gives links away.",
            valueName: "url"))
    var mail: String?

    @Option(help: ArgumentHelp("The address that mail comes from.", valueName: "address"))
    var mailFrom: String?

    @Option(
        help: ArgumentHelp(
            "A file with the password of the mail server. Without it MICELIO_MAIL_PASSWORD.",
            valueName: "file"))
    var mailPasswordFile: String?

    @Option(
        help: ArgumentHelp(
            "Authorities to trust for the mail server in place of the system's, PEM.",
            valueName: "file"))
    var mailCa: String?

    @Flag(help: "Send mail without TLS to a server that is not on this machine.")
    var mailPlaintext = false

    /// Nil for a forge that sends no mail.
    func way() throws -> MailWay? {
        guard let mail else {
            guard mailFrom == nil, mailPasswordFile == nil, mailCa == nil, !mailPlaintext else {
                throw ForgeError.invalid("options for mail go with --mail smtp://...")
            }
            return nil
        }
        var server = try SMTPServer(mail)
        guard let mailFrom else {
            throw ForgeError.invalid("--mail goes with --mail-from, like forge@example.org")
        }
        server.password = try password(for: server)
        server.authorities = mailCa
        if let mailCa, !FileManager.default.isReadableFile(atPath: mailCa) {
            throw ForgeError.invalid("the authorities in \(mailCa) cannot be read")
        }
        server.isPlaintextAllowed = mailPlaintext
        return MailWay(try SMTPCarrier(server), from: try MailAddress(mailFrom))
    }

    private func password(for server: SMTPServer) throws -> String {
        let text: String
        if let mailPasswordFile {
            text = try String(contentsOfFile: mailPasswordFile, encoding: .utf8)
        } else {
            text = ProcessInfo.processInfo.environment["MICELIO_MAIL_PASSWORD"] ?? ""
        }
        // An editor ends the file with a line feed.
        let password = text.trimmingCharacters(in: .newlines)
        guard server.user.isEmpty == password.isEmpty else {
            throw ForgeError(
                .invalidArgument,
                server.user.isEmpty
                    ? "there is a password for the mail server, and no user in --mail"
                    : "there is no password for \(server.user) at the mail server",
                hint: server.user.isEmpty
                    ? "--mail smtp://USER@\(server.host)"
                    : "put it into a file for --mail-password-file, or into the variable "
                        + "MICELIO_MAIL_PASSWORD")
        }
        guard !password.contains(where: \.isNewline) else {
            throw ForgeError.invalid("a mail server's password is one line")
        }
        return password
    }
}
