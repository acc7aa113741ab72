import GRPCCore
import HifAPI
import HifCore
import HifRepository
import SwiftProtobuf

/// The carrier of what nodes ask each other. What they ask about accounts comes with a client's credentials
/// and is answered as if the client had asked.
struct NodesService: Micelio_V1_Nodes.SimpleServiceProtocol {
    let forge: Forge

    func identify(
        request: Micelio_V1_IdentifyRequest, context: ServerContext
    ) async throws -> Micelio_V1_Identity {
        let (user, token) = try forge.whoAmI(.current)
        guard let token else { throw Access.unauthenticated }
        return .with {
            $0.userID = user.id
            $0.handle = user.handle.text
            $0.displayName = user.displayName
            $0.email = user.email ?? ""
            $0.isAdmin = user.isAdmin
            $0.createdMillis = user.createdMillis
            $0.tokenID = token.id
            $0.tokenKind = token.kind.rawValue
            $0.tokenLastFour = token.lastFour
            $0.tokenLabel = token.label
            $0.scopes = token.scopes.words
            $0.tokenCreatedMillis = token.createdMillis
            $0.tokenExpiresMillis = token.expiresMillis ?? 0
        }
    }

    func findProject(
        request: Micelio_V1_FindProjectRequest, context: ServerContext
    ) async throws -> Micelio_V1_FoundProject {
        let path = try ProjectPath(wire: request.name)
        let found = try await forge.access.find(path, for: .current)
        return .with {
            $0.project =
                ProjectView(
                    project: found.project, role: .read, storeID: forge.repositories.storeID.hex
                ).wire
            $0.projectID = found.project.id
            let told = Access.told(found)
            $0.ownerID = told.ownerID
            $0.memberRole = told.role?.wire ?? .none
        }
    }

    func forward(
        request: RPCAsyncSequence<Micelio_V1_ForwardRequest, any Error>,
        response: RPCWriter<Micelio_V1_ForwardReply>, context: ServerContext
    ) async throws {
        var parts = request.makeAsyncIterator()
        guard let first = try await parts.next(), first.hasHeader else {
            throw WireError("what is handed on begins with its header")
        }
        let project = try forge.open(handedOn: first.header)
        var submission = Submission()
        try submission.take(first.submission)
        while let part = try await parts.next() { try submission.take(part.submission) }
        let intents = try submission.intents(now: forge.now()) { author, _ in author }
        try await response.write(.with { $0.taken = Micelio_V1_Taken() })
        let answers = try await project.submit(intents)
        try await response.write(
            .with {
                $0.answers = .with { $0.answers = answers.map { Micelio_V1_IntentAnswer($0) } }
            })
    }
}
