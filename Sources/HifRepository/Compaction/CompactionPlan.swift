import HifCore

/// In which order a compaction copies, and what goes into one record: by path, the newest version of a
/// file whole, its older ones in bundles, each of which copies from a version that is a record of its
/// own, its base. The first base is the newest version; each other one is a delta of a newer base.
struct CompactionPlan {
    /// Bytes of contents that are read, compressed and held at a time.
    static let groupBytes: UInt64 = 32 << 20
    /// A bundle ends when it has reached this many bytes: whoever wants one version decompresses at most
    /// that much and one version more.
    static let bundleBytes: UInt64 = 1 << 19
    /// Versions in a bundle at most, however small.
    static let versionsMax = 256

    /// A base is a delta of the base before it, or 4, 16 or 64 before it: as far back as the largest of
    /// these that divides its number. So one is decoded by way of as many others as the digits of its
    /// number add up to, written in fours, and only one in `basesPerWhole` is whole. (Skip deltas, as
    /// Subversion's, with fours in place of twos: nearer origins, longer ways.)
    static let baseFanOut = 4
    /// 4⁴: then a way is 12 deltas at most. The bundle and the whole base are two records more, and a
    /// reader decodes `PackRecord.chainMax`.
    static let basesPerWhole = 256

    /// Older versions of one file, newest first; indices of contents.
    struct Bundle: Hashable {
        let base: Int
        /// What the base is a delta of; nil where it is whole.
        let origin: Int?
        /// Without any, all there is to store is the base.
        var members: [Int] = []
    }

    /// What is copied together, into one pack.
    struct Group: Hashable {
        /// Newest versions, which become records of their own.
        var heads: [Int] = []
        var bundles: [Bundle] = []
        var bytes: UInt64 = 0

        /// Everything that is copied.
        var contents: [Int] { unique(heads + bundles.flatMap { [$0.base] + $0.members }) }

        /// What was copied with a group before, and has to be read once more to make a delta of it.
        var origins: [Int] {
            let copied = Set(contents)
            return unique(bundles.compactMap(\.origin)).filter { !copied.contains($0) }
        }

        private func unique(_ contents: [Int]) -> [Int] {
            var seen: Set<Int> = []
            return contents.filter { seen.insert($0).inserted }
        }
    }

    private(set) var groups: [Group] = []
    /// Contents that are in chunks, in the order of their paths.
    private(set) var chunked: [Int] = []

    /// - Parameter isCopied: whether the content at an index lies in a pack that is replaced.
    init(_ live: LiveContents, isCopied: (Int) -> Bool) {
        // Versions by file, newest first.
        var versions: [[Int]] = Array(repeating: [], count: live.paths.count)
        for index in live.contents.indices.reversed() {
            let content = live.contents[index]
            if content.size > UInt64(PackRecordKind.blobBytesMax) {
                // Whatever the manifest lies in, its chunks may lie in a pack that goes.
                versions[Int(content.file)].append(index)
            } else if isCopied(index) {
                versions[Int(content.file)].append(index)
            }
        }
        let keys = live.paths.map(TreeKey.init)
        let order = keys.indices.sorted { keys[$0] < keys[$1] }
        var group = Group()
        func close() {
            if group.bytes > 0 || !group.heads.isEmpty { groups.append(group) }
            group = Group()
        }
        for file in order {
            let all = versions[file]
            chunked += all.filter {
                live.contents[$0].size > UInt64(PackRecordKind.blobBytesMax)
            }
            let whole = all.filter {
                live.contents[$0].size <= UInt64(PackRecordKind.blobBytesMax)
            }
            guard let head = whole.first else { continue }
            group.heads.append(head)
            group.bytes += live.contents[head].size
            var bundle = Bundle(base: head, origin: nil)
            var bytes: UInt64 = 0
            // Of this file so far, the newest version first.
            var bases = [head]
            for index in whole.dropFirst() {
                if bytes >= CompactionPlan.bundleBytes
                    || bundle.members.count == CompactionPlan.versionsMax
                {
                    group.bundles.append(bundle)
                    group.bytes += bytes
                    if group.bytes >= CompactionPlan.groupBytes { close() }
                    let origin = CompactionPlan.origin(ofBase: bases.count)
                    bundle = Bundle(base: index, origin: origin.map { bases[$0] })
                    bases.append(index)
                    bytes = 0
                    group.bytes += live.contents[index].size
                } else {
                    bundle.members.append(index)
                    bytes += live.contents[index].size
                }
            }
            if bundle.base != head || !bundle.members.isEmpty {
                group.bundles.append(bundle)
                group.bytes += bytes
            }
            if group.bytes >= CompactionPlan.groupBytes { close() }
        }
        close()
    }

    /// The number of the base that base `number` of a file is a delta of; nil where it is whole.
    static func origin(ofBase number: Int) -> Int? {
        guard number % basesPerWhole != 0 else { return nil }
        var step = 1
        while number % (step * baseFanOut) == 0 { step *= baseFanOut }
        return number - step
    }
}
