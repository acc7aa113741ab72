import HTTPTypes
import HifCore
import HifRepository
import Hummingbird

/// The pages of a project's files: its home, directories, files, blame, and the bytes themselves.
enum FileRoutes {
    static let all: [Route] =
        Route.reading(
            .project("~"), "projects.read", "A project: its files, open sessions and landings",
            query: [.init("at", .positionText, "A position, such as @42; the newest without it")]
        ) { call, project in
            .answer(try await home(call, project))
        }
        .answering(HomeAnswer.shape).costing(5)
        + Route.reading(
            .project("/tree~/@{at}", api: "/tree/@{at}"), "tree.root",
            "The root directory at a position"
        ) { call, project in
            .answer(try await tree(call, project, nil))
        }
        .answering(TreeAnswer.shape).costing(3)
        + Route.reading(
            .project("/tree~/@{at}/{path...}"), "tree.read",
            "A directory at a position, each entry with its newest landing"
        ) { call, project in
            .answer(try await tree(call, project, call.path()))
        }
        .answering(TreeAnswer.shape).costing(3)
        + Route.reading(
            .project("/file~/@{at}/{path...}"), "file.read", "A file at a position, by lines",
            query: [.init("from", .whole(1...Int64(Int32.max)), "The first line to show, from 1")]
        ) { call, project in
            .answer(try await file(call, project))
        }
        .answering(FileAnswer.shape)
        + Route.reading(
            .project("/blame~/@{at}/{path...}"), "file.blame",
            "The landing, session and goal behind every line of a file"
        ) { call, project in
            .answer(try await blame(call, project))
        }
        .answering(BlameAnswer.shape).refusing(.tooLarge).costing(10)
        + Route.reading(
            .project("/raw/@{at}/{path...}"), "file.raw", "The bytes of a file"
        ) { call, project in
            .response(try await raw(call, project))
        }
        .answering(.file).refusing(.tooLarge).costing(2)

    private static func home(
        _ call: Call, _ project: OpenProject<Reading>
    ) async throws -> HomeAnswer {
        let point = try await project.point(at: call.queryPosition("at"))
        let root = try await DirectoryView.of(nil, project, at: point, call.forge)
        let landings = try await project.landings(LandingQuery(limit: 5))
        let sessions = try await project.openSessionStories()
        return HomeAnswer(
            project: ProjectFrame(project.grant, tip: point.tip),
            description: project.grant.project.description, role: project.grant.role.rawValue,
            position: point.position,
            isNewest: point.position == point.tip,
            directory: root, sessions: sessions.map(SessionLine.init),
            landings: landings.entries.map { LandingLine($0) })
    }

    private static func tree(
        _ call: Call, _ project: OpenProject<Reading>, _ path: RepoPath?
    ) async throws -> TreeAnswer {
        let asked = try call.position()
        let point = try await project.point(at: asked)
        guard try await project.leaf(path, at: point)?.kind == .directory else {
            throw Call.nothing
        }
        return TreeAnswer(
            project: ProjectFrame(project.grant, tip: point.tip), asked: asked,
            position: point.position, path: path,
            directory: try await DirectoryView.of(path, project, at: point, call.forge))
    }

    /// The file that the address names, and how it came to be.
    private static func found(
        _ call: Call, _ project: OpenProject<Reading>
    ) async throws -> (point: ReadingPoint, head: FileHead, leaf: Leaf) {
        let asked = try call.position()
        let point = try await project.point(at: asked)
        guard let path = try call.path(), let leaf = try await project.leaf(path, at: point),
            leaf.kind != .directory
        else { throw Call.nothing }
        let landing = try await project.lastLanding(of: path, at: point)
        let head = FileHead(
            project: ProjectFrame(project.grant, tip: point.tip), asked: asked,
            position: point.position, path: path, leaf: leaf,
            landing: landing.map { LandingLine($0) })
        return (point, head, leaf)
    }

    private static func file(
        _ call: Call, _ project: OpenProject<Reading>
    ) async throws -> FileAnswer {
        let (point, head, leaf) = try await found(call, project)
        let from = try call.queryNumber("from", else: 1, max: Int(Int32.max))
        let bytes = try await project.content(
            of: leaf, bytesMax: Limits.fileShownBytesMax, at: point)
        return FileAnswer(head: head, content: bytes.map { FileText($0, head, from: from) })
    }

    private static func blame(
        _ call: Call, _ project: OpenProject<Reading>
    ) async throws -> BlameAnswer {
        let (point, head, leaf) = try await found(call, project)
        guard leaf.size <= UInt64(Limits.fileShownBytesMax) else {
            throw ForgeError(
                .tooLarge,
                "'\(head.repoPath)' is larger than \(Limits.fileShownBytesMax.byteSize), and has no blame"
            )
        }
        guard let blame = try await project.blame(head.repoPath, at: point) else {
            throw Call.nothing
        }
        let decisions = try await project.decisionCounts(
            blame.landings.map { LandingPage.Entry(position: $0.key, landing: $0.value) })
        return BlameAnswer(head, blame, decisions: decisions)
    }

    /// The bytes as they are. A browser shows text and pictures, and saves the rest; nothing in them
    /// runs, and nothing of them is of this site.
    private static func raw(
        _ call: Call, _ project: OpenProject<Reading>
    ) async throws -> Response {
        let (point, head, leaf) = try await found(call, project)
        guard
            let bytes = try await project.content(
                of: leaf, bytesMax: Limits.rawBytesMax, at: point)
        else {
            throw ForgeError(
                .tooLarge, "'\(head.repoPath)' is larger than \(Limits.rawBytesMax.byteSize)",
                hint: "take it with hif: hif cat, or hif checkout")
        }
        let type = RawType(bytes)
        var response = Response.bytes(bytes, type: type.contentType)
        response.headers[.contentSecurityPolicy] = SecurityHeaders.sandbox
        response.headers[.eTag] = "\"\(leaf.hash.hex.prefix(32))\""
        // What is at a position stays there, but who may see it need not.
        response.headers[.cacheControl] = "private, no-cache"
        response.headers[.vary] = "Authorization, Cookie"
        if !type.isShown { response.headers[.contentDisposition] = "attachment" }
        return response
    }
}

/// How a file's bytes leave the forge. By what they are, never by their name: a name is chosen by
/// whoever wrote the file.
struct RawType: Hashable, Sendable {
    let contentType: String
    let isShown: Bool

    private static let pictures: [([UInt8], String)] = [
        ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "image/png"),
        ([0xFF, 0xD8, 0xFF], "image/jpeg"),
        (Array("GIF87a".utf8), "image/gif"), (Array("GIF89a".utf8), "image/gif"),
    ]

    init(_ bytes: [UInt8]) {
        if let (_, type) = RawType.pictures.first(where: { bytes.starts(with: $0.0) }) {
            (contentType, isShown) = (type, true)
        } else if bytes.starts(with: Array("RIFF".utf8)),
            bytes.dropFirst(8).starts(with: Array("WEBP".utf8))
        {
            (contentType, isShown) = ("image/webp", true)
        } else if TextLines.isText(bytes), String(validating: bytes, as: UTF8.self) != nil {
            (contentType, isShown) = ("text/plain; charset=utf-8", true)
        } else {
            (contentType, isShown) = ("application/octet-stream", false)
        }
    }
}
