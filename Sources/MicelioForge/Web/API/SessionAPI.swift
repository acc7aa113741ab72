import HTTPTypes
import HifCore
import HifRepository

/// Changing a session's files over HTTP alone: no checkout, no hif.
enum SessionAPI {
    static let all: [Route] =
        Route.writing(
            .post, .projectAPI("/sessions/{session}/files"), "sessions.edit",
            "Changes files in the session's draft, all of them or none",
            body: .object(
                [
                    .init(
                        "files", .list(file, count: 1...Limits.filesPerEditMax),
                        "Each path at most once"),
                    .init(
                        "expected_drafts", .position,
                        "`drafts` of the session as you read it; refused when it has moved on"),
                    .init(
                        "base", .position,
                        "The position whose files you looked at. Without it: the newest, for files that the session does not change yet"
                    ),
                    SessionActions.agent,
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
        .answering(Edited.shape)
        .refusing(.sessionClosed, .baseMoved, .contentChanged, .unprocessable).costing(5)

    /// A file, and one of the things that may be done with it.
    private static let file = JSONShape.oneOf(
        [
            way("content", .string, "The whole new text", isExecutable: true),
            way(
                "content_base64", .base64, "The whole new content, for bytes that are not text",
                isExecutable: true),
            way("delete", .isTrue, "Deletes the file"),
            way("revert", .isTrue, "Takes the file out of the session's changes"),
        ], words: "a file has one of 'content', 'content_base64', 'delete' and 'revert'")

    private static func way(
        _ name: String, _ shape: JSONShape, _ summary: String, isExecutable: Bool = false
    ) -> JSONShape {
        let mode = JSONShape.Field("executable", .boolean, "As it was, when left out")
        return .object(
            [
                .init("path", .path, "Relative, with slashes"), .init(name, shape, summary),
                .init(
                    "expected", .optional(.contentHash),
                    "The hash of the content that you replace, null for no file; refused when it is another"
                ),
            ] + (isExecutable ? [mode] : []), required: ["path", name])
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

        static let shape = JSONShape.answer(
            "Edited",
            [
                .init("session", .session),
                .init("drafts", .integer, "`expected_drafts` of the next edit"),
                .init(
                    "files",
                    .list(
                        .answer(
                            "EditedFile",
                            [
                                .init("path", .string), .maybe("before", .contentHash),
                                .maybe("after", .contentHash),
                            ])), "All that the session changes now"),
            ])
    }

    private static func number(_ body: JSONBody, _ name: String) throws(ForgeError) -> UInt64? {
        guard let number = body.integer(name) else { return nil }
        guard let position = UInt64(exactly: number) else {
            throw .invalid("'\(name)' is not negative")
        }
        return position
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
                throw ForgeError(.unprocessable, "/files/\(index)/path: '\(path)' is there twice")
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
}
