import HifCore

/// In which order a compaction copies, and what goes into one record: by path, the newest version of a
/// file whole, its older ones in bundles, each of which copies from a version that is a record of its
/// own, its base. The first base is the newest version; each other one is a delta of the one before.
struct CompactionPlan {
    /// Bytes of contents that are read, compressed and held at a time.
    static let groupBytes: UInt64 = 32 << 20
    /// A bundle ends when it has reached this many bytes: whoever wants one version decompresses at most
    /// that much and one version more.
    static let bundleBytes: UInt64 = 1 << 19
    /// Versions in a bundle at most, however small.
    static let versionsMax = 256

    /// Bases in a row that are deltas of the one before; the next is whole again. A bundle is one more
    /// record, and a reader decodes `PackRecord.chainMax` at most.
    static let chainMax = PackRecord.chainMax - 3

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

        /// Everything to be read.
        var contents: [Int] {
            var seen: Set<Int> = []
            return (heads + bundles.flatMap { [$0.base] + $0.members }).filter {
                seen.insert($0).inserted
            }
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
            var chain = 0
            for index in whole.dropFirst() {
                if bytes >= CompactionPlan.bundleBytes
                    || bundle.members.count == CompactionPlan.versionsMax
                {
                    group.bundles.append(bundle)
                    group.bytes += bytes
                    if group.bytes >= CompactionPlan.groupBytes { close() }
                    chain = chain < CompactionPlan.chainMax ? chain + 1 : 0
                    bundle = Bundle(base: index, origin: chain > 0 ? bundle.base : nil)
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
}
