import FlightRecording
import Foundation
import RingBuffers
import TraceCore
import TraceFormats
import TraceTestSupport

let tick = Event1<UInt64>("tick", category: "exhaustion", "number")

func emit(_ count: UInt64) { for number in 0..<count { tick.emit(number) } }

extension Shortage {
    /// No file can be opened. Who records in memory does not notice; all else says so, and leaves nothing.
    static let descriptors = Shortage(name: "descriptors") { findings in
        try withDirectory { directory in
            let free = open("/dev/null", O_RDONLY)
            close(free)
            let recorder = FlightRecorder(configuration: .init(maximumBytes: 1 << 20))
            try Limit.with(Limit.descriptors, at: Int(free)) {
                let filed = FlightRecorder(
                    configuration: .init(maximumBytes: 1 << 20, storage: .file("\(directory)/ring")))
                findings.expectError("a recorder in a file", saying: "Too many open files") { try filed.start() }
                try recorder.start()
                emit(1000)
                findings.expectError("a snapshot", saying: "Too many open files") {
                    try recorder.snapshot(to: "\(directory)/a.frec")
                }
                let writer = TraceFileWriter(configuration: .init(directory: directory))
                do {
                    try writer.start()
                    emit(1000)
                    writer.stop()
                    let failure = writer.statistics.lastFailure ?? "none"
                    findings.expect(
                        failure.contains("Too many open files"), "trace files: not a clear error: \(failure)")
                } catch {
                    findings.expect(
                        "\(error)".contains("Too many open files"), "trace files: not a clear error: \(error)")
                }
                // A mirrored mapping takes a descriptor; a padded one does as well, but for speed.
                var ring = try ByteRing(minimumCapacity: 1 << 16)
                _ = try [7, 8, 9].withUnsafeBytes { try ring.producer.push($0) }
                findings.expect(ring.consumer.pop { $0.byteCount } == 24, "a byte ring that lost its record")
                try findings.expectSnapshot(of: recorder, atLeast: 1000)
            }
            try findings.expectNothingLeft(in: directory)
            try recorder.snapshot(to: "\(directory)/a.frec")
            let violations = try MappedFile(path: "\(directory)/a.frec").withBytes { bytes in
                bytes.withUnsafeBytes { FileVerifier.violations(Array($0)) }
            }
            findings.expect(violations.isEmpty, "a snapshot that is not whole: \(violations)")
            findings.figures = "\(free) open, none left: 3 errors, and a recorder in memory that did not notice"
        }
    }

    /// The address space ends so many bytes further on: 1 MiB to 1 GiB. A store of 256 MiB has room or has not.
    static let memory = Shortage(name: "memory") { findings in
        var (refused, started) = (0, 0)
        for shift in 20...30 {
            try Limit.with(Limit.addressSpace, at: Self.addressSpace() + (1 << shift)) {
                let recorder = FlightRecorder(configuration: .init(maximumBytes: 256 << 20))
                do {
                    try recorder.start()
                    started += 1
                } catch {
                    refused += 1
                    let isClear = "\(error)".contains("bytes failed with error \(ENOMEM)")
                    findings.expect(isClear, "with \(1 << shift) bytes left: not a clear error: \(error)")
                }
                recorder.stop()
                let stream = TraceStream()
                do { try stream.start() } catch {
                    findings.expect("\(error)".contains("failed with error"), "a stream: not a clear error: \(error)")
                }
                stream.stop()
            }
        }
        findings.expect(refused > 0 && started > 0, "\(refused) recorders refused, \(started) started")
        let recorder = FlightRecorder(configuration: .init(maximumBytes: 16 << 20))
        try recorder.start()
        emit(2_000_000)
        // What a snapshot takes of its own does not grow with the window.
        try Limit.with(Limit.addressSpace, at: Self.addressSpace() + (4 << 20)) {
            try withDirectory { directory in
                let report = try recorder.snapshot(to: "\(directory)/a.frec")
                findings.expect(report.events > 500_000, "a snapshot of \(report.events) events")
            }
        }
        findings.figures =
            "1 MiB to 1 GiB left for 256 MiB: \(refused) refused, \(started) started; a snapshot of 16 MiB with 4 MiB left"
    }

    /// Bytes that the process has mapped.
    private static func addressSpace() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return (text.split(separator: " ").first.flatMap { Int($0) } ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
