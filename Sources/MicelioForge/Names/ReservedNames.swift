/// Words that cannot be names: first parts of the site's own addresses, words that would let an
/// account pass for the site, and names that file systems treat apart.
package enum ReservedNames {
    package static let handles: Set<String> = devices.union([
        "about", "account", "accounts", "admin", "administrator", "agents", "all", "anonymous",
        "api", "assets", "auth", "avatars", "billing", "blog", "contact", "css", "dashboard",
        "device", "docs", "download", "events", "everyone", "explore", "favicon", "federation",
        "feed", "feeds", "files", "forgot", "git", "guest", "healthz", "help", "hif", "home", "img",
        "inbox",
        "install", "join", "js", "legal", "livez", "login", "logout", "mail", "mcp", "me", "media",
        "metrics", "micelio", "new", "nobody", "none", "notifications", "null", "oauth", "objects",
        "openapi",
        "org", "organisations", "organizations", "owner", "pages", "password", "press", "privacy",
        "problems",
        "project", "projects", "public", "raw", "readyz", "register", "robots", "root", "search",
        "security",
        "session", "sessions", "settings", "setup", "signin", "signout", "signup", "sitemap",
        "skill",
        "staff", "static", "status", "store", "support", "system", "terms", "theme", "token",
        "tokens",
        "undefined", "user", "users", "version", "webhook", "webhooks", "well-known", "www",
    ])

    package static let projects: Set<String> = devices.union([
        "feed", "followers", "following", "inbox", "new", "outbox", "projects", "sessions",
        "settings",
    ])

    /// Endings by which an address asks for another form of a page, and those of git and hif.
    package static let suffixes = [".atom", ".diff", ".git", ".hif", ".json", ".md"]

    private static let devices: Set<String> = {
        var names: Set<String> = ["aux", "con", "nul", "prn"]
        for number in 1...9 {
            names.insert("com\(number)")
            names.insert("lpt\(number)")
        }
        return names
    }()
}
