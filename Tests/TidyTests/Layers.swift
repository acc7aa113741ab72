/// What each target may import, which is the arrows of ARCHITECTURE.md and nothing else.
///
/// SwiftPM itself stops an undeclared import only when the module happens not to be built yet, so the
/// arrows are kept by this table. A new row or word here is a change of the architecture: change the
/// map too.
enum Layers {
    struct Target: Sendable {
        /// Imports that are allowed; ours first.
        let mayImport: [String]
        /// Given time, randomness and storage; may be run by a simulator.
        let isPure: Bool
    }

    private static let pureSystem = ["Glibc", "Synchronization"]
    private static let system = pureSystem + ["Foundation", "FoundationEssentials", "Dispatch"]
    private static let core = ["HifCore", "HifStore", "HifRepository"]
    private static let grpc = [
        "GRPCCore", "GRPCProtobuf", "GRPCNIOTransportHTTP2Posix", "SwiftProtobuf",
    ]

    static let targets: [String: Target] = [
        // C: no Swift in it.
        "CBlake3": Target(mayImport: [], isPure: true),
        "CZstd": Target(mayImport: [], isPure: true),
        "CArgon2": Target(mayImport: [], isPure: true),
        "CCurl": Target(mayImport: [], isPure: true),
        "CMd4c": Target(mayImport: [], isPure: true),
        "CPng": Target(mayImport: [], isPure: true),
        "CSched": Target(mayImport: [], isPure: false),
        "CTurboJPEG": Target(mayImport: [], isPure: true),
        "CWebP": Target(mayImport: [], isPure: true),

        "HifCore": Target(mayImport: ["CBlake3", "Synchronization"], isPure: true),
        "HifStore": Target(mayImport: ["HifCore"] + pureSystem, isPure: true),
        "HifRepository": Target(
            mayImport: ["HifCore", "HifStore", "CZstd", "Synchronization"], isPure: true),
        "HifSimulator": Target(mayImport: core + pureSystem, isPure: true),
        "hif-sim": Target(mayImport: ["HifSimulator"] + system, isPure: false),

        "HifWorkspace": Target(mayImport: core + system, isPure: false),
        "HifAPI": Target(
            mayImport: core + ["SwiftProtobuf", "GRPCCore", "GRPCProtobuf"] + system, isPure: false),
        "HifRemote": Target(
            mayImport: core + ["HifWorkspace", "HifAPI"] + grpc + system + [
                "Crypto", "NIOCore", "NIOPosix", "NIOSSL", "SwiftASN1", "X509", "AsyncAlgorithms",
                "AsyncHTTPClient",
                "NIOHTTP1", "HTTPTypes",
            ], isPure: false),
        "hif": Target(
            mayImport: core + ["HifS3", "HifWorkspace", "HifRemote", "ArgumentParser"] + system,
            isPure: false),

        "HifS3": Target(
            mayImport: [
                "HifStore", "AsyncHTTPClient", "Crypto", "NIOCore", "NIOHTTP1", "NIOPosix",
                "NIOSSL",
            ] + system, isPure: false),
        "MicelioForge": Target(
            mayImport: core + [
                "HifAPI", "CArgon2", "CCurl", "CMd4c", "CPng", "CSched", "CTurboJPEG", "CWebP",
            ] + grpc + system + [
                "AsyncHTTPClient", "Crypto", "GRDB", "HTTPTypes", "Hummingbird", "Logging",
                "NIOCore",
                "NIOHTTP1", "NIOPosix", "NIOSSL", "ServiceLifecycle", "SwiftASN1", "UnixSignals",
                "X509",
            ], isPure: false),
        "micelio": Target(
            mayImport: core + ["HifS3", "MicelioForge", "ArgumentParser", "Logging"] + system,
            isPure: false),
    ]

    /// What a pure target must not say: there it would read a clock, draw randomness or start work
    /// that outlives its caller, and a run could not be repeated from its seed.
    static let bannedWhenPure: [(word: String, instead: String)] = [
        ("Task.sleep", "pause through what is handed in (`World.pause`)"),
        ("Task.detached", "stay in the caller's task, or a task group"),
        ("Task {", "stay in the caller's task, or a task group"),
        ("Task(", "stay in the caller's task, or a task group"),
        ("Date()", "take milliseconds as a parameter (`World.now`)"),
        ("UUID()", "take a generator as a parameter (`World.generator`)"),
        ("ContinuousClock", "take the time as a parameter"),
        ("SuspendingClock", "take the time as a parameter"),
        ("SystemRandomNumberGenerator", "take a generator as a parameter"),
        (".randomElement()", "take a generator as a parameter"),
        (".shuffled()", "take a generator as a parameter"),
        ("DispatchQueue", "use a value, a Mutex or a task group"),
        ("DispatchSemaphore", "use a value, a Mutex or a task group"),
        ("Thread.", "use a task group"),
        ("pthread_create", "use a task group"),
        ("clock_gettime", "take the time as a parameter"),
        ("gettimeofday", "take the time as a parameter"),
        ("@MainActor", "libraries have no main actor"),
        ("print(", "libraries do not print: return a value or tell an observer"),
    ]
}
