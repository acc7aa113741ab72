/// Something `Fsck` found: which object, what is wrong with it, why that matters, what to do.
package struct FsckFinding: Hashable, Sendable, CustomStringConvertible {
    package enum Severity: Int, Hashable, Sendable, Comparable {
        /// Nothing is wrong; something is there that this program does not know.
        case note
        /// An object that is made from the log is wrong or missing. `Fsck.repairDerived` makes it
        /// again; until then some things are slower, or fail and say so.
        case derived
        /// History itself is damaged: restore the object from a copy or a backup.
        case damage

        package static func < (left: Severity, right: Severity) -> Bool {
            left.rawValue < right.rawValue
        }
    }

    package let severity: Severity
    /// The object's key in the project's part of the store.
    package let key: String
    package let problem: String
    package let consequence: String
    package let advice: String

    package init(
        _ severity: Severity, key: String, _ problem: String, consequence: String, advice: String
    ) {
        self.severity = severity
        self.key = key
        self.problem = problem
        self.consequence = consequence
        self.advice = advice
    }

    package var description: String { "\(key): \(problem). \(consequence). \(advice)." }
}

/// What `Fsck` looked at and what it found.
package struct FsckReport: Hashable, Sendable {
    /// In the order in which they were found.
    package internal(set) var findings: [FsckFinding] = []
    package internal(set) var slotCount: UInt64 = 0
    package internal(set) var landingCount: UInt64 = 0
    /// Without no-ops.
    package internal(set) var operationCount: UInt64 = 0
    package internal(set) var packCount = 0
    /// Packs that no landing names: content of open sessions, and of attempts that lost.
    package internal(set) var unnamedPackCount = 0
    package internal(set) var checkpointCount = 0
    package internal(set) var objectRunCount = 0
    package internal(set) var rollupCount = 0
    package internal(set) var segmentCount = 0
    package internal(set) var openSessionCount = 0
    /// Packs that the log condemned, whether or not they are still there.
    package internal(set) var condemnedPackCount = 0
    /// Derived objects that are due and not built yet, at the end of the log.
    package internal(set) var unbuiltCount = 0
    /// Findings beyond the limit, counted only.
    package internal(set) var omittedCount = 0

    package static let findingsMax = 10_000

    /// Whether nothing is wrong; notes do not count.
    package var isHealthy: Bool { findings.allSatisfy { $0.severity == .note } }

    mutating func add(_ finding: FsckFinding) {
        guard findings.count < FsckReport.findingsMax else {
            omittedCount += 1
            return
        }
        findings.append(finding)
    }
}

/// How far a check has come, for a display.
package struct FsckProgress: Hashable, Sendable {
    package enum Stage: String, Hashable, Sendable {
        case keys
        case log
        case checkpoints
        case objectRuns
        case rollups
        case segments
        case packs

        var words: String {
            switch self {
            case .keys, .log, .checkpoints, .rollups, .segments, .packs: rawValue
            case .objectRuns: "object runs"
            }
        }
    }

    package let stage: Stage
    package let done: UInt64
    /// 0 where it is not known.
    package let total: UInt64
}
