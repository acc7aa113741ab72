import HifStore

/// The disk of one machine, as a file system without a journal of data would leave it: what was
/// written is seen by every process at once, and survives a power cut for certain only when it was
/// synced.
///
/// Modelled, in the order of `DirectoryStore`: a file's bytes are synced before it is named; the
/// name is visible from then on; then the directory that holds it is synced, and the directories
/// above whose own names may be new. Of what is not synced a power cut takes or leaves each name on
/// its own, in any order; a file without synced bytes comes back cut short.
///
/// `@unchecked Sendable`: used by the simulation's one thread only.
final class SimulatedDisk: @unchecked Sendable {
    /// What processes see.
    let visible: Bucket
    private let bug: PlantedBug?
    private var durable: [ObjectKey: [UInt8]] = [:]
    private var durableDirectories: Set<String> = []
    private var unsyncedBytes: Set<ObjectKey> = []
    /// Names given or taken since their directory was synced.
    private var changed: [Substring: [ObjectKey]] = [:]

    init(_ visible: Bucket, _ bug: PlantedBug?) {
        self.visible = visible
        self.bug = bug
    }

    /// Everything that is there is on the disk.
    func settle() {
        for key in visible.keys {
            durable[key] = visible.peek(key)
            durableDirectories.formUnion(SimulatedDisk.directories(above: key))
        }
    }

    /// The name was given or taken away.
    func changed(_ key: ObjectKey) {
        changed[SimulatedDisk.directory(of: key), default: []].append(key)
        if bug == .noFileSync { unsyncedBytes.insert(key) }
    }

    /// As `fsync` of the directory that holds `key` and of those above.
    func sync(_ key: ObjectKey) {
        guard bug != .noDirectorySync else { return }
        for other in changed.removeValue(forKey: SimulatedDisk.directory(of: key)) ?? [] {
            durable[other] = visible.peek(other)
        }
        guard bug != .noParentSync else { return }
        for directory in SimulatedDisk.directories(above: key) {
            durableDirectories.insert(directory)
        }
    }

    /// What is on the disk afterwards is what processes see from now on.
    func cutPower(_ dice: inout Dice) {
        var lost: Set<String> = []
        var kept: [ObjectKey: [UInt8]] = [:]
        let keys = Set(visible.keys).union(durable.keys).sorted()
        for key in keys {
            for directory in SimulatedDisk.directories(above: key)
            where !durableDirectories.contains(directory) {
                durableDirectories.insert(directory)
                if dice.chance(500) { lost.insert(directory) }
            }
            guard !SimulatedDisk.directories(above: key).contains(where: lost.contains) else {
                continue
            }
            let (seen, safe) = (visible.peek(key), durable[key])
            var bytes = seen == safe || dice.chance(500) ? safe : seen
            if unsyncedBytes.contains(key), let whole = bytes, dice.chance(500) {
                bytes = Array(whole.prefix(dice.below(whole.count)))
            }
            kept[key] = bytes
        }
        durableDirectories.subtract(lost)
        unsyncedBytes = []
        changed = [:]
        durable = kept
        visible.replaceAll(kept)
    }

    private static func directory(of key: ObjectKey) -> Substring {
        let text = key.string
        return text[..<(text.utf8.lastIndex(of: UInt8(ascii: "/")) ?? text.startIndex)]
    }

    private static func directories(above key: ObjectKey) -> [String] {
        var directories: [String] = []
        var path = ""
        for segment in key.segments.dropLast() {
            path += "/" + segment
            directories.append(path)
        }
        return directories
    }
}

/// The disk through one process's system calls, between which it can die.
///
/// `@unchecked Sendable`: used by the simulation's one thread only.
final class DiskHandle: ObjectStore, @unchecked Sendable {
    private let disk: SimulatedDisk
    private unowned let process: Process
    private unowned let simulation: Simulation

    init(_ disk: SimulatedDisk, _ process: Process, _ simulation: Simulation) {
        self.disk = disk
        self.process = process
        self.simulation = simulation
    }

    func get(_ key: ObjectKey, _ range: ByteRange) async throws(StoreError) -> StoredObject {
        try await disk.visible.get(key, range)
    }

    func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag {
        // The temporary file is written and synced; then it gets its name.
        try await call(key)
        let tag = try await disk.visible.put(key, bytes, condition)
        disk.changed(key)
        try await sync(key)
        return tag
    }

    func list(
        prefix: String, after: ObjectKey?, limit: Int
    ) async throws(StoreError) -> ListPage {
        try await disk.visible.list(prefix: prefix, after: after, limit: limit)
    }

    func delete(_ key: ObjectKey) async throws(StoreError) {
        try await call(key)
        try await disk.visible.delete(key)
        disk.changed(key)
        try await sync(key)
    }

    func makeDurable(_ key: ObjectKey) async throws(StoreError) {
        try await sync(key)
    }

    private func sync(_ key: ObjectKey) async throws(StoreError) {
        // The worst moment: seen by everybody, and not yet on the disk.
        simulation.mayCutPower()
        if simulation.mayCrashNow(tenfold: true) { process.die() }
        try await call(key)
        if simulation.plan.failsToSync() {
            throw StoreError(.unknown, key: key, "the directory could not be synced")
        }
        disk.sync(key)
    }

    private func call(_ key: ObjectKey) async throws(StoreError) {
        await process.wait(simulation.storeLatency())
        guard !process.isDead else {
            throw StoreError(.cancelled, key: key, "the process was killed")
        }
    }
}
