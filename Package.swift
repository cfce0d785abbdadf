// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

// `bench` and `flightrec` are not declared as products on purpose: SwiftPM still builds them for `swift run` in this package,
// and a package that depends on a library product resolves none of their dependencies.
let package = Package(
    name: "swift-flight-recorder",
    platforms: [.macOS(.v26)],
    products: [
        .library(name: "RingBuffers", targets: ["RingBuffers"]),
        .library(name: "TraceCore", targets: ["TraceCore"]),
        .library(name: "FlightRecording", targets: ["FlightRecording"]),
        .library(name: "TraceFormats", targets: ["TraceFormats"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        .target(name: "CPlatform"),
        .target(name: "MemoryAccess", dependencies: ["CPlatform"], swiftSettings: settings),
        .target(name: "RingBuffers", dependencies: ["CPlatform", "MemoryAccess"], swiftSettings: settings),
        .target(name: "TraceCore", dependencies: ["CPlatform", "MemoryAccess"], swiftSettings: settings),
        .target(
            name: "FlightRecording", dependencies: ["CPlatform", "MemoryAccess", "TraceCore"], swiftSettings: settings),
        .target(name: "TraceFormats", dependencies: ["TraceCore"], swiftSettings: settings),

        .target(name: "ConsoleSupport", swiftSettings: settings),
        .executableTarget(
            name: "flightrec",
            dependencies: [
                "ConsoleSupport", "FlightRecording", "TraceCore", "TraceFormats",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),

        .target(
            name: "Harness",
            dependencies: ["CPlatform", .product(name: "Histogram", package: "hdrhistogram-swift")],
            path: "Benchmarks/Harness", swiftSettings: settings),
        .target(
            name: "RingStrategies",
            dependencies: [
                "CPlatform", "MemoryAccess", "RingBuffers", .product(name: "DequeModule", package: "swift-collections"),
            ],
            path: "Benchmarks/RingStrategies", swiftSettings: settings),
        .target(
            name: "Suites",
            dependencies: ["CPlatform", "Harness", "RingStrategies", "RingBuffers", "TraceCore", "TraceFormats"],
            path: "Benchmarks/Suites", exclude: ["Emit", "Fanout", "Snapshot"], swiftSettings: settings),
        .target(
            name: "BenchLoad",
            dependencies: [
                "CPlatform", "FlightRecording", "Harness", "TraceCore",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            path: "Benchmarks/Load", swiftSettings: settings),
        .target(name: "CFloor", dependencies: ["CPlatform"], path: "Benchmarks/CFloor"),
        .target(
            name: "EmitSuite",
            dependencies: [
                "BenchLoad", "CFloor", "CPlatform", "Harness", "MemoryAccess", "TraceCore", "TraceFormats",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            path: "Benchmarks/Suites/Emit", swiftSettings: settings),
        .target(
            name: "SnapshotSuite",
            dependencies: [
                "BenchLoad", "CPlatform", "FlightRecording", "Harness", "TraceCore",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            path: "Benchmarks/Suites/Snapshot", swiftSettings: settings),
        .target(
            name: "FanoutSuite",
            dependencies: [
                "BenchLoad", "CPlatform", "FlightRecording", "Harness", "RingBuffers", "TraceCore",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            path: "Benchmarks/Suites/Fanout", swiftSettings: settings),
        .executableTarget(
            name: "bench",
            dependencies: [
                "ConsoleSupport", "Suites", "EmitSuite", "FanoutSuite", "SnapshotSuite", "Harness",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks/bench", swiftSettings: settings),

        .target(name: "SeededNumbers", path: "Tests/SeededNumbers", swiftSettings: settings),
        .target(name: "Fibers", path: "Tests/Checker/Fibers"),
        .target(
            name: "Checker", dependencies: ["Fibers", "MemoryAccess", "SeededNumbers"], path: "Tests/Checker/Engine",
            swiftSettings: settings),
        .target(
            name: "CheckedPrograms",
            dependencies: ["CPlatform", "Checker", "FlightRecording", "MemoryAccess", "RingBuffers", "TraceCore"],
            path: "Tests/Checker/Programs", swiftSettings: settings),
        .executableTarget(
            name: "model-checker",
            dependencies: [
                "CheckedPrograms", "Checker", "ConsoleSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/Checker/Command", swiftSettings: settings),
        .testTarget(
            name: "CheckerTests", dependencies: ["CheckedPrograms", "Checker", "MemoryAccess", "SeededNumbers"],
            swiftSettings: settings),

        .target(name: "FuzzSupport", path: "Tests/Fuzzing/Support"),
        .target(
            name: "FuzzTargets", dependencies: ["FuzzSupport", "TraceCore", "TraceFormats", "TraceTestSupport"],
            path: "Tests/Fuzzing/Targets", swiftSettings: settings),
        .executableTarget(
            name: "fuzz", dependencies: ["FuzzSupport", "FuzzTargets", "SeededNumbers", "TraceTestSupport"],
            path: "Tests/Fuzzing/Command",
            swiftSettings: settings),
        .testTarget(name: "FuzzingTests", dependencies: ["FuzzTargets", "TraceTestSupport"], swiftSettings: settings),

        .testTarget(name: "RingBuffersTests", dependencies: ["MemoryAccess", "RingBuffers"], swiftSettings: settings),
        .target(name: "ProcessSupport", path: "Tests/ProcessSupport"),
        .executableTarget(
            name: "crash-harness",
            dependencies: [
                "CPlatform", "ConsoleSupport", "FlightRecording", "MemoryAccess", "ProcessSupport", "TraceCore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/CrashHarness", swiftSettings: settings),
        .executableTarget(
            name: "soak",
            dependencies: [
                "ConsoleSupport", "FlightRecording", "TraceCore", "TraceFormats", "TraceTestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/Soak", swiftSettings: settings),
        .executableTarget(
            name: "exhaustion",
            dependencies: [
                "ConsoleSupport", "FlightRecording", "RingBuffers", "TraceCore", "TraceFormats", "TraceTestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/Exhaustion", swiftSettings: settings),
        .target(name: "FaultySystem", path: "Tests/Faults/System"),
        .executableTarget(
            name: "fault-harness",
            dependencies: [
                "ConsoleSupport", "FaultySystem", "FlightRecording", "RingBuffers", "TraceCore", "TraceFormats",
                "TraceTestSupport", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/Faults/Command", swiftSettings: settings),
        .target(
            name: "TraceTestSupport",
            dependencies: ["MemoryAccess", "ProcessSupport", "SeededNumbers", "TraceCore", "TraceFormats"],
            path: "Tests/TraceTestSupport",
            swiftSettings: settings),
        .testTarget(
            name: "TraceCoreTests",
            dependencies: [
                "CPlatform", "FuzzTargets", "MemoryAccess", "ProcessSupport", "TraceCore", "TraceTestSupport",
            ],
            resources: [.copy("Data")], swiftSettings: settings),
        .testTarget(
            name: "FlightRecordingTests",
            dependencies: [
                "CPlatform", "FlightRecording", "MemoryAccess", "ProcessSupport", "TraceCore", "TraceTestSupport",
            ],
            swiftSettings: settings),
        .testTarget(name: "RingStrategiesTests", dependencies: ["RingStrategies"], swiftSettings: settings),
        .testTarget(
            name: "HarnessTests", dependencies: ["Harness", "RingBuffers", "TraceTestSupport", "bench"],
            swiftSettings: settings),
        .testTarget(
            name: "FlightrecTests",
            dependencies: [
                "TraceCore", "TraceFormats", "TraceTestSupport", "crash-harness", "exhaustion", "fault-harness",
                "flightrec",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "TraceFormatsTests", dependencies: ["FuzzTargets", "TraceCore", "TraceFormats", "TraceTestSupport"],
            resources: [.copy("Data")],
            swiftSettings: settings),
    ]
)
