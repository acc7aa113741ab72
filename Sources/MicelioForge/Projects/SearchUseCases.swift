import HifCore
import HifRepository

/// What was found in a project.
struct SearchResults: Sendable {
    let hits: [SearchHit]
    /// Where to go on; nil when everything was looked through.
    let next: Int64?
    /// Landings up to this one were looked through; those after it another search will read.
    let indexed: Position
    let tip: Position
}

/// What was found among names.
struct FoundNames: Sendable {
    let projects: [ProjectView]
    let accounts: [User]
    /// Whether there is more than this.
    let isCut: Bool
}

/// Searching: a project by its index, names in the accounts.
extension Forge {
    /// Files or sessions of a project that have all that is asked for, after reading what landed since
    /// somebody searched last. A project that nobody searches is not read.
    ///
    /// - Parameter cursor: `next` of the page before; nil for the first.
    func search(
        _ query: SearchQuery, for kind: SearchDocument.Kind, in project: OpenProject<Reading>,
        after cursor: Int64?, limit: Int
    ) async throws -> SearchResults {
        guard let id = ProjectID(hex: project.grant.project.storeProjectID) else {
            throw ForgeError(.damaged, "the project's id is damaged")
        }
        return try await project.working {
            let newest = try await project.repository.newest()
            return try await searchIndexes.using(id) { index in
                let reader = SearchReader(
                    repository: project.repository, index: index, bounds: searchIndexes.bounds,
                    now: now)
                let (standing, tip) = try await reader.standing(knowing: newest)
                let come =
                    try await searchIndexes.alone(in: id) {
                        let standing = try await reader.read(upTo: tip)
                        if kind == .session { try await reader.readOpenSessions() }
                        return standing
                    } ?? standing
                let found = try await index.find(query, kind, after: cursor, limit: limit)
                return SearchResults(
                    hits: found.documents.map { SearchHit($0, query) }, next: found.next,
                    indexed: come.position, tip: max(tip.lastPosition, come.position))
            }
        }
    }

    /// Projects that the caller may see, and accounts, whose names or descriptions have all words; those
    /// whose names say most of it first.
    func searchNames(
        _ query: SearchQuery, limit: Int, as principal: Principal
    ) async throws -> FoundNames {
        guard let word = query.words.max(by: { $0.asciiCount < $1.asciiCount }) else {
            return FoundNames(projects: [], accounts: [], isCut: false)
        }
        // The database looks for one word, in the case of ASCII; the rest is looked for here.
        let asked = word.asciiCount == word.count ? word.text : ""
        let storeID = repositories.storeID.hex
        let max = Limits.searchNamesMax
        let found = try await accounts.projects(
            seenBy: principal.user?.id, having: asked, limit: max)
        let projects = found.compactMap { found -> (rank: Int, view: ProjectView)? in
            let project = found.project
            guard principal.scopes.allows(.read, on: project.path),
                let role = Access.role(of: principal, in: found),
                let rank = query.rank(
                    name: project.path.name.text, whole: "\(project.path)",
                    more: "\(project.description)\n\(project.topics.joined(separator: " "))")
            else { return nil }
            return (rank, ProjectView(project: project, role: role, storeID: storeID))
        }
        let users = try await accounts.users(having: asked, limit: max)
        let accounts = users.compactMap { user -> (rank: Int, user: User)? in
            query.rank(name: user.handle.text, whole: user.handle.text, more: user.displayName)
                .map { ($0, user) }
        }
        return FoundNames(
            projects: projects.sorted {
                ($0.rank, $0.view.project.path.description)
                    < ($1.rank, $1.view.project.path.description)
            }.prefix(limit).map(\.view),
            accounts: accounts.sorted {
                ($0.rank, $0.user.handle.text) < ($1.rank, $1.user.handle.text)
            }.prefix(limit).map(\.user),
            isCut: projects.count > limit || accounts.count > limit || found.count == max
                || users.count == max)
    }
}

extension SearchQuery {
    /// How well a name answers, best first: 0 when it is what was asked for, 1 when all of that is in it,
    /// 2 when some is only in what else is said. Nil when not all is there.
    fileprivate func rank(name: String, whole: String, more: String) -> Int? {
        let folded = FoldedText(whole)
        if words.allSatisfy(folded.contains) {
            return words == [FoldedText(name)] || words == [folded] ? 0 : 1
        }
        let more = FoldedText(more)
        return words.allSatisfy { folded.contains($0) || more.contains($0) } ? 2 : nil
    }
}

extension FoldedText {
    /// Its length if it is all ASCII; 0 otherwise.
    fileprivate var asciiCount: Int { text.utf8.allSatisfy { $0 < 0x80 } ? count : 0 }
}
