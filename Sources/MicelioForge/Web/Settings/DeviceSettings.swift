import HTTPTypes

/// What is signed in to an account, and the way to end one of it or all.
enum DeviceSettings {
    static let all: [Route] =
        Route.own(
            .init(page: "/settings/devices~", api: "/api/v1/me/devices"), "devices.list",
            "Browsers and devices that are signed in to the account"
        ) { call, grant in
            .answer(
                DevicesAnswer(
                    browsers: try await call.forge.browsers(grant).map {
                        BrowserView($0, current: call.principal.browser)
                    },
                    devices: try await call.forge.deviceLogins(grant).map(DeviceView.init)))
        }
        .answering(DevicesAnswer.shape)
        + Route.ending(
            page: "/settings/browsers/{number}/end", api: "/api/v1/me/browsers/{number}",
            "browsers.end", "Signs a browser out", back: "/settings/devices"
        ) { call, grant in try await call.forge.endBrowser(call.number(), grant) }
        + Route.ending(
            page: "/settings/devices/{number}/end", api: "/api/v1/me/devices/{number}",
            "devices.end", "Signs a device out", back: "/settings/devices"
        ) { call, grant in try await call.forge.endDeviceLogin(call.number(), grant) }
}

/// A browser that is signed in.
struct BrowserView: Encodable, Sendable {
    let number: Int64
    let browser: String
    let address: String
    let signedInAt: Moment
    let lastUsedAt: Moment
    /// Whether it is the one that asks.
    let isThisOne: Bool

    init(_ session: BrowserSession, current: BrowserSession?) {
        number = session.id
        browser = session.browser
        address = session.address
        signedInAt = Moment(session.createdMillis)
        lastUsedAt = Moment(session.lastUsedMillis)
        isThisOne = session.id == current?.id
    }
}

/// A device that signed in with hif auth login.
struct DeviceView: Encodable, Sendable {
    let number: Int64
    let device: String
    let program: String
    let address: String
    let signedInAt: Moment
    let lastUsedAt: Moment?

    init(_ login: DeviceLogin) {
        number = login.id
        device = login.deviceName
        program = login.clientName
        address = login.address
        signedInAt = Moment(login.createdMillis)
        lastUsedAt = login.lastUsedMillis.map { Moment($0) }
    }
}

/// What is signed in to an account.
struct DevicesAnswer: Answer {
    let browsers: [BrowserView]
    let devices: [DeviceView]

    func page(_ frame: Frame) -> HTML {
        SettingsFrame.page(
            frame, .devices,
            """
            <section>\(SettingsFrame.head(.devices, devices.count))
            \(deviceTable(frame))</section>
            <section aria-labelledby="browsers"><div class="sect"><h2 id="browsers">Browsers</h2>\
            <p>\(browsers.count)</p></div>
            \(browserTable(frame))</section>
            <section aria-labelledby="all"><div class="sect"><h2 id="all">All at once</h2></div>
            <form method="post" action="/signout/everywhere"><button class="danger">Sign out everywhere\
            </button></form>
            <p class="hint">Every browser, this one too, and every device. Tokens made by hand stay: \
            <a href="/settings/tokens">Tokens</a>.</p></section>
            """)
    }

    private func deviceTable(_ frame: Frame) -> HTML {
        guard !devices.isEmpty else {
            return """
                <p class="soft">None. This signs one in, from a terminal:</p>
                <p><label class="vh" for="login">Command</label><input class="cmd mono" id="login" \
                readonly value="hif auth login \(frame.publicURL)"></p>
                """
        }
        let rows = devices.map { device -> HTML in
            let used: HTML = device.lastUsedAt.map { frame.time($0.millis) } ?? "never"
            let button = SettingsFrame.ending(
                "/settings/devices/\(device.number)/end", "Sign out", device.device)
            return """
                <tr><th scope="row"><b>\(device.device)</b><br><span class="soft">\(device.program)\
                </span></th><td class="mono opt">\(device.address)</td><td class="opt nowrap">\
                \(frame.time(device.signedInAt.millis))</td><td class="nowrap">\(used)</td><td \
                class="num">\(button)</td></tr>
                """
        }
        return SettingsFrame.table(
            "Devices that are signed in",
            head: """
                <th scope="col">Device</th><th scope="col" class="opt">Address</th><th scope="col" \
                class="opt">Signed in</th><th scope="col">Last used</th><th scope="col"><span \
                class="vh">Action</span></th>
                """, rows)
    }

    private func browserTable(_ frame: Frame) -> HTML {
        let rows = browsers.map { browser -> HTML in
            let name = BrowserName.short(browser.browser)
            let button = SettingsFrame.ending(
                "/settings/browsers/\(browser.number)/end", "Sign out", name)
            let here: HTML = browser.isThisOne ? " <span class=\"tag\">this one</span>" : ""
            return """
                <tr><th scope="row" title="\(browser.browser)"><b>\(name)</b>\(here)</th><td \
                class="mono opt">\(browser.address)</td><td class="opt nowrap">\
                \(frame.time(browser.signedInAt.millis))</td><td class="nowrap">\
                \(frame.time(browser.lastUsedAt.millis))</td><td \
                class="num">\(button)</td></tr>
                """
        }
        return SettingsFrame.table(
            "Browsers that are signed in",
            head: """
                <th scope="col">Browser</th><th scope="col" class="opt">Address</th><th scope="col" \
                class="opt">Signed in</th><th scope="col">Last used</th><th scope="col"><span \
                class="vh">Action</span></th>
                """, rows)
    }

    var markdown: String {
        let devices = devices.map { device in
            "- \(device.number): \(MarkdownText.escape(device.device)), \(MarkdownText.escape(device.program)), \(device.address), since \(device.signedInAt.iso)"
        }
        let browsers = browsers.map { browser in
            "- \(browser.number): \(MarkdownText.escape(BrowserName.short(browser.browser))), \(browser.address), last used \(browser.lastUsedAt.iso)"
        }
        return """
            # Signed in

            ## Devices

            \(devices.joined(separator: "\n"))

            ## Browsers

            \(browsers.joined(separator: "\n"))

            """
    }
}

/// What a browser calls itself, in two words. A guess for people: nothing depends on it.
enum BrowserName {
    static func short(_ agent: String) -> String {
        guard !agent.isEmpty else { return "Unknown browser" }
        // What is narrower stands first: most browsers claim to be others, too.
        let browser = [
            ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
            ("Safari/", "Safari"),
        ].first { agent.contains($0.0) }?.1
        let system = [
            ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"),
            ("Windows", "Windows"), ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
        ].first { agent.contains($0.0) }?.1
        guard let browser else { return String(agent.prefix(40)) }
        return system.map { "\(browser) on \($0)" } ?? browser
    }
}
