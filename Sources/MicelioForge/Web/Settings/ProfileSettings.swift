import HTTPTypes

/// What an account says of itself.
enum ProfileSettings {
    static let all: [Route] =
        Route.own(
            .init(page: "/settings~", api: "/api/v1/me/profile"), "profile.read",
            "What the account says of itself"
        ) { call, grant in
            .answer(try await show(call, grant))
        }
        .answering(ProfileSettingsAnswer.shape)
        + Route.changing(
            page: "/settings", api: (.patch, "/api/v1/me/profile"), "profile.change",
            "Changes what the account says of itself; what is left out stays",
            .object(
                [
                    .init(
                        "name", .upTo(Limits.displayNameLengthMax),
                        "The name to show beside the handle"),
                    .init(
                        "email", .mailOrNone, "Only whoever runs the forge sees it; empty for none"),
                    .init("bio", .upTo(Limits.bioLengthMax), "A few words, shown as they are"),
                    .init("links", .list(.link, count: 0...Limits.profileLinksMax)),
                    .init(
                        "gravatar", .boolean,
                        "Whether Gravatar's picture for the mail address may stand in for one"),
                ], required: [])
        ) { call, grant in
            let body = try await call.body()
            // A field that a form leaves empty is emptied.
            func text(_ name: String) -> String? {
                body.string(name) ?? (call.isForm ? "" : nil)
            }
            // A box that is not checked is not sent; where there is none, nothing is meant.
            let usesGravatar =
                body.bool("gravatar") ?? (call.isForm && call.forge.asksGravatar ? false : nil)
            return try await call.answeringForm { error in
                var answer = try await show(call, grant)
                answer.name = text("name") ?? ""
                answer.email = text("email") ?? ""
                answer.bio = text("bio") ?? ""
                answer.links = body.strings("links") ?? []
                answer.gravatar = usesGravatar ?? answer.gravatar
                answer.problem = error.message
                return .page({ [answer] in answer.page($0) }, error.code.httpStatus)
            } _: {
                try await call.forge.changeProfile(
                    grant, name: text("name"), email: text("email"), bio: text("bio"),
                    links: body.strings("links"), usesGravatar: usesGravatar)
                var answer = try await show(call, grant)
                if !call.isForm { return .json(answer) }
                answer.isSaved = true
                return .page { [answer] in answer.page($0) }
            }
        }
        .answering(ProfileSettingsAnswer.shape)

    private static func show(
        _ call: Call, _ grant: AccountGrant
    ) async throws -> ProfileSettingsAnswer {
        ProfileSettingsAnswer(
            try await call.forge.ownProfile(grant), asksGravatar: call.forge.asksGravatar)
    }

    /// Does what a form on the page asks for, and shows the page again, whatever came of it.
    static func answering(
        _ call: Call, _ grant: AccountGrant, _ work: () async throws -> Void
    ) async throws -> Reply {
        try await call.answeringForm { error in
            var answer = try await show(call, grant)
            answer.problem = error.message
            return .page({ [answer] in answer.page($0) }, error.code.httpStatus)
        } _: {
            try await work()
            return .redirect("/settings")
        }
    }
}

/// An account's own profile, to be changed.
struct ProfileSettingsAnswer: Answer {
    let handle: String
    var name: String
    var email: String
    var bio: String
    var links: [String]
    var gravatar: Bool
    let hasPicture: Bool
    private let avatarTag: String?
    private let asksGravatar: Bool
    var problem: String?
    var isSaved = false

    private enum CodingKeys: CodingKey {
        case handle, name, email, bio, links, gravatar, hasPicture
    }

    init(_ profile: Profile, asksGravatar: Bool) {
        handle = profile.user.handle.text
        name = profile.user.displayName
        email = profile.user.email ?? ""
        bio = profile.bio
        links = profile.links
        gravatar = profile.usesGravatar
        hasPicture = profile.avatarTag != nil
        avatarTag = profile.avatarTag
        self.asksGravatar = asksGravatar
    }

    func page(_ frame: Frame) -> HTML {
        SettingsFrame.page(
            frame, .profile, problem: problem,
            """
            <section>\(SettingsFrame.head(.profile))
            \(SettingsFrame.done(isSaved ? "Saved. This is what others see now." : nil))
            <p>On your page, <a href="/\(handle)">/\(handle)</a>, for everybody.</p>
            <form class="form gap" method="post" action="/settings">
            <div class="field"><label for="name">Name</label><input id="name" name="name" \
            value="\(name)" autocomplete="name" maxlength="\(Limits.displayNameLengthMax)"></div>
            <div class="field"><label for="bio">About you</label><textarea id="bio" name="bio" \
            maxlength="\(Limits.bioLengthMax)">\(bio)</textarea></div>
            <div class="field"><label for="links">Links, one to a line</label><textarea id="links" \
            name="links" class="mono" spellcheck="false" aria-describedby="links-hint">\
            \(links.joined(separator: "\n"))</textarea><p class="hint" id="links-hint">Up to \
            \(Limits.profileLinksMax), with https://</p></div>
            <div class="field"><label for="email">Mail address</label><input id="email" name="email" \
            type="email" value="\(email)" autocomplete="email" maxlength="\(Limits.emailLengthMax)" \
            aria-describedby="email-hint"><p class="hint" id="email-hint">\
            \(Frame.mailHint(frame))</p></div>
            \(gravatarField)<button class="primary">Save</button></form></section>
            \(PictureSection(handle: handle, tag: avatarTag, address: "/settings/picture").html)
            """)
    }

    private var gravatarField: HTML? {
        guard asksGravatar else { return nil }
        let isOn: HTML? = gravatar ? " checked" : nil
        return """
            <div class="field"><label class="check"><input type="checkbox" name="gravatar" value="true"\
            \(isOn) aria-describedby="gravatar-hint"><span>Show my Gravatar while I have no other \
            picture</span></label><p class="hint" id="gravatar-hint">The forge asks Gravatar for it by the \
            SHA-256 of your mail address. Who looks at your page does not.</p></div>

            """
    }

    var markdown: String {
        let lines = [
            "Name: \(MarkdownText.escape(name))", "Mail address: \(MarkdownText.escape(email))",
            "About: \(MarkdownText.escape(bio))",
            "Links: \(links.map { "<\($0)>" }.joined(separator: " "))",
            "Picture: \(hasPicture ? "uploaded" : gravatar ? "Gravatar's, or drawn" : "drawn")",
        ]
        return "# Profile of \(handle)\n\n- \(lines.joined(separator: "\n- "))\n"
    }
}
