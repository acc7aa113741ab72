import Foundation
import HifCore
import HifRepository
import HifStore
import HifWorkspace

/// What a project's store takes, by kind of key: `hif-bench size import REPOSITORY STORE` brings a
/// git history into a new store, `size show STORE` counts, `size check STORE` reads every byte.
/// `Scripts/bench-size` puts the figures beside git's.
enum SizeBench {
    static let project = "bench/history"

    static func run(_ arguments: [String]) async throws {
        switch (arguments.first, arguments.count) {
        case ("import", 3): try await importing(arguments[1], into: arguments[2])
        case ("show", 2): try await show(arguments[1])
        case ("check", 2): try await check(arguments[1])
        case ("compact", 2...3):
            try await compact(arguments[1], level: arguments.count > 2 ? Int(arguments[2]) : nil)
        default:
            throw Child.Failed(
                description:
                    "hif-bench size import REPOSITORY STORE | compact STORE [LEVEL] | check STORE "
                    + "| show STORE")
        }
    }

    static let world = World(
        now: { Int64(Date().timeIntervalSince1970 * 1000) },
        random: { UInt64.random(in: .min ... .max) },
        pause: { try? await Task.sleep(for: .milliseconds(Int64($0))) })

    private static func importing(_ repository: String, into directory: String) async throws {
        // Nothing here has to outlive a power cut.
        let store = try DirectoryStore(path: directory, fsync: false)
        let local = try await LocalStore(store, creating: true, world: world)
        let made = try await local.createProject(named: project)
        let state = NSTemporaryDirectory() + "hif-bench-state-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: state) }
        let result = try await GitImporter(
            try GitSource.open(path: repository), into: LocalRemote(local.repository(made.id)),
            project: made.id, stateDirectory: state, world: world
        ).run()
        print("\(result.to) landings")
    }

    /// The only project of the store.
    static func open(_ directory: String) async throws -> Repository {
        let store = try DirectoryStore(path: directory, fsync: false)
        let local = try await LocalStore(store, creating: false, world: world)
        guard let made = try await local.project(named: project) else {
            throw Child.Failed(description: "\(directory) holds no \(project)")
        }
        return local.repository(made.id)
    }

    private static func compact(_ directory: String, level: Int?) async throws {
        let repository = try await open(directory)
        let began = Date()
        let report = try await repository.compact(
            isWhole: true, level: level ?? Compaction.level
        ) { done, total in
            FileHandle.standardError.write(Data("\(done >> 20) of \(total >> 20) MiB\r".utf8))
        }
        let compacted = Date()
        let collected = try await repository.collect()
        print(
            "\(report.contentCount) contents, \(report.replacedCount) packs of "
                + "\(report.replacedBytes) bytes into \(report.packCount) of \(report.packBytes) in "
                + Measurement.shown(compacted.timeIntervalSince(began))
                + "; \(collected.deletedCount) packs deleted"
                + (report.stopped.map { "; stopped: \($0)" } ?? ""))
    }

    /// `fsck --deep`: what is small has to be whole, too.
    private static func check(_ directory: String) async throws {
        let began = Date()
        let report = try await Fsck(try await open(directory)).run(deep: true)
        guard report.isHealthy else {
            let findings = report.findings.prefix(10).map { "\n\($0)" }.joined()
            throw Child.Failed(description: "\(report.findings.count) findings:\(findings)")
        }
        print(
            "\(report.landingCount) landings with \(report.operationCount) operations are whole; "
                + "checked in \(Measurement.shown(Date().timeIntervalSince(began)))")
    }

    // MARK: Counting

    private struct Total {
        var objects = 0
        var bytes = 0

        mutating func add(_ bytes: Int) {
            objects += 1
            self.bytes += bytes
        }
    }

    private static func show(_ directory: String) async throws {
        let repository = try await open(directory)
        var kinds: [String: Total] = [:]
        var records: [String: Total] = [:]
        var headers = Total()
        var footers = Total()
        for entry in try await repository.store.listAll(prefix: "") {
            kinds[entry.key.segments[0].description, default: Total()].add(entry.size)
            guard let pack = PackKey.pack(of: entry.key) else { continue }
            let footer = try await repository.content.footer(of: pack)
            footers.add(entry.size - footer.recordsEnd)
            for record in footer.entriesByOffset() {
                records["\(record.kind) \(record.codec)", default: Total()]
                    .add(Int(record.storedBytes))
                headers.add(0)
            }
        }
        let sum = kinds.values.reduce(0) { $0 + $1.bytes }
        for (kind, total) in kinds.sorted(by: { $0.value.bytes > $1.value.bytes }) {
            print(row(kind, total, of: sum))
        }
        print("in packs:")
        for (kind, total) in records.sorted(by: { $0.value.bytes > $1.value.bytes }) {
            print(row("  " + kind, total, of: sum))
        }
        print(row("  footers", footers, of: sum))
        print("total \(sum)")
    }

    private static func row(_ name: String, _ total: Total, of sum: Int) -> String {
        func padded(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        let share = "\(total.bytes * 1000 / max(1, sum))"
        return name.padding(toLength: 26, withPad: " ", startingAt: 0)
            + padded("\(total.objects)", 9) + padded("\(total.bytes)", 13)
            + padded(share, 6) + " ‰"
    }
}
