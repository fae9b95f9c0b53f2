// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody who builds Sightline pays for it: the readers of the data plane, compiled once more with
// edge coverage, comparison tracing and the address sanitizer, behind libFuzzer's main. `Sources` is a link to the parent's.
let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // Optimised as what is shipped, with all of its overflow checks.
    .unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"]),
]
let cSettings: [CSetting] = [.unsafeFlags(["-fsanitize=fuzzer-no-link,address", "-O2"])]

func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(name)", swiftSettings: swiftSettings)
}

func face(_ name: String, _ library: String, _ flags: [String] = []) -> Target {
    .target(name: name, path: "Sources/\(name)", cSettings: cSettings + [.unsafeFlags(flags)], linkerSettings: [.linkedLibrary(library)])
}

let package = Package(
    name: "sightline-fuzzing",
    dependencies: [.package(url: "https://github.com/jpsim/Yams", from: "6.2.0")],
    targets: [
        face("CJPEG", "jpeg"), face("CPNG", "png16"), face("CCurl", "curl"), face("CDigest", "crypto"), face("CZlib", "z"),
        face("CPixels", "m"), face("CFont", "freetype", ["-I/usr/include/freetype2"]),
        room("Imaging", ["CFont", "CJPEG", "CPNG", "CPixels"]),
        room("Machine", []),
        room("Weights", ["CCurl", "CDigest", "CZlib", "Machine"]),
        room("Storage", ["CCurl", "CDigest", "Machine"]),
        room("Datasets", ["Imaging", "Storage", "CDigest", "CZlib", "Machine", .product(name: "Yams", package: "Yams")]),
        // Counts memory; not instrumented itself.
        .target(name: "Watch", path: "Watch"),
        .executableTarget(
            name: "sightline-fuzz", dependencies: ["Datasets", "Storage", "Imaging", "Weights", "Watch"], path: "Program",
            exclude: ["Replay"],
            sources: ["Readers", "Harness"], swiftSettings: swiftSettings + [.unsafeFlags(["-parse-as-library"])],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address"])]),
    ],
    swiftLanguageModes: [.v6]
)
