import HifAPI
import HifCore
import HifRepository

/// A project in which another node of this forge lands for its clients. Nothing else can be done with it.
struct HandedOnProject: Sendable {
    private let grant: HandingOnGrant
    private let repositories: ProjectRepositories

    fileprivate init(_ grant: HandingOnGrant, _ repositories: ProjectRepositories) {
        (self.grant, self.repositories) = (grant, repositories)
    }

    /// Judges intents whose packs and places the other node has checked, in order; it takes closed sessions
    /// off the list of open ones, too. Goes on to its end when the caller goes away, as every landing.
    func submit(_ intents: [Intent]) async throws -> [LandingAnswer] {
        let project = grant.projectID.hex
        let repository = repositories.repository(project)
        let feed = repositories.feed
        let task = Task(executorPreference: repositories.executor) {
            do {
                let answers = try await repository.submit(intents, isForwarded: true)
                for (intent, answer) in zip(intents, answers) {
                    guard let session = intent.closedSession(by: answer) else { continue }
                    feed.signal(session, in: project)
                }
                return answers
            } catch {
                throw ForgeError.translating(error)
            }
        }
        return try await task.value
    }
}

extension Forge {
    /// The project that another node names, for landing what it hands on.
    func open(handedOn header: Micelio_V1_ForwardHeader) throws -> HandedOnProject {
        let grant = try access.checkNode(header, nodeProof)
        guard header.storeID == storeID else {
            throw ForgeError(
                .invalidArgument, "this was prepared for another store than this node's")
        }
        return HandedOnProject(grant, repositories)
    }
}
