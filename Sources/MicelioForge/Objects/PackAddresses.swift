import HifCore

/// The addresses at which packs are fetched over HTTP, through whatever cache stands before the forge.
///
/// Those of public projects are the same for ever. Those of others carry a signature; it is the same for
/// a quarter of an hour, so that a cache has something to keep for the next one who may read it.
package struct PackAddresses: Sendable {
    /// Scheme, host and perhaps a path, without a slash at the end; nil when there is no cache, and
    /// clients are given content and no addresses.
    let base: String?
    let signer: PackSigner

    /// - Parameter secret: see `PackSigner`.
    package init(base: String?, secret: [UInt8]? = nil) {
        self.base = base
        signer = PackSigner(secret: secret)
    }

    /// Where a pack is to be fetched by somebody who may read the project; nil for nowhere.
    func address(of pack: Hash, _ grant: ProjectGrant<Reading>, now: Int64) -> String? {
        guard let base else { return nil }
        let project = grant.project
        if project.isPublic { return base + PackAddresses.path(of: pack, in: project.path) }
        return base + signedPath(of: pack, in: project.storeProjectID, now: now)
    }

    static func path(of pack: Hash, in project: ProjectPath) -> String {
        "/api/v1/projects/\(project)/packs/\(pack.hex)"
    }

    func signedPath(of pack: Hash, in storeProjectID: String, now: Int64) -> String {
        let step = Limits.packAddressSeconds
        let expires = (now / 1_000 / step + 2) * step
        let signed = signer.sign(pack, of: storeProjectID, expires: expires)
        return "/objects/\(storeProjectID)/\(pack.hex)"
            + "?expires=\(expires)&signature=\(signed.signature.hex)"
    }
}
