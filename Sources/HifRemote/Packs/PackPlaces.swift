import HifAPI
import HifCore
import HifRepository
import HifWorkspace

/// Where a forge says that contents are to be fetched, in place of the contents.
struct PackPlaces {
    /// As many as there are hashes to ask for.
    private static let packsMax = WireLimits.hashesPerRead

    private var packs: [Hash] = []
    /// Where each pack is fetched.
    private(set) var addresses: [Hash: String] = [:]
    private(set) var requests: [ContentRequest] = []

    var isEmpty: Bool { requests.isEmpty }

    mutating func take(_ reply: Micelio_V1_BlobsReply) throws(WireError) {
        guard packs.count + reply.packs.count <= PackPlaces.packsMax,
            requests.count + reply.places.count <= WireLimits.hashesPerRead
        else { throw WireError("more places than were asked for") }
        for pack in reply.packs {
            let id = try Hash(wire: pack.hash, "pack")
            packs.append(id)
            addresses[id] = pack.url
        }
        for place in reply.places {
            guard packs.indices.contains(Int(place.pack)) else {
                throw WireError("a place in a pack that was not named")
            }
            requests.append(try place.request(in: packs[Int(place.pack)]))
        }
    }
}
