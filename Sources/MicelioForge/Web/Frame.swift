import HTTPTypes
import HifCore
import Hummingbird

/// What stands around every page, and what its parts need to know of the one who looks: who it is,
/// when it is, and which colours they chose.
struct Frame: Sendable {
    let user: User?
    let theme: Theme
    let now: Int64
    /// The forge's host, as pages name it.
    let host: String
    let publicURL: String
    let signUp: SignUpPolicy
    /// Whether the forge sends mail.
    let sendsMail: Bool
    /// Path and query of this page; of a form that was refused, those of the page it is on.
    var address: String
    /// Addresses of the same thing in other forms.
    let twins: [(format: Format, address: String)]

    init(_ call: Call) {
        self.init(
            forge: call.forge, user: call.principal.user, request: call.request,
            address: call.address,
            twins: call.match.route.pattern.formats.compactMap { format in
                call.twin(format).map { (format, $0) }
            })
    }

    init(
        forge: Forge, user: User?, request: Request, address: String,
        twins: [(format: Format, address: String)] = []
    ) {
        self.user = user
        theme = request.cookies[Theme.cookie].flatMap { Theme(rawValue: $0.value) } ?? .auto
        now = forge.now()
        host = forge.addresses.host
        publicURL = forge.addresses.publicURL
        signUp = forge.signUpPolicy
        sendsMail = forge.sendsMail
        self.address = address
        self.twins = twins
    }
}

/// Which colours a visitor wants.
enum Theme: String, Sendable, CaseIterable {
    case auto
    case light
    case dark

    static let cookie = "theme"
}

extension Call {
    /// The address of this page in another form; nil when it has only one.
    func twin(_ form: Format) -> String? {
        guard let index = match.route.pattern.twin else { return nil }
        let path = request.uri.path
        var parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        // The part before the first slash is empty.
        guard parts.indices.contains(index + 1) else { return nil }
        var word = parts[index + 1][...]
        _ = Format.split(&word, of: match.route.pattern.formats)
        parts[index + 1] = "\(word).\(form.rawValue)"
        return parts.joined(separator: "/") + (request.uri.query.map { "?\($0)" } ?? "")
    }
}

extension Frame {
    /// A step of the way to this page.
    struct Crumb: Sendable {
        let name: String
        let address: String
    }

    /// What the field in the head searches.
    struct Find: Sendable {
        let name: String
        let address: String

        static let names = Find(name: "projects", address: "/search")
    }

    /// A whole page.
    ///
    /// - Parameters:
    ///   - crumbs: the way to it, for the head.
    ///   - tabs: the project's parts; nil outside of projects.
    ///   - find: what is searched from here.
    ///   - isIndexed: whether search engines may list it.
    ///   - script: the address of a script that shortens the way; the page works without.
    func page(
        _ title: String, crumbs: [Crumb] = [], tabs: HTML? = nil, find: Find = .names,
        description: String? = nil, isIndexed: Bool = true, script: String? = nil,
        _ body: HTML
    ) -> HTML {
        let themed: HTML = theme == .auto ? "" : " data-theme=\"\(theme.rawValue)\""
        let robots: HTML = isIndexed ? "" : "<meta name=\"robots\" content=\"noindex\">\n"
        let about: HTML? = description.map {
            "<meta name=\"description\" content=\"\($0)\">\n<meta property=\"og:title\" content=\"\(title)\">\n<meta property=\"og:description\" content=\"\($0)\">\n"
        }
        let script: HTML? = script.map { "<script src=\"\($0)\" defer></script>\n" }
        let alternates = twins.map { twin -> HTML in
            "<link rel=\"alternate\" type=\"\(twin.format.type)\" href=\"\(twin.address)\">\n"
        }
        return """
            <!DOCTYPE html>
            <html lang="en"\(themed)>
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            \(robots)<title>\(title) · \(host)</title>
            \(about)<link rel="icon" href="data:,">
            <link rel="stylesheet" href="\(Stylesheet.address)">
            \(script)\(alternates)</head>
            <body>
            <a class="skip" href="#main">Skip to content</a>
            <header class="top">
            <a class="brand" href="/">\(Frame.mark)<span>micelio</span></a>
            \(trail(crumbs))\(field(find))\(account)
            </header>
            \(tabs)
            <main id="main">
            \(body)
            </main>
            \(foot)
            </body>
            </html>

            """
    }

