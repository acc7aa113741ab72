import HifAPI
import HifCore
import HifRepository

/// Puts landings together from the messages in which they come.
struct DetailReading {
    /// Those that came whole.
    private var details: [LandingDetail] = []
    private var landing: Micelio_V1_Landing?
    private var operations: [LandedOperation] = []
    private var document: [UInt8] = []
    /// Where the next landing has to lie; nil for anywhere.
    private var expected: Position?

    /// - Parameter first: the position of the first landing, after which no other follows but the
    ///   next one; nil when any will do.
    init(from first: Position? = nil) {
        expected = first
    }

    /// How many came whole.
    var count: Int { details.count }

    mutating func take(_ part: Micelio_V1_DetailReply) throws {
        if part.hasLanding {
            try close()
            landing = part.landing
        }
        guard landing != nil else { throw WireError("operations before their landing") }
        for operation in part.operations {
            operations.append(try LandedOperation(wire: operation))
        }
        document += part.document
    }

    /// Forgets what came of a landing whose end did not.
    mutating func dropUnfinished() {
        landing = nil
        operations = []
        document = []
    }

    /// Everything was sent.
    mutating func finish() throws -> [LandingDetail] {
        try close()
        return details
    }

    private mutating func close() throws {
        guard let wire = landing else { return }
        if let expected {
            guard wire.position == expected else {
                throw WireError("the landing @\(wire.position) in place of @\(expected)")
            }
            self.expected = expected + 1
        }
        details.append(
            LandingDetail(
                position: wire.position, landing: try Landing(wire: wire, operations: operations),
                operations: operations,
                document: document.isEmpty ? nil : try SessionDocument(decoding: document)))
        dropUnfinished()
    }
}
