/// What both sides of the wire keep to.
package enum WireLimits {
    /// Data in one message of a stream: large enough to fill the pipe, small against the message
    /// limit of 1 MiB.
    package static let frameBytes = 256 << 10
    package static let messageBytesMax = (1 << 20) + 4_096
    package static let hashesPerRead = 4_096
    package static let hashesPerLack = 8_192
    package static let landingsPerPage = 1_000
    /// Landings that one request brings whole, and after how many bytes of them no more follow.
    package static let detailsPerRequest = 1_000
    package static let detailBytesPerRequest = 64 << 20
    package static let operationsPerRead = 65_536
    package static let conflictsMax = 1_000
    package static let openSessionsMax = 10_000
    /// A whole pack: what a writer fills, one more record, and the footer.
    package static let packBytesMax = 96 << 20
    /// New content that comes with the request to land; more is uploaded before.
    package static let stagedPackBytesMax = 16 << 20
    /// Intents of one submission, and the operations of all of them.
    package static let intentsPerSubmission = 4_096
    package static let operationsPerSubmission = 1_000_000
}

/// Cuts a list into runs of at most about `frameBytes`, each of one element or more.
package func framed<Element>(
    _ elements: [Element], bytes: (Element) throws -> Int
) rethrows -> [ArraySlice<Element>] {
    var frames: [ArraySlice<Element>] = []
    var start = 0
    var size = 0
    for (index, element) in elements.enumerated() {
        let more = try bytes(element)
        if index > start, size + more > WireLimits.frameBytes {
            frames.append(elements[start..<index])
            start = index
            size = 0
        }
        size += more
    }
    if start < elements.count { frames.append(elements[start...]) }
    return frames
}
