import HTTPTypes
import HifCore
import HifRepository

/// Working on a session over HTTP alone: no checkout, no hif.
enum SessionAPI {
    private static let agent = JSONShape.Field(
        "agent", .string, "The agent that does it for the account; empty for a person")

    static let all: [Route] =
        Route.writing(
            .post, .projectAPI("/sessions"), "sessions.start", "Starts a session",
            body: .object(
                [
                    .init("goal", .string, "What is to be reached; its first line is the title"),
                    agent,
                ],
                required: ["goal"])
        ) { call, project in
            let body = try await call.body()
            let (id, base) = try await project.start(
                goal: body.string("goal") ?? "", agent: body.string("agent") ?? "",
                key: call.idempotencyKey())
            return .json(
                Started(session: id.full, base: base, url: links(project).session(id)), .created)
        }
        + Route.writing(
            .post, .projectAPI("/sessions/{session}/notes"), "sessions.note",
            "Adds something that was said",
            body: .object(
                [
                    .init("text", .string, "Markdown"),
                    .init(
                        "role", .string, "human, assistant, system or tool; assistant when empty"),
                    agent,
                ], required: ["text"])
        ) { call, project in
            let body = try await call.body()
            let role = body.string("role") ?? "assistant"
            guard ["human", "assistant", "system", "tool"].contains(role) else {
                throw ForgeError.invalid("a role is human, assistant, system or tool")
            }
            return try await tell(
                call, project, body, .note(role: role, text: body.string("text") ?? ""),
                said: body.string("text"))
        }
        + Route.writing(
            .post, .projectAPI("/sessions/{session}/decisions"), "sessions.decide",
            "Records a decision and its reason",
            body: .object(
                [
                    .init("decision", .string, "What was decided"),
                    .init("why", .string, "The reason, with what was rejected"), agent,
                ], required: ["decision", "why"])
        ) { call, project in
            let body = try await call.body()
            let text = body.string("decision") ?? ""
            return try await tell(
                call, project, body, .decision(text: text, why: body.string("why") ?? ""),
                said: text)
        }
        + Route.writing(
            .post, .projectAPI("/sessions/{session}/files"), "sessions.edit",
            "Changes files in the session's draft, all of them or none",
            body: .object(
                [
                    .init("files", .list(file), "Each path at most once"),
                    .init(
                        "expected_drafts", .integer,
                        "`drafts` of the session as you read it; refused when it has moved on"),
                    .init(
                        "base", .integer,
                        "The position whose files you looked at. Without it: the newest, for files that the session does not change yet"
                    ),
                    agent,
                ], required: ["files"])
        ) { call, project in
            let body = try await call.body()
            let edits = try edits(body.objects("files"))
            let drafts = try number(body, "expected_drafts").map { Int(clamping: $0) }
            let story = try await project.apply(
                edits, to: call.session(), agent: body.string("agent") ?? "",
                expectedDrafts: drafts, base: try number(body, "base"))
            return .json(
                Edited(
                    session: try call.session().full, drafts: story.draftCount,
                    files: (story.draft?.operations ?? []).map {
                        Edited.File(
                            path: $0.path.description, before: $0.before?.hash.hex,
                            after: $0.after?.hash.hex)
                    }))
        }
        + Route.writing(
            .post, .projectAPI("/sessions/{session}/land"), "sessions.land",
            "Lands the session's draft", body: .object([agent], required: [])
        ) { call, project in
            let body = try await call.body()
            let id = try call.session()
            return try outcome(
                try await project.land(id, agent: body.string("agent") ?? ""), id, project)
        }
        + Route.writing(
            .post, .projectAPI("/sessions/{session}/abandon"), "sessions.abandon",
            "Closes a session that will not land",
            body: .object([.init("reason", .string, "Why"), agent], required: ["reason"])
        ) { call, project in
            let body = try await call.body()
            let id = try call.session()
            try await project.abandon(
                id, agent: body.string("agent") ?? "", reason: body.string("reason") ?? "")
            return .json(Closed(session: id.full, status: "abandoned", position: nil, merged: []))
        }

    private static let file = JSONShape.object(
        [
            .init("path", .string, "Relative, with slashes"),
            .init("content", .string, "The whole new text"),
            .init("content_base64", .string, "The whole new content, for bytes that are not text"),
            .init("executable", .boolean, "As it was, when left out"),
            .init("delete", .boolean, "true deletes the file"),
            .init("revert", .boolean, "true takes the file out of the session's changes"),
            .init(
                "expected", .optional(.string),
                "The hash of the content that you replace, null for no file; refused when it is another"
            ),
        ], required: ["path"])

    private struct Started: Encodable {
        let session: String
        let base: Position
        let url: String
    }

    private struct Told: Encodable {
        let session: String
        let decisions: Int
        let messages: Int
    }

    private struct Edited: Encodable {
        struct File: Encodable {
            let path: String
            let before: String?
            let after: String?
        }

        let session: String
        let drafts: Int
        /// All that the session changes now.
        let files: [File]
    }

