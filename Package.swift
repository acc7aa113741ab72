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
    // A seeded world that tries to break the above. Purity: a run repeats from its seed.
    .target(
        name: "HifSimulator", dependencies: ["HifCore", "HifStore", "HifRepository"],
        swiftSettings: strict),
    // Runs it: `make simulate`. Executable.
    .executableTarget(
        name: "hif-sim", dependencies: ["HifSimulator"], swiftSettings: strict),
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
        name: "HifSimulatorTests", dependencies: ["HifSimulator"], exclude: ["Corpus"],
        swiftSettings: strict),
    .testTarget(
        name: "HifWorkspaceTests", dependencies: ["HifWorkspace", "Support"],
        swiftSettings: strict),
    .testTarget(name: "TidyTests", swiftSettings: strict),

    // hif beside git on generated repositories: `make bench`. Executable.
    .executableTarget(
        name: "hif-bench",
        dependencies: ["HifCore", "HifStore", "HifRepository", "HifWorkspace"],
        path: "Benchmarks/hif-bench", swiftSettings: strict),
]

/// The packages of the heavy part, each for the reason docs/design/0005-libraries.md gives. Exact
/// versions: what CI proved is what a host builds.
var dependencies: [Package.Dependency] = []

if !coreOnly {
    let github = "https://github.com/"
    dependencies += [
        .package(url: github + "apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: github + "apple/swift-asn1", exact: "1.7.4"),
        .package(url: github + "apple/swift-certificates", exact: "1.21.1"),
        .package(url: github + "apple/swift-crypto", exact: "4.5.2"),
        .package(url: github + "apple/swift-http-types", exact: "1.8.0"),
        .package(url: github + "apple/swift-log", exact: "1.16.2"),
        .package(url: github + "apple/swift-nio", exact: "2.101.2"),
        .package(url: github + "apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: github + "apple/swift-protobuf", exact: "1.39.0"),
        .package(url: github + "groue/GRDB.swift", exact: "7.10.0"),
        .package(url: github + "grpc/grpc-swift-2", exact: "2.4.3"),
        .package(url: github + "grpc/grpc-swift-nio-transport", exact: "2.9.2"),
        .package(url: github + "grpc/grpc-swift-protobuf", exact: "2.4.1"),
        .package(url: github + "hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: github + "swift-server/async-http-client", exact: "1.37.0"),
        .package(url: github + "swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ]

    /// Generated code follows the generator's style, so its warnings are not ours to fix.
    let generated = strict.dropLast() + [.enableUpcomingFeature("MemberImportVisibility")]
    let grpcTransport = Target.Dependency.product(
        name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport")

    /// A program that ends after some milliseconds should not spend most of them on being loaded:
    /// at a fixed address there are no 150,000 pointers to adjust, and without a table of exported
    /// symbols none to search. Stack, heap and libraries stay where the system puts them.
    let quickStart: [LinkerSetting] = [
        .unsafeFlags(
            [
                "-use-ld=lld", "-Xclang-linker", "-no-pie", "-Xlinker", "--no-export-dynamic",
            ], .when(platforms: [.linux], configuration: .release))
    ]

    targets += [
        // Argon2id for passwords, from the system.
        .systemLibrary(
            name: "CArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
        // SMTP for mail, from the system.
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        // Markdown, from the system.
        .systemLibrary(name: "CMd4c", pkgConfig: "md4c", providers: [.apt(["libmd4c-dev"])]),
        // Pictures of accounts, from the system: PNG both ways, JPEG and WebP.
        .systemLibrary(name: "CPng", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(
            name: "CTurboJPEG", pkgConfig: "libturbojpeg",
            providers: [.apt(["libturbojpeg0-dev"])]),
        .systemLibrary(name: "CWebP", pkgConfig: "libwebp", providers: [.apt(["libwebp-dev"])]),
        // A call of Linux that Swift does not import.
        .systemLibrary(name: "CSched"),
        // The wire: generated messages and their conversions. Sharing: client and forge.
        .target(
            name: "HifAPI",
            dependencies: [
                "HifCore", "HifRepository",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .product(name: "GRPCCore", package: "grpc-swift-2"),
                .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
            ],
            swiftSettings: Array(generated)),
        // A project on a forge, as the client uses it. Weight: gRPC and TLS.
        .target(
            name: "HifRemote",
            dependencies: [
                "HifAPI", "HifCore", "HifRepository", "HifStore", "HifWorkspace", grpcTransport,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRPCCore", package: "grpc-swift-2"),
                .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: strict),
        // Objects in a bucket that speaks S3, and the probe that a bucket has to pass. Weight: HTTP.
        .target(
            name: "HifS3",
            dependencies: [
                "HifStore",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict),
        // The forge: accounts, permissions, pages, RPC. Sharing: the server and its tests.
        .target(
            name: "MicelioForge",
            dependencies: [
                "CArgon2", "CCurl", "CMd4c", "CPng", "CSched", "CTurboJPEG", "CWebP", "HifAPI",
                "HifCore", "HifStore", "HifRepository", grpcTransport,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRPCCore", package: "grpc-swift-2"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: strict),
        // The command line. Executable.
        .executableTarget(
            name: "hif",
            dependencies: [
                "HifCore", "HifStore", "HifRepository", "HifS3", "HifWorkspace", "HifRemote",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict, linkerSettings: quickStart),
        // The server process and its admin commands. Executable.
        .executableTarget(
            name: "micelio",
            dependencies: [
                "HifCore", "HifRepository", "HifS3", "HifStore", "MicelioForge",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        // Many clients that land over gRPC, for Scripts/bench-nodes. Executable.
        .executableTarget(
            name: "hif-load", dependencies: ["HifCore", "HifRemote", "HifRepository"],
            path: "Benchmarks/hif-load", swiftSettings: strict),
        // Runs the real binary, as a person would.
        .testTarget(
            name: "EndToEndTests", dependencies: ["hif", "Support"], exclude: ["Golden"],
            swiftSettings: strict),
        .testTarget(
            name: "HifAPITests",
            dependencies: [
                "HifAPI", "HifCore", "Support",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "HifS3Tests",
            dependencies: [
                "HifS3", "HifStore", "Support",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "HifRemoteTests",
            dependencies: [
                "HifRemote", "MicelioForge", "HifCore", "HifRepository", "HifStore", "HifWorkspace",
                "Support",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "MicelioForgeTests",
            dependencies: [
                "MicelioForge", "micelio", "CPng", "CTurboJPEG", "CWebP", "HifAPI", "HifCore",
                "HifRemote", "HifRepository", "HifStore", "HifWorkspace", "Support", grpcTransport,
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRPCCore", package: "grpc-swift-2"),
                .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: strict),
    ]
}

let package = Package(
    name: "micelio",
    platforms: [.macOS(.v26)],
    products: [],
    dependencies: dependencies,
    targets: targets,
    swiftLanguageModes: [.v6]
)
