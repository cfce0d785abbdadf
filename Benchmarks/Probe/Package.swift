// swift-tools-version: 6.2
import PackageDescription

// What a user's program is to the library: a package outside, which the scripts look at. Not part of the benchmarks.
let package = Package(
    name: "probe",
    platforms: [.macOS(.v26)],
    dependencies: [.package(name: "swift-flight-recorder", path: "../..")],
    targets: [
        .executableTarget(
            name: "probe", dependencies: [.product(name: "FlightRecording", package: "swift-flight-recorder")]),
        .executableTarget(
            name: "resident", dependencies: [.product(name: "TraceCore", package: "swift-flight-recorder")]),
    ])
