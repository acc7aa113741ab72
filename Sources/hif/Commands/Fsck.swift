import ArgumentParser
import HifCore
import HifRepository
import HifWorkspace

struct FsckCommand: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "fsck",
        abstract: "Check the workspace, and its project if it is on this machine.",
        discussion: """
            hif fsck
            hif fsck --deep            every byte of every pack
            hif fsck --repair          make again what is derived and wrong, the index too

            Exits with 8 when something is wrong.
            """)

    @Flag(help: "Also verify every byte of history.")
    var deep = false
    @Flag(help: "Make again what is derived from history and wrong; nothing else is touched.")
    var repair = false
    @OptionGroup var common: CommonOptions

    static let data: Shape = .object([
        "problems": .list(
            .object(["where": .string, "problem": .string, "severity": .string])),
        "position": .int, "files": .int, "landings": .maybe(.int), "repaired": .list(.string),
    ])

    func run(_ context: Context) async throws -> Outcome {
        let workspace = try await context.workspace(isRepairing: true)
        let console = context.console
        var problems: [JSON] = []
        func tell(_ place: String, _ problem: String, _ severity: String) {
            console.line("\(place): \(problem)")
            problems.append(
                .object([
                    "where": .string(place), "problem": .string(problem),
                    "severity": .string(severity),
                ]))
        }
        var repaired: [String] = []
        if repair, try await workspace.repairIndex() {
            repaired.append(".hif/index")
            console.note("Made again: .hif/index; the damaged one is .hif/index.damaged.")
        }
        var check = WorkspaceCheck()
        do {
            check = try await workspace.check()
        } catch {
            // What cannot be read is what this command is for.
            let failure = Failure(error)
            guard failure.code.hasSuffix("damaged") else { throw failure }
            check.problems = [
                failure.message
                    + (failure.code == "index_damaged" ? "; hif fsck --repair makes it anew" : "")
            ]
        }
        for problem in check.problems { tell("workspace", problem, "workspace") }

        var landings: UInt64?
        var isHealthy = problems.isEmpty
        if let local = workspace.remote as? LocalRemote {
            let fsck = Fsck(local.repository)
            var report = try await fsck.run(deep: deep)
            if repair, report.findings.contains(where: { $0.severity == .derived }) {
                let keys = try await fsck.repairDerived(report)
                repaired += keys
                for key in keys { console.note("Made again: \(SafeText.escape(key))") }
                report = try await fsck.run(deep: deep)
            }
            for finding in report.findings {
                tell(
                    SafeText.escape(finding.key),
                    SafeText.escape(
                        "\(finding.problem). \(finding.consequence). \(finding.advice)."),
                    "\(finding.severity)")
            }
            if report.omittedCount > 0 { console.line("and \(report.omittedCount) more") }
            landings = report.landingCount
            isHealthy = isHealthy && report.isHealthy
        }
        if isHealthy {
            let history = landings.map { ", \(Changes.count(Int($0), "landing"))" } ?? ""
            console.line(
                "No problem found: \(Changes.count(check.fileCount, "file"))\(history).")
        }
        return Outcome(
            data: [
                "problems": .array(problems), "position": .int(workspace.base.position),
                "files": .int(check.fileCount), "landings": landings.map { .int($0) } ?? .null,
                "repaired": .array(repaired.map { .string($0) }),
            ], status: isHealthy ? .ok : .checksFailed)
    }
}
