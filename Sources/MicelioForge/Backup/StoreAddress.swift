import Foundation
package import HifStore

/// A store in a directory, as people name it; buckets are named by `StoreOptions` of the program.
package enum StoreAddress: Hashable, Sendable {
    case directory(String)

    /// - Parameter text: a path.
    package init(_ text: String) throws(ForgeError) {
        guard !text.isEmpty else { throw .invalid("'' is no store: name a directory") }
        self = .directory(text)
    }

    /// As `init(_:)`; a directory may also be a backup, or a data directory, with the store in it.
    package init(ofStoreOrBackup text: String) throws(ForgeError) {
        try self.init(text)
        guard case .directory(let path) = self else { return }
        let inside = DataFiles(directory: path).store
        let files = FileManager.default
        if files.fileExists(atPath: inside + "/store") {
            self = .directory(inside)
        } else if !files.fileExists(atPath: path + "/store") {
            throw ForgeError(.notFound, "there is no store in \(path)")
        }
    }

    /// Opens the store there; a directory is made if there is none, but not its parents.
    package func open() throws -> any ObjectStore {
        switch self {
        case .directory(let path): try DirectoryStore(path: path)
        }
    }
}
