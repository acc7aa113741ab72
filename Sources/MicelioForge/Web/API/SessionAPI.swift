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
                    .init("files", .list(file), "Each path at most once"),
                    .init(
                        "expected_drafts", .integer,
                        "`drafts` of the session as you read it; refused when it has moved on"),
                    .init(
                        "base", .integer,
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
}
