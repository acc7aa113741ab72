// swift-tools-version: 6.2
// Targets stand in reading order. A target earns its place by weight (it alone needs a heavy
// dependency), sharing (two executables need it) or purity (the compiler must stop it from doing
// something); everything else is a folder. ARCHITECTURE.md has the map.
import PackageDescription

/// `HIF_CORE_ONLY=1` declares only the targets that need no package at all, so that their tests
/// build in seconds. Give it a scratch path of its own: `make test-light`.
let coreOnly = Context.environment["HIF_CORE_ONLY"] == "1"

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]
let memorySafe = strict + [.strictMemorySafety()]

var targets: [Target] = [
    // BLAKE3 compression with the widest lanes the processor has. Weight: Swift cannot choose an
    // instruction set per function.
    .target(name: "CBlake3"),
    // Zstandard, from the system.
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    // What a repository is: values, algorithms, byte formats. Purity: no I/O, no clock.
    .target(name: "HifCore", dependencies: ["CBlake3"], swiftSettings: memorySafe),
    // Where bytes live: the object store and its wrappers. Purity: no network, no Foundation.
    .target(name: "HifStore", dependencies: ["HifCore"], swiftSettings: strict),
    // What a repository does: packs, sessions, the log, landing. Purity: it can be simulated.
    .target(
        name: "HifRepository", dependencies: ["HifCore", "HifStore", "CZstd"],
        swiftSettings: strict),
    // The client without a network: working copy, status, git in and out. Sharing.
    .target(
        name: "HifWorkspace", dependencies: ["HifCore", "HifStore", "HifRepository"],
        swiftSettings: strict),

    // Seeded generators, the store contract and other helpers that several test targets share.
    .target(
        name: "Support", dependencies: ["HifCore", "HifStore"], path: "Tests/Support",
        swiftSettings: strict),
    .testTarget(
        name: "HifCoreTests", dependencies: ["HifCore", "Support"], swiftSettings: strict),
    .testTarget(
        name: "HifStoreTests", dependencies: ["HifStore", "Support"], swiftSettings: strict),
    .testTarget(
        name: "HifRepositoryTests", dependencies: ["HifRepository", "Support"],
        swiftSettings: strict),
    .testTarget(
        name: "HifWorkspaceTests", dependencies: ["HifWorkspace", "Support"],
        swiftSettings: strict),
    .testTarget(name: "TidyTests", swiftSettings: strict),
]

let package = Package(
    name: "micelio",
    platforms: [.macOS(.v26)],
    products: [],
    dependencies: [],
    targets: targets,
    swiftLanguageModes: [.v6]
)
