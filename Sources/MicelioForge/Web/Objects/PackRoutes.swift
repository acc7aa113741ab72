import HTTPTypes
import HifCore

/// Packs under addresses that never change what they answer, for caches of others' to stand before.
enum PackRoutes {
    static let all: [Route] =
        Route.reading(
            .projectAPI("/packs/{pack}"), "packs.read",
            "A pack as the store has it, or a range of it; named by the hash of its bytes"
        ) { call, project in
            let grant = project.grant.pack(try call.pack())
            return .response(
                try await PackResponse.make(
                    call.request, call.forge.open(grant),
                    caching: grant.isForAll
                        ? "public, max-age=31536000, immutable"
                        : "private, max-age=31536000, immutable"))
        }
        .answering(.pack)
        + [
            // The signature is the credential: a cache that fetches has no other.
            .free(
                .get, "/objects/{project}/{pack}", .plain, "packs.signed",
                "A pack, at an address that was given to somebody who may read it"
            ) { call in
                guard let id = ProjectID(hex: try call.text("project")),
                    let expires = Int64(call.query["expires"]),
                    let signature = [UInt8](hex: call.query["signature"])
                else { throw Call.nothing }
                let signed = SignedPack(
                    storeProjectID: id.hex, pack: try call.pack(), expires: expires,
                    signature: signature)
                let grant = try call.forge.access.check(
                    signed, by: call.forge.packs.signer, now: call.now)
                // Not longer than the address itself: what is kept is given to whoever has it.
                let left = max(0, expires - call.now / 1_000)
                return .response(
                    try await PackResponse.make(
                        call.request, call.forge.open(grant),
                        caching: "public, max-age=\(left), immutable"))
            }
        ]
}

extension Call {
    fileprivate func pack() throws -> Hash {
        let text = try text("pack")
        // One address for a pack, not also the one in capitals.
        guard let pack = Hash(hex: text), pack.hex == text else { throw Call.nothing }
        return pack
    }
}
