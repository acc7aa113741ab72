/// What the forge needs of the layer that keeps projects' content. The database knows projects by
/// name; this knows them by the id under which their objects lie in the store.
package protocol ProjectRepositories: Sendable {
    /// The store's own id, 32 hexadecimal digits: what every cache of its content is keyed by.
    var storeID: String { get }

    /// Writes the genesis of a new project, which carries its name so that a lost database can be
    /// rebuilt, and answers its id: 32 hexadecimal digits, random.
    func create(_ path: ProjectPath) async throws -> String
}
