import HTTPTypes

/// What a program reads before it begins.
enum GuideRoutes {
    static let all: [Route] = [
        .free(.get, "/openapi.json", .plain, "openapi", "The description of the API") { call in
            .json(
                OpenAPI.document(.forge, publicURL: call.forge.addresses.publicURL))
        },
        .free(.get, "/SKILL.md", .plain, "skill", "Teaches an agent the way of working") { call in
            .response(
                .text(
                    SkillText.text(publicURL: call.forge.addresses.publicURL),
                    type: "text/markdown; charset=utf-8"))
        },
        .free(.get, "/llms.txt", .plain, "llms", "Where programs find what they need") { call in
            .response(
                .text(
                    """
                    # micelio

                    > A forge for people and agents who work on the same code.

                    - [How to work](\(call.forge.addresses.publicURL)/SKILL.md)
                    - [Every call](\(call.forge.addresses.publicURL)/openapi.json)

                    Every page has a twin in JSON and one in Markdown: the same address with .json or .md.

                    """, type: "text/markdown; charset=utf-8"))
        },
    ]
}
