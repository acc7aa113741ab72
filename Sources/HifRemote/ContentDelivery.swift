import HifAPI
import HifCore
import HifRepository

/// Puts pieces of blobs in order over several requests: knows what is still wanted, what was cut
/// short by an error, and checks every content against its id.
struct ContentDelivery {
    private var wanted: [Hash]
    private var wantedSet: Set<Hash>
    /// The blob whose pieces are coming: what was handed on of it, and what the present request has
    /// brought of it, which is less while it repeats the beginning.
    private var current: (id: Hash, handedOn: Int, received: Int, hasher: Blake3)?

    init(_ ids: [Hash]) {
        wantedSet = Set(ids)
        wanted = wantedSet.sorted()
    }

    /// What to ask for next; nil when everything was delivered.
    mutating func nextRequest() -> [Hash]? {
        wanted.removeAll { !wantedSet.contains($0) }
        if let current {
            self.current?.received = 0
            return [current.id]
        }
        return wanted.isEmpty ? nil : wanted
    }

    /// Takes a piece as it came; gives what is to be handed on of it, if anything is.
    mutating func take(_ piece: Micelio_V1_BlobPiece) throws(WireError) -> ContentPiece? {
        let id = try Hash(wire: piece.hash, "hash")
        if current == nil {
            guard wantedSet.contains(id) else { throw WireError("content that nobody asked for") }
            current = (id, 0, 0, Blake3())
        }
        guard var now = current, now.id == id else {
            throw WireError("the parts of two contents are mixed")
        }
        var bytes = Array(piece.data)
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

    /// After a request that ended well: it must have brought everything.
    func requestEnded() throws(WireError) {
        guard current == nil else { throw WireError("content that ends before its end") }
    }
}
