/// What a token may be used for, whatever its account may do: `verb:resource`, several of them
/// separated by blanks. The empty set allows nothing; there is no spelling for "no limit" but the
/// one that says so, `everything`.
///
/// A resource is `*`, `owner/*` or `owner/name`; verbs never imply each other.
package struct ScopeSet: Hashable, Sendable {
    package enum Verb: String, Sendable, CaseIterable {
        /// Read projects that the account may read.
        case read
        /// Write to projects: sessions, packs, landings.
        case write
        /// Make projects and change their settings.
        case manage
        /// Read what concerns the account itself. Its resource is always `*`.
        case account
    }

    package struct Scope: Hashable, Sendable {
        package let verb: Verb
        package let resource: String
    }

    package let scopes: [Scope]

    package static let none = ScopeSet(scopes: [])
    package static let everything = ScopeSet(
        scopes: Verb.allCases.map { Scope(verb: $0, resource: "*") })

    init(scopes: [Scope]) {
        self.scopes = scopes
    }

    /// Reads what a person typed.
    package init(parsing text: String) throws(ForgeError) {
        var scopes: [Scope] = []
        for word in text.split(separator: " ") {
            let parts = word.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, let verb = Verb(rawValue: String(parts[0])) else {
                throw .invalid("'\(word)' is no scope: a scope is like read:* or write:ana/app")
            }
            let resource = String(parts[1])
            let names = resource.split(separator: "/", omittingEmptySubsequences: false)
            if resource != "*" {
                guard names.count == 2, verb != .account else {
                    throw .invalid(
                        "'\(word)' is no scope: after the colon comes *, owner/* or owner/name")
                }
                _ = try Handle(String(names[0]))
                if names[1] != "*" { _ = try ProjectName(String(names[1])) }
            }
            scopes.append(Scope(verb: verb, resource: resource))
        }
        self.scopes = scopes
    }

    /// Reads what the database holds. What cannot be read allows nothing.
    init(stored: String) {
        self = (try? ScopeSet(parsing: stored)) ?? .none
    }

    package var words: [String] { scopes.map { "\($0.verb.rawValue):\($0.resource)" } }
    var stored: String { words.joined(separator: " ") }

    func allows(_ verb: Verb, on project: ProjectPath) -> Bool {
        scopes.contains { scope in
            scope.verb == verb
                && (scope.resource == "*" || scope.resource == "\(project.owner)/*"
                    || scope.resource.lowercased() == "\(project)".lowercased())
        }
    }

    /// Whether whatever `other` allows is allowed by this, too.
    func covers(_ other: ScopeSet) -> Bool {
        other.scopes.allSatisfy { wanted in
            let owner = wanted.resource.split(separator: "/").first ?? ""
            return scopes.contains { scope in
                scope.verb == wanted.verb
                    && (scope.resource == "*" || scope.resource == "\(owner)/*"
                        || scope.resource.lowercased() == wanted.resource.lowercased())
            }
        }
    }

    /// Whether it opens projects without naming any.
    var isForAllProjects: Bool {
        scopes.contains { $0.verb != .account && $0.resource == "*" }
    }

    func allows(_ verb: Verb, onAllOf owner: Handle) -> Bool {
        scopes.contains { scope in
            scope.verb == verb && (scope.resource == "*" || scope.resource == "\(owner)/*")
        }
    }

    func allows(_ verb: Verb) -> Bool {
        scopes.contains { $0.verb == verb && $0.resource == "*" }
    }
}
