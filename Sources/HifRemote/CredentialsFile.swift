import Foundation
import HifCore
import HifWorkspace

/// What is kept of one forge: how to reach it, whom it knows us as, and the tokens.
package struct StoredForge: Codable, Hashable, Sendable {
    /// A login of the device flow: tokens that are renewed.
    package struct Login: Codable, Hashable, Sendable {
        package var access: String
        package var accessExpiresMillis: Int64
        package var refresh: String
    }

    package var url: String
    package var discovery: ForgeDiscovery
    package var handle: String
    package var name: String
    /// A PEM file with the authority that vouches for the web address; nil for the system's.
    package var certificateAuthority: String?
    /// A personal token, or a login; neither after a login was revoked.
    package var token: String?
    package var login: Login?
}

/// The file that tokens are kept in, readable by its owner only: `~/.config/hif/credentials`.
///
/// Written beside and renamed, under a lock that all processes of the user share, because a refresh
/// token is good for one use and two processes must not use it at once.
package struct CredentialsFile: Sendable {
    private struct Document: Codable {
        var version = 1
        /// The latest login first: it is the forge meant when none is named.
        var forges: [StoredForge] = []
    }

    private static let lockMillisMax = 30_000

    package let path: String

    package init(path: String) {
        self.path = path
    }

    /// Every forge kept, the latest login first.
    package func forges() throws -> [StoredForge] {
        try read().forges
    }

    /// The forge at `url`, or the one of the latest login.
    package func forge(_ url: String?) throws -> StoredForge? {
        let forges = try forges()
        guard let url else { return forges.first }
        return forges.first { $0.url == url }
    }

    /// Keeps a forge, in front of the others.
    package func keep(_ forge: StoredForge) async throws {
        try await locked {
            var document = try read()
            document.forges.removeAll { $0.url == forge.url }
            document.forges.insert(forge, at: 0)
            try write(document)
        }
    }

    /// Changes what is kept of the forge at `url`, in its place. `change` may take time: nobody else
    /// changes the file meanwhile.
    package func change(
        _ url: String, _ change: (inout StoredForge) async throws -> Void
    ) async throws {
        try await locked {
            var document = try read()
            guard let index = document.forges.firstIndex(where: { $0.url == url }) else { return }
            let before = document.forges[index]
            try await change(&document.forges[index])
            if document.forges[index] != before { try write(document) }
        }
    }

    /// Forgets the forge at `url`, or all; returns what was kept of them.
    package func forget(_ url: String?) async throws -> [StoredForge] {
        var forgotten: [StoredForge] = []
        try await locked {
            var document = try read()
            forgotten = document.forges.filter { url == nil || $0.url == url }
            guard !forgotten.isEmpty else { return }
            document.forges.removeAll { url == nil || $0.url == url }
            try write(document)
        }
        return forgotten
    }

    private func read() throws -> Document {
        guard let data = FileManager.default.contents(atPath: path) else {
            if FileManager.default.fileExists(atPath: path) {
                throw WorkspaceError(.localStorage, "\(path) cannot be read")
            }
            return Document()
        }
        guard let document = try? JSONDecoder().decode(Document.self, from: data) else {
            throw WorkspaceError(
                .damaged, "\(path) cannot be understood",
                hint: "move it away and sign in again: hif auth login")
        }
        guard document.version == 1 else {
            throw WorkspaceError(
                .newerVersion, "\(path) was written by a newer hif", hint: "install a newer hif")
        }
        return document
    }

    private func write(_ document: Document) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(document)
        let temporary = path + ".new"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failed("cannot be written", temporary) }
        let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: data)
            try handle.synchronize()
            try handle.close()
        } catch {
            throw WorkspaceError(.localStorage, "\(temporary) cannot be written: \(error)")
        }
        guard rename(temporary, path) == 0 else { throw failed("cannot be replaced", path) }
    }

    private func locked(_ body: () async throws -> Void) async throws {
        try makeDirectories((path as NSString).deletingLastPathComponent)
        let file = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failed("cannot be opened", path + ".lock") }
        // Closing gives the lock back, as the end of the process does.
        defer { close(file) }
        var waited = 0
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw failed("cannot be locked", path + ".lock")
            }
            guard waited < CredentialsFile.lockMillisMax else {
                throw WorkspaceError(
                    .localStorage, "another hif holds \(path).lock", hint: "try again in a moment")
            }
            try await Task.sleep(for: .milliseconds(20))
            waited += 20
        }
        try await body()
    }

    /// Makes a directory and those above it, for their owner only.
    private func makeDirectories(_ directory: String) throws {
        if mkdir(directory, 0o700) == 0 || errno == EEXIST { return }
        let parent = (directory as NSString).deletingLastPathComponent
        if access(parent, F_OK) != 0, parent != directory, !parent.isEmpty {
            try makeDirectories(parent)
        }
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
            throw failed("cannot be made, and logins are kept in it", directory)
        }
    }

    private func failed(_ what: String, _ path: String) -> WorkspaceError {
        let reason = String(cString: strerror(errno))
        return WorkspaceError(
            .localStorage, "\(SafeText.escape(path)) \(what): \(reason)",
            hint: "mend this, or name another directory in XDG_CONFIG_HOME, and run it again")
    }
}
