import HTTPTypes

/// Two-factor sign-in: on pages alone, for it is about signing in there.
enum TwoFactorSettings {
    private static let page = "/settings/two-factor"

    static let all: [Route] = [
        .account(.get, page, .page, "two_factor.show", "Whether sign-in asks for a code") {
            call, grant in
            let view = try await view(call, grant)
            return .page { view.page($0) }
        },
        .account(
            .post, page, .page, "two_factor.on", "Makes sign-in ask for a code",
            body: .object(
                [
                    .init("secret", .string, "What the app was given"),
                    .init("code", .string, "What the app says now"), Route.passwordField,
                ], required: ["secret", "code"])
        ) { call, grant in
            let body = try await call.body()
            return try await changing(call, grant, body) { view in
                view.codes = try await call.forge.turnSecondFactorOn(
                    grant, secret: body.string("secret") ?? "", code: body.string("code") ?? "")
            }
        },
        .account(
            .post, "\(page)/codes", .page, "two_factor.codes", "Makes new recovery codes",
            body: .object([Route.passwordField], required: [])
        ) { call, grant in
            try await changing(call, grant, call.body()) { view in
                view.codes = try await call.forge.makeRecoveryCodes(grant)
            }
        },
        .account(
            .post, "\(page)/off", .page, "two_factor.off", "Makes sign-in ask for no code",
            body: .object([Route.passwordField], required: [])
        ) { call, grant in
            try await changing(call, grant, call.body()) { view in
                try await call.forge.turnSecondFactorOff(grant)
                view.done = "Two-factor sign-in is off: your password is enough."
            }
        },
    ]

    private static func view(
        _ call: Call, _ grant: AccountGrant
    ) async throws -> TwoFactorPage {
        TwoFactorPage(
            handle: grant.user.handle, secret: TimeCode.newSecret(),
            codesLeft: try await call.forge.recoveryCodesLeft(grant),
            needsPassword: call.forge.needsPassword(call.principal))
    }

    /// Does something that needs the password, and shows the page with what came of it.
    private static func changing(
        _ call: Call, _ grant: AccountGrant, _ body: JSONBody,
        _ work: (inout TwoFactorPage) async throws -> Void
    ) async throws -> Reply {
        try await call.answeringForm { error in
            var view = try await view(call, grant)
            // The app has the secret already.
            if let secret = Base32.decode(body.string("secret") ?? ""),
                secret.count == TimeCode.secretBytes
            {
                view.secret = secret
            }
            view.problem = error.message
            return .page({ [view] in view.page($0) }, error.code.httpStatus)
        } _: {
            try await call.forge.confirm(
                call.principal, password: body.string("password") ?? "",
                address: call.context.remoteAddress)
            var result = try await view(call, grant)
            try await work(&result)
            result.codesLeft = try await call.forge.recoveryCodesLeft(grant)
            result.needsPassword = false
            return .page { [result] in result.page($0) }
        }
    }
}

/// The page of two-factor sign-in.
struct TwoFactorPage {
    let handle: Handle
    /// For an app that is being set up.
    var secret: [UInt8]
    /// Nil while it is off.
    var codesLeft: Int?
    var needsPassword: Bool
    /// Recovery codes that were just made; they are shown this once.
    var codes: [String] = []
    var done: String?
    var problem: String?

    init(handle: Handle, secret: [UInt8], codesLeft: Int?, needsPassword: Bool) {
        self.handle = handle
        self.secret = secret
        self.codesLeft = codesLeft
        self.needsPassword = needsPassword
    }

    func page(_ frame: Frame) -> HTML {
        SettingsFrame.page(
            frame, .twoFactor, problem: problem,
            """
            <section>\(SettingsFrame.head(.twoFactor))
            \(SettingsFrame.done(done))\(newCodes)\(codesLeft == nil ? setUp(frame) : state)</section>
            \(codesLeft.map(recovery))
            """)
    }

    private var newCodes: HTML? {
        guard !codes.isEmpty else { return nil }
        return """
            <div class="notice good"><p><b>Keep these recovery codes now.</b> They are shown only this \
            once. Each signs you in once, when the app is out of reach.</p></div>
            <pre tabindex="0" aria-label="Recovery codes">\(codes.joined(separator: "\n"))</pre>
            """
    }

    private var state: HTML {
        """
        <p><span class="state good">On</span></p>
        <p>Signing in, here or on a device, asks for a code of your authenticator app after the \
        password. hif and tokens go on as they are.</p>
        <form class="form gap" method="post" action="/settings/two-factor/off">\
        \(SettingsFrame.passwordField(needsPassword))<button class="danger">Turn off</button></form>
        """
    }

    private func setUp(_ frame: Frame) -> HTML {
        let text = Base32.encode(secret)
        let groups = stride(from: 0, to: text.count, by: 4).map { start in
            String(text.dropFirst(start).prefix(4))
        }
        let address = TimeCode.address(secret: secret, handle: handle, host: frame.host)
        let picture = QRCode(Array(address.utf8))?.picture("The key as a QR code")
        return """
            <p><span class="state">Off</span></p>
            <p>With it, signing in asks for a code that an authenticator app on your phone makes: \
            a stolen password alone opens nothing.</p>
            <ol class="steps"><li><p>Add an account to the app: scan this, or type the key, or <a \
            href="\(address)">open the app</a> on this device.</p>\(picture)<p class="gap">\
            The key: <code class="key">\(groups.joined(separator: " "))</code></p></li>
            <li><p>Type the code that it shows.</p>
            <form class="form" method="post" action="/settings/two-factor"><input type="hidden" \
            name="secret" value="\(text)">
            <div class="field"><label for="code">Code</label><input class="mono" id="code" \
            name="code" required inputmode="numeric" autocomplete="one-time-code" maxlength="10"></div>
            \(SettingsFrame.passwordField(needsPassword))<button class="primary">Turn on</button></form>\
            </li></ol>
            """
    }

    private func recovery(_ left: Int) -> HTML {
        let few: HTML? =
            left <= 3 ? "<p class=\"warn\">Make new ones before they run out.</p>" : nil
        return """
            <section aria-labelledby="recovery"><div class="sect"><h2 id="recovery">Recovery codes</h2>\
            <p>\(left) left</p></div>
            \(few)<p>New codes make the old ones worthless.</p>
            <form class="form" method="post" action="/settings/two-factor/codes">\
            \(SettingsFrame.passwordField(needsPassword, id: "for-codes"))<button>Make new codes</button></form></section>
            """
    }
}
