import ArgumentParser
import HifCore
import HifRepository
import HifWorkspace

struct SessionNote: HifCommand {
    static let words = "session note"
    static let configuration = CommandConfiguration(
        commandName: "note", abstract: "Keep something that was said.",
        discussion: """
            hif session note "what about French?" --role human
            hif session note - < transcript.md
            hif session note --file transcript.md --role assistant
            """)

    @Argument(help: "The text, or '-' for standard input.")
    var text: String?
    @Option(help: "Read the text from this file ('-' is standard input).")
    var file: String?
    @Option(help: "Who said it: human, assistant, system or tool.")
    var role: String?
    @OptionGroup var common: CommonOptions

    static let data = SessionTalk.data
    static let roles = ["human", "assistant", "system", "tool"]

    func run(_ context: Context) async throws -> Outcome {
        let role = role ?? (Environment["HIF_AGENT"] == nil ? "human" : "assistant")
        guard SessionNote.roles.contains(role) else {
            let near = Suggestion.nearest(to: role, in: SessionNote.roles)
            throw Failure.usage(
                "'\(SafeText.escape(ArgumentBytes.text(role)))' is not a role",
                hint: near.map { "did you mean '\($0)'?" }
                    ?? "roles are " + SessionNote.roles.joined(separator: ", "))
        }
        let text = try SessionTalk.text(
            text, file: file, hint: "hif session note \"what was said\"")
        return try await SessionTalk.add(context, .note(role: role, text: text), did: "Noted.")
    }
}

struct SessionDecide: HifCommand {
    static let words = "session decide"
    static let configuration = CommandConfiguration(
        commandName: "decide", abstract: "Keep a decision and its reason.",
        discussion: """
            hif session decide "English only" --why "scope"
            """)

    @Argument(help: "What was decided, or '-' for standard input.")
    var text: String?
    @Option(help: "Read the text from this file ('-' is standard input).")
    var file: String?
    @Option(help: "The reason.")
    var why: String = ""
    @OptionGroup var common: CommonOptions

    static let data = SessionTalk.data

    func run(_ context: Context) async throws -> Outcome {
        let text = try SessionTalk.text(
            text, file: file, hint: "hif session decide \"what\" --why \"reason\"")
        return try await SessionTalk.add(
            context, .decision(text: text, why: ArgumentBytes.text(why, for: "the reason")),
            did: "Decided.")
    }
}

/// What `note` and `decide` share.
enum SessionTalk {
    static let data: Shape = .object(["session": .string, "events": .int, "delivered": .bool])

    static func text(_ text: String?, file: String?, hint: String) throws -> String {
        let result: String
        if let source = file ?? (text == "-" ? "-" : nil) {
            guard file == nil || text == nil else {
                throw Failure.usage("the text is given twice", hint: hint)
            }
            let bytes = try Input.read(source, bytesMax: SessionEvent.textBytesMax)
            result = try Input.withoutLastNewline(ArgumentBytes.text(bytes, for: "the text"))
        } else {
            result = try ArgumentBytes.text(text ?? "", for: "the text")
        }
        guard !result.allSatisfy(\.isWhitespace) else {
            throw Failure.usage("there is no text", hint: hint)
        }
        guard result.utf8.count <= SessionEvent.textBytesMax else {
            throw Failure(
                "too_large", .failed,
                "the text is longer than \(SessionEvent.textBytesMax) bytes")
        }
        return result
    }

    static func add(
        _ context: Context, _ body: SessionEvent.Body, did: String
    ) async throws -> Outcome {
        let workspace = try await context.workspace(.writing)
        let isDelivered = try await context.changing(workspace) {
            try await workspace.addEvent(body)
        }
        let session = workspace.state.session
        context.console.line(did)
        if !isDelivered {
            context.console.note("The project cannot be reached; it is kept here and sent later.")
        }
        return Outcome(data: [
            "session": .string(session?.id ?? ""), "events": .int(session?.eventCount ?? 0),
            "delivered": .bool(isDelivered),
        ])
    }
}
