import CCurl
import HifCore

/// Brings letters to a mail server by SMTP, through libcurl: one connection for each.
package struct SMTPCarrier: MailCarrier {
    private let server: SMTPServer

    /// - Throws: when libcurl speaks no SMTP here.
    package init(_ server: SMTPServer) throws(ForgeError) {
        self.server = server
        guard SMTPCarrier.hasBegun else {
            throw ForgeError(.unavailable, "libcurl cannot be used: mail is sent through it")
        }
    }

    /// libcurl wants to be begun once, before any thread uses it.
    private static let hasBegun = hif_curl_begin() == CURLE_OK

    package func deliver(
        _ mail: [UInt8], from: MailAddress, to: MailAddress
    ) throws(MailFailure) {
        guard let curl = curl_easy_init(), let recipients = curl_slist_append(nil, "<\(to)>") else {
            throw MailFailure(isPassing: true, "libcurl has no memory")
        }
        defer {
            curl_easy_cleanup(curl)
            curl_slist_free_all(recipients)
        }
        let outcome = mail.withUnsafeBytes { bytes in
            var rest = hif_curl_bytes(
                bytes: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), count: bytes.count,
                sent: 0)
            return withUnsafeMutablePointer(to: &rest) { rest in
                let code = set(curl, from: from, recipients, rest)
                return code == CURLE_OK ? curl_easy_perform(curl) : code
            }
        }
        guard outcome != CURLE_OK else { return }
        throw failure(outcome, answer: hif_curl_answer(curl))
    }

    private func set(
        _ curl: UnsafeMutableRawPointer, from: MailAddress,
        _ recipients: UnsafeMutablePointer<curl_slist>,
        _ rest: UnsafeMutablePointer<hif_curl_bytes>
    ) -> CURLcode {
        let scheme = server.isTLSFirst ? "smtps" : "smtp"
        // The word behind the host is what we call ourselves; a machine's own name is nobody's business.
        let address = "\(scheme)://\(HostPort(host: server.host, port: server.port))/\(from.host)"
        var texts = [
            (CURLOPT_URL, address), (CURLOPT_PROTOCOLS_STR, "smtp,smtps"),
            (CURLOPT_MAIL_FROM, "<\(from)>"),
            // What the environment says of proxies is said of the web.
            (CURLOPT_PROXY, ""),
        ]
        if !server.user.isEmpty {
            texts += [(CURLOPT_USERNAME, server.user), (CURLOPT_PASSWORD, server.password)]
        }
        if let authorities = server.authorities { texts.append((CURLOPT_CAINFO, authorities)) }
        let numbers = [
            // Without signals: they are the process's, and this is one of its threads.
            (CURLOPT_NOSIGNAL, 1), (CURLOPT_CONNECTTIMEOUT, Limits.mailConnectSeconds),
            (CURLOPT_TIMEOUT, Limits.mailTrySeconds),
            (
                CURLOPT_USE_SSL,
                Int(server.needsTLS ? CURLUSESSL_ALL.rawValue : CURLUSESSL_NONE.rawValue)
            ),
            (CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)),
        ]
        for (option, text) in texts {
            let code = hif_curl_text(curl, option, text)
            guard code == CURLE_OK else { return code }
        }
        for (option, number) in numbers {
            let code = hif_curl_number(curl, option, number)
            guard code == CURLE_OK else { return code }
        }
        let code = hif_curl_list(curl, CURLOPT_MAIL_RCPT, recipients)
        return code == CURLE_OK ? hif_curl_upload(curl, rest) : code
    }

    /// - Parameter answer: the code of the server's last answer; 0 for none.
    private func failure(_ outcome: CURLcode, answer: Int) -> MailFailure {
        let place = HostPort(host: server.host, port: server.port)
        let why = String(cString: curl_easy_strerror(outcome))
        switch outcome {
        case CURLE_LOGIN_DENIED where !(400..<500).contains(answer):
            return MailFailure(
                isPassing: false, "\(place) does not know the user or the password (\(answer))")
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE:
            return MailFailure(
                isPassing: false,
                "nobody vouches for the certificate of \(place): --mail-ca names authorities")
        case CURLE_USE_SSL_FAILED:
            return MailFailure(
                isPassing: false,
                "\(place) offers no TLS: --mail-plaintext would send links and passwords in the clear"
            )
        case CURLE_OPERATION_TIMEDOUT:
            return MailFailure(
                isPassing: true, "\(place) has not taken it within \(Limits.mailTrySeconds) seconds"
            )
        default:
            // 5xx is for good (RFC 5321, 4.2.1); what came before any answer may be otherwise next time.
            let isRefused = (500..<600).contains(answer)
            return MailFailure(
                isPassing: !isRefused,
                answer >= 400 ? "\(place) answered \(answer)" : "\(place): \(why)")
        }
    }
}
