import ArgumentParser
import MicelioForge

/// What a server keeps of its store on its own machine.
struct CacheOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A directory for what was read of the store. Without it DATA/cache, for a bucket.",
            discussion: """
                For one server alone. It is bounded, survives restarts, and may be deleted while \
                no server uses it.
                """, valueName: "directory"))
    var cache: String?

    @Option(help: "What that directory may take, in bytes, or as 20G. 0 for nothing.")
    var cacheBytes = ByteCount(bytes: 8 << 30)

    @Option(help: "What may be held in memory beside it, in bytes, or as 512M. 0 for nothing.")
    var cacheMemory = ByteCount(bytes: 256 << 20)

    /// - Parameter isBucket: whether that is what the store is. A directory is as near as its cache would
    ///   be; and what a power cut takes from it, a cache beside it might still have.
    func configuration(
        _ data: DataOption, isBucket: Bool
    ) throws(ForgeError) -> ForgeConfiguration.CacheConfiguration? {
        guard isBucket else {
            guard cache == nil else {
                throw .invalid("--cache is for a store in a bucket: one in a directory has none")
            }
            return nil
        }
        return ForgeConfiguration.CacheConfiguration(
            directory: cache ?? DataFiles(directory: data.data).cache,
            diskBytesMax: cacheBytes.bytes, memoryBytesMax: cacheMemory.bytes)
    }
}

/// A number of bytes as people write it: digits, and K, M, G or T for powers of 1,024.
struct ByteCount: ExpressibleByArgument, CustomStringConvertible {
    let bytes: Int

    init(bytes: Int) {
        self.bytes = bytes
    }

    init?(argument: String) {
        var digits = argument[...]
        var unit = 1
        if let last = digits.last, let power = "KMGT".firstIndex(of: Character(last.uppercased())) {
            unit = 1 << (10 * ("KMGT".distance(from: "KMGT".startIndex, to: power) + 1))
            digits.removeLast()
        }
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int(digits)
        else { return nil }
        let (bytes, isOver) = count.multipliedReportingOverflow(by: unit)
        guard !isOver else { return nil }
        self.bytes = bytes
    }

    var description: String {
        for (power, unit) in zip(1...4, "KMGT").reversed()
        where bytes > 0 && bytes % (1 << (10 * power)) == 0 {
            return "\(bytes >> (10 * power))\(unit)"
        }
        return "\(bytes)"
    }
}
