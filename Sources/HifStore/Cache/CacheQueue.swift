/// Which of the things in a cache go when it is full: S3-FIFO (Yang et al., "FIFO queues are all you
/// need for cache eviction", SOSP 2023), with costs in bytes instead of counts.
///
/// What is new waits in a small queue, a tenth of the room. What was asked for again before its turn
/// comes moves to the main queue, the rest goes; so a checkout that reads everything once does not
/// drive out what is asked for all day. Who comes back soon after going, which a list of names
/// remembers, enters the main queue at once. Every operation is O(1) on average.
package struct CacheQueue<Key: Hashable & Sendable>: Sendable {
    private struct Entry {
        let cost: Int
        /// Which of the names in the queues is meant: others of the same key are left over.
        let stamp: UInt64
        var uses: UInt8 = 0
        var isMain: Bool
    }

    private struct Name {
        let key: Key
        let stamp: UInt64
    }

    private static var usesMax: UInt8 { 3 }

    package let costMax: Int
    let countMax: Int
    /// What all that is in it costs together; never more than `costMax`.
    private(set) var cost = 0
    private var smallCost = 0
    private var entries: [Key: Entry] = [:]
    private var small = Fifo<Name>()
    private var main = Fifo<Name>()
    private var gone = Fifo<Name>()
    private var goneStamps: [Key: UInt64] = [:]
    private var stamps: UInt64 = 0

    package init(costMax: Int, countMax: Int = .max) {
        precondition(costMax >= 0 && countMax >= 0, "room is not negative")
        self.costMax = costMax
        self.countMax = countMax
    }

    var count: Int { entries.count }

    func contains(_ key: Key) -> Bool { entries[key] != nil }

    /// Says that `key` was asked for; false when it is not here.
    package mutating func use(_ key: Key) -> Bool {
        guard let index = entries.index(forKey: key) else { return false }
        let uses = entries.values[index].uses
        if uses < CacheQueue.usesMax { entries.values[index].uses = uses + 1 }
        return true
    }

    /// Takes `key` in, in place of what it was before; answers what has to go for it. That is `key`
    /// itself when it is larger than all the room.
    package mutating func insert(_ key: Key, cost: Int) -> [Key] {
        precondition(cost >= 0, "a cost is not negative")
        remove(key)
        guard cost <= costMax, countMax > 0 else { return [key] }
        let isBack = goneStamps.removeValue(forKey: key) != nil
        append(key, Entry(cost: cost, stamp: nextStamp(), isMain: isBack))
        var leaving: [Key] = []
        while self.cost > costMax || entries.count > countMax {
            if smallCost > costMax / 10 || main.isEmpty, let name = small.removeFirst() {
                passSmall(name, &leaving)
            } else if let name = main.removeFirst() {
                passMain(name, &leaving)
            } else if let name = small.removeFirst() {
                passSmall(name, &leaving)
            } else {
                preconditionFailure("what costs something stands in a queue")
            }
        }
        forgetLeftOver()
        return leaving
    }

    /// Takes `key` out, if it is here.
    package mutating func remove(_ key: Key) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        cost -= entry.cost
        if !entry.isMain { smallCost -= entry.cost }
    }

    private mutating func nextStamp() -> UInt64 {
        stamps += 1
        return stamps
    }

    private mutating func append(_ key: Key, _ entry: Entry) {
        entries[key] = entry
        cost += entry.cost
        let name = Name(key: key, stamp: entry.stamp)
        if entry.isMain {
            main.append(name)
        } else {
            smallCost += entry.cost
            small.append(name)
        }
    }

    private mutating func passSmall(_ name: Name, _ leaving: inout [Key]) {
        guard let entry = entries[name.key], entry.stamp == name.stamp else { return }
        remove(name.key)
        guard entry.uses <= 1 else {
            append(name.key, Entry(cost: entry.cost, stamp: nextStamp(), isMain: true))
            return
        }
        leaving.append(name.key)
        let stamp = nextStamp()
        goneStamps[name.key] = stamp
        gone.append(Name(key: name.key, stamp: stamp))
        while goneStamps.count > max(16, entries.count), let first = gone.removeFirst() {
            if goneStamps[first.key] == first.stamp { goneStamps[first.key] = nil }
        }
    }

    private mutating func passMain(_ name: Name, _ leaving: inout [Key]) {
        guard var entry = entries[name.key], entry.stamp == name.stamp else { return }
        guard entry.uses > 0 else {
            remove(name.key)
            leaving.append(name.key)
            return
        }
        entry.uses -= 1
        entries[name.key] = entry
        main.append(name)
    }

    /// Names of what was taken out stay in the queues until their turn comes, or there are too many.
    private mutating func forgetLeftOver() {
        guard small.count + main.count > 2 * entries.count + 64 else { return }
        let live = entries
        let isLive = { (name: Name) in live[name.key]?.stamp == name.stamp }
        small.keep(isLive)
        main.keep(isLive)
        let remembered = goneStamps
        gone.keep { remembered[$0.key] == $0.stamp }
    }
}

/// First in, first out.
private struct Fifo<Element: Sendable>: Sendable {
    private var elements: [Element?] = []
    private var first = 0

    var count: Int { elements.count - first }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func removeFirst() -> Element? {
        guard first < elements.count else { return nil }
        defer {
            elements[first] = nil
            first += 1
            if first > 64, first > elements.count / 2 {
                elements.removeFirst(first)
                first = 0
            }
        }
        return elements[first]
    }

    mutating func keep(_ isKept: (Element) -> Bool) {
        elements = elements[first...].filter { $0.map(isKept) ?? false }
        first = 0
    }
}
