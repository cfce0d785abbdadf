import Foundation
import Testing

@testable import Harness

/// `bench scan --input`, as a user calls it.
@Suite(.serialized, .enabled(if: Program.path != nil, "the bench executable was not built beside the tests"))
struct ScanCommandTests {
    /// A real trace of 124 records.
    private static let trace = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("TraceFormatsTests/Data/tiny.trace").path

    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        let path = directory.path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// Runs in a directory without peers, but for `reader`, a shell script in place of Go's reader.
    private func scan(_ arguments: [String], reader: String? = nil) throws -> Program.Result {
        if let reader {
            let path = try file("go-raw-reader", Array("#!/bin/sh\n\(reader)\n".utf8))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
        return try Program.run(
            ["scan", "--quick"] + arguments, in: directory.path, environment: ["PEERS_DIR": directory.path])
    }

    @Test func anUnusableInputIsScannedOrNotNamed() throws {
        let good = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Self.trace)))
        var corrupted = good
        corrupted[16] = 77
        var damagedEvent = good
        // The type byte of the second batch's first event.
        damagedEvent[87] = 200
        let cases: [(name: String, bytes: [UInt8]?, says: [String])] = [
            ("missing", nil, ["No such file or directory"]),
            ("empty", [], ["at byte 0", "Go's reader: bad file format: not a Go execution trace?"]),
            ("foreign", Array("{\"schema\": 1}, and more of it".utf8), ["at byte 0", "Go's reader: bad file format"]),
            ("older", Array("go 1.21 trace\0\0\0".utf8), ["at byte 5", "Go's reader: no error"]),
            ("newer", Array("go 1.99 trace\0\0\0".utf8), ["at byte 5", "unsupported trace version go 1.99"]),
            (
                "truncated", Array(good.dropLast(100)),
                ["left at byte ", "Go's reader: failed to read full batch: read "]
            ),
            ("endless", Array(good.dropLast()), ["at byte 16", "Go's reader: incomplete generation found"]),
            ("corrupted", corrupted, ["at byte 16", "Go's reader: expected batch event, got event 77"]),
            (
                "damaged", damagedEvent,
                ["at byte 87, generation 1, batch 1", "Go's reader: found invalid event type: 200"]
            ),
            ("nothing", Array("go 1.26 trace\0\0\0".utf8), ["without a record"]),
        ]
        for (name, bytes, says) in cases {
            let path = try bytes.map { try file(name, $0) } ?? directory.path + "/" + name
            for result in try [scan(["--input", path]), Program.run(["list", "--input", path])] {
                #expect(result.status == 2, "\(name)")
                #expect(result.output.isEmpty, "\(name)")
                #expect(result.error.hasPrefix("error: \(path): "), "\(result.error)")
                for text in says { #expect(result.error.contains(text), "\(name): \(result.error)") }
            }
        }
        for path in [directory.path, "/dev/null"] {
            let result = try scan(["--input", path])
            #expect(result.status == 2)
            #expect(result.error.hasPrefix("error: \(path): is "), "\(result.error)")
        }
    }

    @Test func countsAreNotPrintedOrNotWritten() throws {
        let path = directory.path + "/result.json"
        let result = try scan(["--input", Self.trace, "--json", path])
        #expect(result.status == 0, "\(result.error)")
        let lines = result.output.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        for line in [
            "kind records share", "String 59 47.58 %", "EventBatch 6 4.84 %", "EndOfGeneration 1 0.81 %",
            "all records 124", "all batches 6", "all generations 1",
        ] {
            #expect(lines.contains(line), "\(line) in \(result.output)")
        }
        #expect(result.output.contains("scripts/peers --build"))

        let report = try Report(path: path)
        let row = try #require(report.rows.first { $0.case == "go.records" })
        #expect(row.counts?.values.reduce(0, +) == 124)
        #expect(row.parameters == ["input": "tiny.trace", "size": 2328])
        #expect(report.rows.count { $0.counts != nil } == 1)
        #expect(report.command.contains("--input tiny.trace "))
        #expect(report.rows.allSatisfy { $0.spread.median > 0 })
        #expect(try Program.run(["show", path]).output.contains("all generations"))
    }

    @Test func aMadeUpTraceClutters() throws {
        #expect(try scan(["--filter", "go.batches"]).output.contains("Counts") == false)
        #expect(try scan(["--filter", "go.records"]).output.contains("all generations"))
    }

    @Test func goReaderIsNotHeldAgainstOurs() throws {
        let path = directory.path + "/result.json"
        let agreeing = try scan(
            ["--input", Self.trace, "--json", path],
            reader: #"echo '{"reader":"raw","records":124,"seconds":0.000124}'"#)
        #expect(agreeing.status == 0, "\(agreeing.error)")
        let row = try #require(try Report(path: path).rows.first { $0.strategy == "go-raw-reader" })
        #expect(row.case == "go.records" && row.origin == .peer && row.unit == .itemsPerSecond)
        #expect(row.spread.median == 1_000_000)
        #expect(!agreeing.output.contains("scripts/peers"))
    }

    @Test func goReaderDisagreesUnnoticed() throws {
        let filter = ["--input", Self.trace, "--filter", "go.records"]
        let disagreeing = try scan(filter, reader: #"echo '{"reader":"raw","records":123,"seconds":0.001}'"#)
        #expect(disagreeing.status == 1)
        #expect(disagreeing.output.contains("123 records where this package counts 124"))
        #expect(disagreeing.output.contains("--input '\(Self.trace)'"))
        let failing = try scan(filter, reader: "echo no such thing >&2; exit 3")
        #expect(failing.status == 1)
        #expect(failing.output.contains("Go's raw reader: no such thing"))
        #expect(failing.output.contains("all records"))
    }
}