    private struct Closed: Encodable {
        let session: String
        let status: String
        let position: Position?
        let merged: [String]
    }

    private static func links(_ project: OpenProject<Writing>) -> ProjectLinks {
        ProjectLinks(project.grant.project.path)
    }

    private static func number(_ body: JSONBody, _ name: String) throws(ForgeError) -> UInt64? {
        guard let number = body.integer(name) else { return nil }
        guard let position = UInt64(exactly: number) else {
            throw .invalid("'\(name)' is not negative")
        }
        return position
    }

    private static func tell(
        _ call: Call, _ project: OpenProject<Writing>, _ body: JSONBody,
        _ event: SessionEvent.Body, said: String?
    ) async throws -> Reply {
        guard let said, !said.allSatisfy(\.isWhitespace) else {
            throw ForgeError.invalid("there is nothing to record")
        }
        guard said.utf8.count <= SessionEvent.textBytesMax,
            (body.string("why") ?? "").utf8.count <= SessionEvent.textBytesMax
        else {
            throw ForgeError(.tooLarge, "a text has at most \(SessionEvent.textBytesMax) bytes")
        }
        let story = try await project.tell(
            event, in: call.session(), agent: body.string("agent") ?? "",
            key: call.idempotencyKey())
        return .json(
            Told(
                session: try call.session().full, decisions: story.decisions.count,
                messages: story.messages.count), .created)
    }

    private static func edits(_ files: [JSONBody]) throws(ForgeError) -> [FileEdit] {
        guard !files.isEmpty, files.count <= Limits.filesPerEditMax else {
            throw .invalid("an edit has 1 to \(Limits.filesPerEditMax) files")
        }
        var seen: Set<RepoPath> = []
        var edits: [FileEdit] = []
        for (index, file) in files.enumerated() {
            let path: RepoPath
            do {
                path = try RepoPath(file.string("path") ?? "")
            } catch {
                throw .invalid("/files/\(index)/path: \(error)")
            }
            guard seen.insert(path).inserted else {
                throw .invalid("/files/\(index)/path: '\(path)' is there twice")
            }
            edits.append(
                FileEdit(
                    path: path, expected: try expectation(file, index),
                    want: try want(file, index)))
        }
        return edits
    }

    private static func expectation(
        _ file: JSONBody, _ index: Int
    ) throws(ForgeError) -> FileEdit.Expectation {
        if file.isNull("expected") { return .nothing }
        guard let text = file.string("expected") else { return .anything }
        guard let hash = Hash(hex: text) else {
            throw .invalid("/files/\(index)/expected is no content hash: 64 hexadecimal digits")
        }
        return .content(hash)
    }

    private static func want(_ file: JSONBody, _ index: Int) throws(ForgeError) -> FileEdit.Want {
        let wants = [
            file.string("content") != nil, file.string("content_base64") != nil,
            file.bool("delete") == true, file.bool("revert") == true,
        ].count { $0 }
        guard wants == 1 else {
            throw .invalid(
                "/files/\(index) has one of content, content_base64, delete and revert")
        }
        if file.bool("delete") == true { return .deleted }
        if file.bool("revert") == true { return .unchanged }
        let executable = file.bool("executable")
        if let text = file.string("content") {
            return .content(Array(text.utf8), isExecutable: executable)
        }
        guard let bytes = Base64.decode(file.string("content_base64") ?? "") else {
            throw .invalid("/files/\(index)/content_base64 is damaged")
        }
        return .content(bytes, isExecutable: executable)
    }

    /// A landing's answer. What cannot land is an error with the paths in it, and the call that
    /// leads on.
    private static func outcome(
        _ outcome: LandOutcome, _ id: SessionID, _ project: OpenProject<Writing>
    ) throws -> Reply {
        let base = "/api/v1/projects/\(project.grant.project.path)/sessions/\(id.full)"
        switch outcome {
        case .landed(let landed):
            return .json(
                Closed(
                    session: id.full, status: "landed", position: landed.position,
                    merged: landed.mergedPaths.map(\.description)))
        case .abandoned:
            throw ForgeError(.sessionClosed, "the session was abandoned")
        case .conflict(let conflicts, let position):
            throw LandingRefused(
                error: ForgeError(
                    .conflict, "somebody else landed other changes of the same lines first",
                    hint:
                        "read the files at @\(position), then send them again with \"base\": \(position)"
                ),
                conflicts: conflicts.map(ConflictView.init),
                next: Refusal.Next(method: "POST", href: "\(base)/files"))
        case .lacking:
            throw LandingRefused(
                error: ForgeError(
                    .unprocessable, "the content of some files is not here any more",
                    hint: "send the files again"),
                conflicts: [], next: Refusal.Next(method: "POST", href: "\(base)/files"))
        case .refused(let reason): throw ForgeError(.unprocessable, reason)
        case .unknown(let reason):
            throw LandingRefused(
                error: ForgeError(
                    .unavailable, "it may have landed: \(reason)", hint: "ask again"),
                conflicts: [], next: Refusal.Next(method: "POST", href: "\(base)/land"))
        }
    }
}
