import FoundationEssentials
import HifCore
import HifRepository
import HifWorkspace

/// A list of edits as JSON, for programs that know the whole new content. `hif apply --help` shows one.
struct EditList {
    let edits: [FileEdit]
    let expectedBase: Position?

    /// Whether these bytes are meant to be a list of edits, and not a patch.
    static func isOne(_ bytes: [UInt8]) -> Bool {
        bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "{")
    }

    private struct Written: Decodable {
        var expect_base: UInt64?
        var edits: [Edit]

        struct Edit: Decodable {
            var op: String
            var path: String?
            var path_b64: String?
            var content: String?
            var content_b64: String?
            var kind: String?
            var expect: String?
        }
    }

    init(_ bytes: [UInt8]) throws {
        let written: Written
        do {
            written = try JSONDecoder().decode(Written.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw EditList.wrong(EditList.sentence(error))
        }
        guard !written.edits.isEmpty else { throw EditList.wrong("it has no edits") }
        expectedBase = written.expect_base
        edits = try written.edits.enumerated().map { index, edit in
            do {
                return try EditList.edit(edit)
            } catch let error as PathError {
                throw EditList.wrong("edit \(index): \(error)")
            } catch let problem as Problem {
                throw EditList.wrong("edit \(index): \(problem.text)")
            }
        }
    }

    private struct Problem: Error {
        let text: String
    }

    private static func edit(_ written: Written.Edit) throws -> FileEdit {
        let path: RepoPath
        switch (written.path, written.path_b64) {
        case (let text?, nil): path = try RepoPath(text)
        case (nil, let text?): path = try RepoPath(try decoded(text, "path_b64"))
        default: throw Problem(text: "it needs one of path and path_b64")
        }
        let expected: FileEdit.Expectation
        switch written.expect {
        case nil: expected = .anything
        case "absent": expected = .absent
        case let hex?:
            guard let bytes = [UInt8](hex: hex), let hash = Hash(bytes: bytes) else {
                throw Problem(text: "expect is 'absent' or the BLAKE3 of a content, in hexadecimal")
            }
            expected = .content(hash)
        }
        switch written.op {
        case "delete":
            guard written.content == nil, written.content_b64 == nil, written.kind == nil else {
                throw Problem(text: "a deletion has no content and no kind")
            }
            return FileEdit(path: path, change: .delete, expected: expected)
        case "write":
            let content: [UInt8]
            switch (written.content, written.content_b64) {
            case (let text?, nil): content = Array(text.utf8)
            case (nil, let text?): content = try decoded(text, "content_b64")
            default: throw Problem(text: "it needs one of content and content_b64")
            }
            return FileEdit(
                path: path, change: .write(content, kind: try kind(written.kind)),
                expected: expected)
        default:
            throw Problem(text: "op is 'write' or 'delete', not '\(SafeText.escape(written.op))'")
        }
    }

    private static func kind(_ text: String?) throws -> Leaf.Kind? {
        switch text {
        case nil: nil
        case "file": .file
        case "executable": .executable
        case "symlink": .symlink
        default: throw Problem(text: "kind is 'file', 'executable' or 'symlink'")
        }
    }

    private static func decoded(_ text: String, _ name: String) throws -> [UInt8] {
        guard let data = Data(base64Encoded: text) else {
            throw Problem(text: "\(name) is not base64")
        }
        return Array(data)
    }

    private static func wrong(_ reason: String) -> Failure {
        Failure(
            "bad_edits", .usage, "the list of edits is not one: \(reason)",
            hint: "hif apply --help shows one")
    }

    /// What the decoder says, as part of a sentence.
    private static func sentence(_ error: DecodingError) -> String {
        func place(_ path: [any CodingKey]) -> String {
            path.map { $0.intValue.map { "edit \($0)" } ?? "'\(SafeText.escape($0.stringValue))'" }
                .joined(separator: ", ")
        }
        switch error {
        case .keyNotFound(let key, let context):
            return ([place(context.codingPath), "'\(key.stringValue)' is missing"])
                .filter { !$0.isEmpty }.joined(separator: ": ")
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "\(place(context.codingPath)) has the wrong type"
        default: return "it is not JSON"
        }
    }
}
