import Foundation
import HifRepository
import HifStore

/// `hif-bench landing`: what its words say, and one row after the other.
enum LandingWords {
    static let usage = """
        hif-bench landing [--profile standard,express] [--rates 200,1000] [--seconds N] [--files N]
                          [--directory DIR --clients 1,8,64]

        Landings on a store in memory with a bucket's latencies; with --directory, on a directory
        store in DIR/<number of clients>, which must not exist.
        """

    static func run(_ words: [String]) async throws {
        var bench = LandingBench()
        var profiles = [RemoteLikeStore.Profile.standard, .express]
        var rates = [200, 1_000, 2_000, 3_000]
        var clients = [1, 8, 64]
        var directory: String?
        var rest = words[...]
        func numbers(_ word: String?) throws -> [Int] {
            let numbers = (word ?? "").split(separator: ",").compactMap { Int($0) }
            guard !numbers.isEmpty, numbers.allSatisfy({ $0 > 0 }) else {
                throw Child.Failed(description: usage)
            }
            return numbers
        }
        while let word = rest.popFirst() {
            switch word {
            case "--profile":
                let names = (rest.popFirst() ?? "").split(separator: ",")
                profiles = names.compactMap { $0 == "standard" ? .standard : .express }
            case "--rates": rates = try numbers(rest.popFirst())
            case "--seconds": bench.seconds = try numbers(rest.popFirst())[0]
            case "--files": bench.files = try numbers(rest.popFirst())[0]
            case "--clients": clients = try numbers(rest.popFirst())
            case "--directory": directory = rest.popFirst()
            default: throw Child.Failed(description: usage)
            }
        }
        print(LandingRow.header)
        if let directory {
            for count in clients {
                let path = "\(directory)/\(count)"
                try FileManager.default.createDirectory(
                    atPath: path, withIntermediateDirectories: true)
                let store = RemoteLikeStore(counting: try DirectoryStore(path: path))
                // Its calls wait for the disk, so they get threads of their own.
                let row = try await withTaskExecutorPreference(BlockingExecutor()) {
                    try await bench.run("directory", store, .closed(clients: count))
                }
                print(row.text)
                fflush(nil)
            }
            return
        }
        for profile in profiles {
            for rate in rates {
                let store = RemoteLikeStore(profile)
                print(try await bench.run(profile.name, store, .open(rate: rate)).text)
                fflush(nil)
            }
        }
        let alone = try await bench.alone(RemoteLikeStore(profiles[0]), rate: 1_000)
        print(
            "\nOf the CPU, the load and the waiting of the store take",
            String(format: "%.2f ms per landing at 1000/s.", alone))
    }
}

/// Threads that may wait for the disk.
final class BlockingExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "disk", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
