import HTTPTypes

/// What a browser shows in place of a page that it does not get. Missing and forbidden look the same.
struct ErrorPage {
    let refusal: Refusal

    func page(_ frame: Frame) -> HTML {
        switch refusal.code {
        case .notFound: notFound(frame)
        case .unauthenticated: frame.page("Sign in", isIndexed: false, wayIn(frame))
        default:
            frame.page(
                refusal.status.reasonPhrase, isIndexed: false,
                """
                <div class="narrow mid stack"><section><p class="num-big">\(refusal.status.code)</p>
                <h1>\(title)</h1><p>\(Frame.sentence(refusal.message))</p>\(hint)
                <p class="row"><a class="button" href="/">Explore public projects</a></p></section></div>
                """)
        }
    }

    private var title: String {
        refusal.code == .rateLimited ? "Too many requests from your network" : "That did not work"
    }

    private var hint: HTML? {
        refusal.hint.map { "<p>\(Frame.sentence($0))</p>" }
    }

    private func notFound(_ frame: Frame) -> HTML {
        let signIn: HTML =
            frame.user == nil
            ? "<a href=\"/signin?to=\(PercentCoding.encode(frame.address.utf8))\">sign in</a> or "
            : ""
        return frame.page(
            "Nothing here that you may see", isIndexed: false,
            """
            <div class="narrow mid stack"><section><p class="num-big">404</p>
            <h1>Nothing here that you may see</h1>
            <p>The page does not exist, or it is not open to you. The answer is the same in both cases, so that nobody learns the names of private projects.</p>
            <ul class="bare"><li>Check the spelling of the address.</li>
            <li>If you expected to see it, \(signIn)ask somebody in the project to add you.</li></ul>
            <p class="row"><a class="button" href="/">Explore public projects</a></p></section></div>
            """)
    }

    private func wayIn(_ frame: Frame) -> HTML {
        """
        <div class="narrow mid"><h1>Sign in to go on</h1><p>This page is about your account.</p>
        <p class="row"><a class="button primary" href="/signin?to=\
        \(PercentCoding.encode(frame.address.utf8))">Sign in</a></p></div>
        """
    }
}