    private func trail(_ crumbs: [Crumb]) -> HTML {
        guard !crumbs.isEmpty else { return "" }
        let items = crumbs.map { "<li><a href=\"\($0.address)\">\($0.name)</a></li>" as HTML }
        return "<nav class=\"crumbs\" aria-label=\"Breadcrumb\"><ol>\(items)</ol></nav>\n"
    }

    private func field(_ find: Find) -> HTML {
        """
        <form class="find" role="search" action="\(find.address)" aria-label="Search \(find.name)"><label \
        class="vh" for="find">Search \(find.name)</label><input id="find" name="q" type="search" \
        placeholder="Search \(find.name)"></form>

        """
    }

    private var account: HTML {
        guard let user else {
            let signUp: HTML? = signUp == .open ? "<a href=\"/signup\">Sign up</a>" : nil
            return """
                <nav class="me" aria-label="Account">\(signUp)<a href="/signin?to=\
                \(PercentCoding.encode(address.utf8))">Sign in</a></nav>
                """
        }
        let admin: HTML? =
            user.isAdmin ? "<a href=\"/admin\">Administration</a>" : nil
        return """
            <nav class="me" aria-label="Account">\(admin)<a href="/settings">Settings</a>\
            \(Avatar.named(user.handle.text))</nav>
            """
    }

    private var foot: HTML {
        let forms = twins.map { twin -> HTML in
            "<a href=\"\(twin.address)\">\(twin.format.name)</a>"
        }
        let themes = Theme.allCases.map { choice -> HTML in
            let name = choice.rawValue.prefix(1).uppercased() + choice.rawValue.dropFirst()
            return """
                <button class="quiet" name="theme" value="\(choice.rawValue)" aria-pressed="\(choice == theme ? "true" : "false")">\(name)</button>
                """
        }
        return """
            <footer class="foot">
            <span>micelio</span><a href="/openapi.json">API</a><a href="/SKILL.md">SKILL.md</a>\
            \(forms)
            <form method="post" action="/theme" aria-label="Theme"><input type="hidden" name="to" \
            value="\(address)"><span>Theme</span>\(themes)</form>
            </footer>
            """
    }

    private static let mark: HTML = """
        <svg viewBox="0 0 22 22" aria-hidden="true"><path d="M11 11C7 10 5 7 3 3M11 11c4-1 6-3 8-7M11 11c1 4 0 6-3 9M11 11c3 1 6 3 8 7M7.200 9 3 11.500M14.500 14l.5 5"/><circle cx="11" cy="11" r="2.600"/><circle cx="3" cy="3" r="1.500"/><circle cx="19" cy="4" r="1.500"/><circle cx="8" cy="20" r="1.500"/><circle cx="19" cy="18" r="1.500"/></svg>
        """
}

extension Frame {
    /// Errors begin small and have no full stop, as they stand behind the name of a program.
    static func sentence(_ text: String) -> String {
        let text = text.prefix(1).uppercased() + text.dropFirst()
        return text.hasSuffix(".") || text.hasSuffix("?") || text.hasSuffix(":") ? text : text + "."
    }

    /// What went wrong with a form, above it.
    static func problem(_ text: String?) -> HTML {
        text.map { "<div class=\"notice warn\" role=\"alert\"><p>\(sentence($0))</p></div>" } ?? ""
    }

    /// What an account's mail address is for.
    static func mailHint(_ frame: Frame) -> HTML {
        frame.sendsMail
            ? "Only whoever runs this forge sees it. If you forget your password, a link goes there."
            : "Only whoever runs this forge sees it."
    }

    /// A page with a sentence or two on it.
    ///
    /// - Parameter command: for a terminal.
    func message(
        _ title: String, _ text: String, hint: String? = nil, command: String? = nil
    ) -> HTML {
        let more: HTML? = hint.map { "<p>\(Frame.sentence($0))</p>" }
        let last: HTML? = command.map { "<pre tabindex=\"0\">\($0)</pre>" }
        return page(
            title, isIndexed: false,
            """
            <div class="narrow mid"><h1>\(title)</h1><p>\(Frame.sentence(text))</p>\(more)\(last)</div>
            """)
    }
}
