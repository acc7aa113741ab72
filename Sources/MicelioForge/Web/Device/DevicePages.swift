/// The two pages of approving a device.
enum DevicePages {
    static func code(_ frame: Frame, prefilled: String, problem: String? = nil) -> HTML {
        frame.page(
            "Sign a device in", isIndexed: false,
            """
            <div class="narrow"><h1>Sign a device in</h1>
            \(Frame.problem(problem))
            <p>Type the code that the device shows.</p>
            <form method="post" action="/device">
            <div class="field"><label for="user_code">Code</label>
            <input class="usercode" id="user_code" name="user_code" value="\(prefilled)" required \
            maxlength="20"
             autocomplete="off" autocapitalize="characters" spellcheck="false"
             placeholder="ABCD-EFGH"></div>
            <p><button class="primary">Go on</button></p>
            </form></div>
            """)
    }

    /// The last step of who has two-factor sign-in.
    static func secondFactor(
        _ frame: Frame, _ userCode: String, ticket: String, problem: String? = nil
    ) -> HTML {
        frame.page(
            "One code more", isIndexed: false,
            """
            <div class="narrow"><h1>One code more</h1><p class="soft">to sign the device in</p>
            \(Frame.problem(problem))
            <form method="post" action="/device/decision">
            <input type="hidden" name="user_code" value="\(userCode)">
            <input type="hidden" name="ticket" value="\(ticket)">
            \(SignInPages.codeField)
            <p class="row"><button class="primary" name="decision" value="code">Approve</button>
            <button class="danger" name="decision" value="deny" formnovalidate>I did not start this</button></p>
            </form></div>
            """)
    }

    /// - Parameter handle: of whoever is signed in, or what was typed before.
    static func approval(
        _ frame: Frame, _ request: DeviceRequest, handle: String, problem: String? = nil
    ) -> HTML {
        frame.page(
            "Did you start this?", isIndexed: false,
            """
            <div class="narrow mid"><h1>Did you start this?</h1>
            \(Frame.problem(problem))
            <p>A device asks to act as you on this forge. Approve only if you started it yourself,
            just now, and the code on the device is the same. Nobody who helps you needs a code
            approved.</p>
            <dl class="pairs">
            <dt>Code</dt><dd class="usercode">\(request.userCode.description)</dd>
            <dt>Device</dt><dd>\(request.deviceName)</dd>
            <dt>Program</dt><dd>\(request.clientName)</dd>
            <dt>Address</dt><dd>\(request.address)</dd>
            <dt>Started</dt><dd>\(frame.time(request.createdMillis))</dd>
            <dt>May</dt><dd>everything that you may, until you sign it out</dd>
            </dl>
            <form method="post" action="/device/decision">
            <input type="hidden" name="user_code" value="\(request.userCode.description)">
            <div class="field"><label for="handle">Handle</label>
            <input id="handle" name="handle" value="\(handle)" autocomplete="username"
             autocapitalize="none" spellcheck="false" maxlength="39"></div>
            <div class="field"><label for="password">Password</label>
            <input id="password" name="password" type="password" autocomplete="current-password"></div>
            <p class="row"><button class="primary" name="decision" value="approve">Approve</button>
            <button class="danger" name="decision" value="deny">I did not start this</button></p>
            </form></div>
            """)
    }
}
