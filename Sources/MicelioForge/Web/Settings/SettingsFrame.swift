/// What stands around the pages of an account's settings.
struct SettingsFrame {
    enum Section: String, CaseIterable {
        case profile = "Profile"
        case password = "Password"
        case twoFactor = "Two-factor sign-in"
        case devices = "Devices"
        case tokens = "Tokens"
        case organisations = "Organisations"
        case invitations = "Invitations"
        case deleted = "Deleted projects"

        var address: String {
            switch self {
            case .profile: "/settings"
            case .twoFactor: "/settings/two-factor"
            case .deleted: "/settings/deleted"
            default: "/settings/\(rawValue.lowercased())"
            }
        }
    }

    /// - Parameters:
    ///   - problem: what was wrong with a form, above everything.
    ///   - body: sections; the first begins with `SettingsFrame.head`.
    static func page(
        _ frame: Frame, _ section: Section, problem: String? = nil, _ body: HTML
    ) -> HTML {
        let links = Section.allCases.map { other -> HTML in
            let current: HTML = other == section ? " aria-current=\"page\"" : ""
            return "<li><a href=\"\(other.address)\"\(current)>\(other.rawValue)</a></li>"
        }
        let handle = frame.user?.handle.text ?? ""
        return frame.page(
            "\(section.rawValue) · settings",
            crumbs: [
                .init(name: handle, address: "/\(handle)"),
                .init(name: "settings", address: "/settings"),
            ],
            isIndexed: false,
            """
            <div class="with-side"><nav class="side" aria-label="Settings">\
            <ul class="bare">\(links)</ul></nav>
            <div class="stack">\(Frame.problem(problem))\(body)</div></div>
            """)
    }

    /// The heading of a page's first section.
    static func head(_ section: Section, _ count: Int? = nil) -> HTML {
        let count: HTML? = count.map { "<p>\($0)</p>" }
        return "<div class=\"sect\"><h1>\(section.rawValue)</h1>\(count)</div>"
    }

    /// A good thing that just happened.
    static func done(_ text: String?) -> HTML? {
        text.map { "<div class=\"notice good\" role=\"status\"><p>\($0)</p></div>" }
    }

    /// The field for the password typed again, where it is needed.
    ///
    /// - Parameter id: of the field, for pages with several.
    static func passwordField(_ isNeeded: Bool, id: String = "again") -> HTML? {
        guard isNeeded else { return nil }
        return """
            <div class="field"><label for="\(id)">Your password, once more</label><input id="\(id)" \
            name="password" type="password" autocomplete="current-password" required \
            aria-describedby="\(id)-hint"><p class="hint" id="\(id)-hint">It was last asked for more \
            than \(Limits.confirmedMillis / 60_000) minutes ago.</p></div>
            """
    }

    /// A button that ends one thing of a list.
    ///
    /// - Parameter what: said to who does not see the row.
    static func ending(_ address: String, _ word: String, _ what: String) -> HTML {
        """
        <form method="post" action="\(address)"><button class="danger">\(word)<span class="vh"> \
        \(what)</span></button></form>
        """
    }

    /// A table that scrolls within itself.
    static func table(_ caption: String, head: HTML, _ rows: [HTML]) -> HTML {
        """
        <div class="scroll" tabindex="0" role="region" aria-label="\(caption)"><table class="list">\
        <caption class="vh">\(caption)</caption><thead><tr>\(head)</tr></thead>
        <tbody>\(rows)</tbody></table></div>
        """
    }
}
