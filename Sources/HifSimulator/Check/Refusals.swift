import HifCore
import HifRepository

/// Holds "this request wrote nothing" against the log: what a request wrote never lands once it was
/// refused, and was not refused once it landed.
///
/// A landing is known by its own pack, which no other request writes; an abandonment by its reason.
final class Refusals {
    /// The request that a task on a node works on.
    @TaskLocal static var current: Int?

    private var count = 0
    private var writers: [Hash: Int] = [:]
    private var refused: Set<Int> = []
    private var closed: Set<Int> = []

    func begins() -> Int {
        count += 1
        return count
    }

    func wrote(pack: Hash, by request: Int) {
        writers[pack] = request
    }

    /// - Returns: what is wrong; nil for nothing.
    func refused(_ request: Int) -> String? {
        refused.insert(request)
        return closed.contains(request)
            ? "I4: request \(request) was refused, and is in the log" : nil
    }

    /// - Returns: what is wrong with the record of a new slot; nil for nothing.
    func closed(by record: ClosingRecord) -> String? {
        let request: Int?
        switch record {
        case .landing(let landing): request = landing.packs.first.flatMap { writers[$0] }
        case .abandon(let abandon): request = Int(abandon.reason)
        }
        guard let request else { return nil }
        closed.insert(request)
        return refused.contains(request)
            ? "I4: request \(request) for \(record.session) was refused, and comes to be in the log"
            : nil
    }
}
