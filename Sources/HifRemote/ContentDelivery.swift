import HifAPI
import HifCore
import HifRepository

/// Puts pieces of blobs in order over several requests: knows what is still wanted, what was cut
/// short by an error, and checks every content against its id.
struct ContentDelivery {
    private var wanted: [Hash]
    private var wantedSet: Set<Hash>
    /// How many were wanted when the present request began.
    private var requestedCount = 0
    /// The blob whose pieces are coming: what was handed on of it, and what the present request has
    /// brought of it, which is less while it repeats the beginning.
    private var current: (id: Hash, handedOn: Int, received: Int, hasher: Blake3)?

    init(_ ids: [Hash]) {
        wantedSet = Set(ids)
        wanted = wantedSet.sorted()
    }

    var isComplete: Bool { wantedSet.isEmpty }

    /// How many have not come yet.
    var wantedCount: Int { wantedSet.count }

    /// Whether a content was cut short, whose rest comes first.
    var isCutShort: Bool { current != nil }

    /// What to ask for next. Empty when everything was delivered.
    mutating func nextRequest() -> [Hash] {
        wanted.removeAll { !wantedSet.contains($0) }
        requestedCount = wantedSet.count
        guard let current else { return wanted }
        self.current?.received = 0
        return [current.id]
    }

    /// Takes a piece as it came; gives what is to be handed on of it, if anything is.
    mutating func take(_ piece: Micelio_V1_BlobPiece) throws(WireError) -> ContentPiece? {
        try take(
            ContentPiece(
                id: try Hash(wire: piece.hash, "hash"), bytes: Array(piece.data),
                isLast: piece.isLast))
    }

    /// The same of a piece that came another way.
    mutating func take(_ piece: ContentPiece) throws(WireError) -> ContentPiece? {
        let id = piece.id
        if current == nil {
            guard wantedSet.contains(id) else { throw WireError("content that nobody asked for") }
            current = (id, 0, 0, Blake3())
        }
        guard var now = current, now.id == id else {
            throw WireError("the parts of two contents are mixed")
        }
        var bytes = piece.bytes
        let known = max(0, min(bytes.count, now.handedOn - now.received))
        now.received += bytes.count
        bytes.removeFirst(known)
        now.hasher.update(bytes)
        now.handedOn += bytes.count
        if piece.isLast {
            guard now.hasher.finalize() == id else {
                throw WireError("the forge sent other bytes than those of \(id)")
            }
            wantedSet.remove(id)
            current = nil
        } else {
            current = now
            if bytes.isEmpty { return nil }
        }
        return ContentPiece(id: id, bytes: bytes, isLast: piece.isLast)
    }

    /// After a request that ended well: it must have brought what was asked for.
    func requestEnded() throws(WireError) {
        guard current == nil else { throw WireError("content that ends before its end") }
        guard wantedSet.count < requestedCount || wantedSet.isEmpty else {
            throw WireError("\(wantedSet.count) contents that were asked for did not come")
        }
    }
}
