import Foundation
import Testing

@testable import Harness

/// The built program, as a user or a script calls it. BENCH_ALLOW_DEBUG keeps a debug build from building a release.
@Suite(.serialized, .enabled(if: Program.path != nil, "the bench executable was not built beside the tests"))
struct CommandLineTests {
    @Test func aUsageErrorEndsLikeAFailedVerification() throws {
        for arguments in [
            ["--nonsense"], ["--quick", "--full"], ["--seed", "x"], ["nosuchsuite"], ["compare", "one.json"],
            ["report", "x.json"], ["show"], ["--filter", "("], ["--input", "/nowhere/file"],
            ["--json", "/nowhere/x.json"], ["list", "--nonsense"],
        ] {
            let result = try Program.run(arguments)
            #expect(result.status == 2, "\(arguments): \(result.error)")
            #expect(result.error.contains("rror: "), "\(arguments)")
            #expect(result.output.isEmpty, "\(arguments)")
        }
    }

    @Test func helpTeachesNothingOrFails() throws {
        for arguments in [["--help"], ["-h"], ["help"], ["help", "compare"], ["report", "--help"], ["list", "-h"]] {
            let result = try Program.run(arguments)
            #expect(result.status == 0, "\(arguments): \(result.error)")
            #expect(result.output.contains("USAGE: bench"), "\(arguments)")
        }
        let help = try Program.run(["--help"]).output
        for word in ["--quick", "--filter", "bench compare", "Exit status", "verified", "regime"] {
            #expect(help.contains(word), "\(word)")
        }
    }

    @Test func anUnknownSuiteDoesNotNameTheKnown() throws {
        #expect(try Program.run(["ring"]).error.contains("floor"))
    }

    @Test func aFilterThatMatchesNothingRunsNothingQuietly() throws {
        let result = try Program.run(["--filter", "floor/clokc-read"])
        #expect(result.status == 2)
        #expect(result.error.contains("floor/clock-read/"))
    }

    @Test func aFloorRunDoesNotGiveTheContractsResult() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/result.json"
        let result = try Program.run(["floor", "--quick", "--filter", "floor", "--json", path, "--seed", "3"])
        #expect(result.status == 0, "\(result.error)")
        #expect(result.output.contains("verified 7 of 7"))
        #expect(result.output.contains(path))
        #expect(!result.output.contains("\u{1B}"), "colours in a pipe")
        let report = try Report(path: path)
        #expect(report.command.hasPrefix("bench floor --quick"))
        #expect(report.floor.clockReadNs ?? 0 > 0)
        #expect(Set(report.rows.map(\.case)) == Set(FloorCase.allCases.map(\.rawValue)))
        #expect(report.configuration == Build.configuration)

        let comparison = try Program.run(["compare", path, path])
        #expect(comparison.status == 0)
        #expect(comparison.output.contains("0 faster, 0 slower"))
        #expect(try Program.run(["show", path]).output.contains("clock-read"))

        let readme = directory.path + "/README.md"
        try Data("a\n<!-- results:begin -->\nold\n<!-- results:end -->\nz\n".utf8)
            .write(to: URL(fileURLWithPath: readme))
        let markdown = try Program.run(["report", path, "-o", directory.path + "/out", "--readme", readme])
        #expect(markdown.status == 0, "\(markdown.error)")
        let text = try String(contentsOfFile: directory.path + "/out/results.md", encoding: .utf8)
        #expect(text.contains("clock-read"))
        let updated = try String(contentsOfFile: readme, encoding: .utf8)
        #expect(updated.hasPrefix("a\n<!-- results:begin -->\n") && updated.hasSuffix("<!-- results:end -->\nz\n"))
        #expect(!updated.contains("old"))
    }

    @Test(.enabled(if: Build.configuration == "debug", "the suite that fails is part of debug builds only"))
    func aFailedVerificationGetsANumberOrPasses() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/result.json"
        let result = try Program.run(["selftest", "--seed", "9", "--json", path])
        #expect(result.status == 1)
        #expect(result.output.contains("selftest/known/wrong/capacity=8: item 7 came twice at item 8 (seed 9)"))
        #expect(result.output.contains("verified 9 of 10"))
        #expect(result.output.contains("quick, 3.00× ahead of slow"))
        #expect(result.output.contains("floor  clock-read"))
        let report = try Report(path: path)
        #expect(report.rows.filter { $0.suite == "selftest" }.map(\.strategy) == ["quick", "slow"])
        #expect(report.configuration == "debug")

        let passing = try Program.run(["selftest", "--filter", "known/(quick|slow)", "--json", path])
        #expect(passing.status == 0)
        let markdown = try Program.run(["report", path, "-o", directory.path])
        #expect(markdown.status == 0)
        let summary = try String(contentsOfFile: directory.path + "/summary.md", encoding: .utf8)
        #expect(summary.contains("| quick | **2** ns/op, slow 6: 3.00× ahead |"), "\(summary)")
    }

    @Test func aForeignFileIsComparedOrReported() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/foreign.json"
        try Data("{\"benchmarks\": []}".utf8).write(to: URL(fileURLWithPath: path))
        for arguments in [["compare", path, path], ["report", path, "-o", directory.path], ["show", path]] {
            let result = try Program.run(arguments)
            #expect(result.status == 2)
            #expect(result.error.contains("not a result of this benchmark"))
        }
    }

    @Test func theDefaultResultOverwritesAnother() throws {
        let directory = try TemporaryDirectory()
        try Data("let package = Package(name: \"swift-flight-recorder\")".utf8)
            .write(to: URL(fileURLWithPath: directory.path + "/Package.swift"))
        for _ in 0..<2 {
            let result = try Program.run(["floor", "--quick", "--filter", "floor"], in: directory.path)
            #expect(result.status == 0, "\(result.error)")
        }
        let results = try FileManager.default.contentsOfDirectory(atPath: directory.path + "/results/local")
        #expect(results.count == 2)
    }
}

/// The `bench` that was built with the tests.
enum Program {
    static let path: String? = {
        #if os(Linux)
            let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        #else
            let tests = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundlePath ?? ""
        #endif
        let path = URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("bench").path
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    struct Result {
        var status: Int32
        var output: String
        var error: String
    }

    static func run(
        _ arguments: [String], in directory: String = NSTemporaryDirectory(), environment added: [String: String] = [:]
    ) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(path))
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        var environment = ProcessInfo.processInfo.environment.merging(added) { $1 }
        environment["BENCH_ALLOW_DEBUG"] = "1"
        process.environment = environment
        let (output, error) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = error
        try process.run()
        // Neither stream fills its pipe here: the longest is the help text.
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        let errors = try error.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
            error: String(decoding: errors, as: UTF8.self))
    }
}
