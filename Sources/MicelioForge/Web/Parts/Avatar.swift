/// Pictures of accounts and agents on pages: people are round, agents are square.
///
/// An account's is a file of its own (`AvatarRoutes`), whose address follows from the name: so a page asks
/// nothing of the database for the pictures on it. The words beside a picture say whose it is.
enum Avatar {
    /// Of whoever has no account here, drawn from the name in the colours of the page.
    static func drawn(_ name: String, isAgent: Bool = false) -> HTML {
        """
        <svg class="av\(isAgent ? " agent" : "")" viewBox="0 0 5 5" aria-hidden="true"><path \
        fill="currentColor" d="\(DrawnAvatar.path(name))"/></svg>
        """
    }

    /// Of an account, beside its name.
    static func small(_ handle: String) -> HTML {
        """
        <img class="av" src="\(AvatarRoutes.address(handle, .small))" width="24" height="24" alt="">
        """
    }

    /// Of an account, large.
    ///
    /// - Parameters:
    ///   - tag: of the picture that it is now, so that the one before is not shown.
    ///   - alt: empty where the name stands beside it.
    static func large(_ handle: String, tag: String? = nil, alt: String = "") -> HTML {
        let version: HTML? = tag.map { "?v=\($0)" }
        return """
            <img class="av" src="\(AvatarRoutes.address(handle, .large))\(version)" width="80" \
            height="80" alt="\(alt)">
            """
    }

    /// An account with its picture, leading to its page.
    static func named(_ handle: String) -> HTML {
        "<a class=\"who\" href=\"/\(handle)\">\(small(handle))<span>\(handle)</span></a>"
    }
}
