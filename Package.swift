// swift-tools-version: 6.2
import PackageDescription

// libtorch lies behind a repository-local link that `make setup` creates (Scripts/setup-libtorch.sh), so that
// `swift build` and `swift test` need no exports. pkg-config would drop the rpath silently.
let libtorch = Context.packageDirectory + "/.deps/libtorch"

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let libtorchLinkerSettings: [LinkerSetting] = [
    .unsafeFlags(["-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib"]),
    // Only the CPU half is linked: libtorch_cuda is opened at run time where it exists, so one binary serves both.
    .linkedLibrary("torch_cpu"),
    .linkedLibrary("c10"),
]

func room(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> [Target] {
    [
        .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: swiftSettings),
        .testTarget(
            name: "\(name)Tests", dependencies: [.target(name: name)] + dependencies, swiftSettings: swiftSettings),
    ]
}

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let http: [Target.Dependency] = [
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "HummingbirdCore", package: "hummingbird"),
    .product(name: "HummingbirdTLS", package: "hummingbird"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
    .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
    .product(name: "UnixSignals", package: "swift-service-lifecycle"),
]

let package = Package(
    name: "sightline",
    products: [
        .executable(name: "sightline", targets: ["sightline"]),
        .library(name: "Sightline", targets: ["Torch", "Imaging", "Weights", "Storage", "Datasets", "Networks", "Tasks", "Training"]),
    ],
    dependencies: [
        // The command line: parsing, help, completions.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        // Counters and timers of the training loop, for whichever back end listens.
        .package(url: "https://github.com/apple/swift-metrics", from: "2.7.0"),
        // The server: HTTP/1.1 over non-blocking sockets, routes, graceful shutdown. Its own building blocks follow, each named because Serving speaks of their types.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.20.0"),
        // Buffers, channels and their options.
        .package(url: "https://github.com/apple/swift-nio", from: "2.80.0"),
        // Requests and responses as they pass through a channel.
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.0"),
        // HTTPS where it is asked for.
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.30.0"),
        // Methods, statuses and header fields.
        .package(url: "https://github.com/apple/swift-http-types", from: "1.4.0"),
        // SIGTERM and SIGINT: stop accepting, answer what was accepted, leave.
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.8.0"),
        // Access logs.
        .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
        // The description of a YOLO data set is YAML.
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        // `make docs`.
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.0"),
    ],
    targets: [
        // C faces of libraries: a header that a Swift programmer can read, the library's own conventions behind it.
        .target(
            name: "CTorch", exclude: ["GlooHeaders/README.md"],
            cxxSettings: [
                // What c10d's header names of Gloo, whose own headers no wheel holds.
                .headerSearchPath("GlooHeaders"),
                .unsafeFlags([
                    "-isystem", "\(libtorch)/include", "-isystem", "\(libtorch)/include/torch/csrc/api/include", "-O3",
                ]),
            ],
            linkerSettings: libtorchLinkerSettings),
        .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
        .target(name: "CPNG", linkerSettings: [.linkedLibrary("png16")]),
        .target(
            name: "CFont", cSettings: [.unsafeFlags(["-I/usr/include/freetype2"])], linkerSettings: [.linkedLibrary("freetype")]),
        .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
        // SHA-256 of downloaded weights, of S3's signatures and of pictures' contents: libcurl brings libcrypto anyway, and a crypto package would take minutes to compile.
        .target(name: "CDigest", linkerSettings: [.linkedLibrary("crypto")]),
        .target(name: "CZlib", linkerSettings: [.linkedLibrary("z")]),
        // What a child process does between fork and exec.
        .target(name: "CLaunch"),
        // Inner loops over pixels, in C for its vector instructions.
        .target(name: "CPixels", cSettings: [.unsafeFlags(["-O3"])]),
    ]
        // What the machine gives this process.
        + room("Machine", [])
        + room("Torch", ["CTorch"])
        + room("Imaging", ["CJPEG", "CPNG", "CFont", "CPixels"])
        + room("Weights", ["CCurl", "CDigest", "CZlib", "Machine"])
        + room("Storage", ["CCurl", "CDigest", "Machine"])
        // Which process of a distributed job this is, and starting such processes: no tensors, so that a launcher needs none.
        + room("Launch", ["Storage", "CLaunch", "Machine"])
        + room("Datasets", ["Imaging", "Storage", "CDigest", "CZlib", "Machine", yams])
        + room("Networks", ["Torch", "Weights"])
        // What other programs read: ONNX models, SageMaker's records, TensorBoard's events.
        + room("Protobuf", [])
        + room("Export", ["Networks", "Weights", "Protobuf"])
        + room("Tasks", ["Networks", "Torch", "Datasets", "Imaging", "Weights"])
        + room("Training", ["Launch", "Machine", "Tasks", "Networks", "Torch", "Datasets", "Storage", "Imaging", "Weights", metrics])
        + room("Reporting", ["Protobuf", "Training", "Tasks", "Datasets", "Weights", "Imaging", "Machine"])
        + room("Container", ["Launch", "Machine", "Training", "Tasks", "Networks", "Torch", "Datasets", "Storage", "Imaging", "Weights"])
        + room(
            "Serving",
            ["Protobuf", "Reporting", "Tasks", "Networks", "Torch", "Datasets", "Storage", "Imaging", "Weights", "Machine", logging] + http,
            resources: [.embedInCode("Pages/page.html"), .embedInCode("Pages/openapi.json")])
        + [
            .executableTarget(
                name: "sightline",
                dependencies: [
                    "Container", "Serving", "Reporting", "Export", "Training", "Tasks", "Networks", "Datasets", "Launch", "Storage",
                    "Weights", "Imaging", "Torch", "Machine",
                    argumentParser, logging,
                ],
                swiftSettings: swiftSettings),
            .executableTarget(
                name: "sightline-benchmark",
                dependencies: ["Launch", "Tasks", "Networks", "Datasets", "Weights", "Torch", argumentParser],
                path: "Benchmarks/program", swiftSettings: swiftSettings),
            .executableTarget(
                name: "sightline-conformance", dependencies: ["Networks", "Weights", "Torch", argumentParser],
                path: "Conformance/program", swiftSettings: swiftSettings),
            .executableTarget(
                name: "sightline-recordio", dependencies: ["Datasets", "Storage"], path: "Conformance/recordio",
                swiftSettings: swiftSettings),
            .executableTarget(
                name: "sightline-scenes", dependencies: ["Datasets", "Imaging", "Storage", argumentParser], path: "Examples/scenes",
                swiftSettings: swiftSettings),
            // What fuzzing has found and kept, through the readers as they are. The fuzzer is a package of its own: Fuzzing/README.md.
            .testTarget(
                name: "FuzzReplayTests", dependencies: ["Datasets", "Storage", "Imaging", "Weights"], path: "Fuzzing/Program",
                exclude: ["Harness"], swiftSettings: swiftSettings),
            .testTarget(
                name: "AcceptanceTests", dependencies: ["sightline", "Networks", "Weights", "Imaging"], path: "Tests/Acceptance",
                swiftSettings: swiftSettings),
        ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx20
)
