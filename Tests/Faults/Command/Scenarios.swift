import FlightRecording
import Foundation
import RingBuffers
import TraceCore
import TraceFormats
import TraceTestSupport

extension Scenario {
    static let all: [Scenario] = [
        snapshot, snapshotToDescriptor, traceFiles, ringFile, leftover, recovery, export, directoryExport, reading,
        byteRing,
    ]

    private static let event = Event1<UInt64>("tick", category: "faults", "number")

    /// One for all: a recorder lives on whatever became of its snapshots.
    private static let recorder: FlightRecorder = {
        let recorder = FlightRecorder(configuration: .init(minimumAge: .seconds(1), maximumBytes: 1 << 17))
        do { try recorder.start() } catch { fatalError("\(error)") }
        return recorder
    }()

    private static func emit() { for number in 0..<100 as Range<UInt64> { event.emit(number) } }

    /// The recorder still does its work.
    private static func lives() throws -> String? {
        emit()
        var sink = MemorySink()
        let report = try recorder.snapshot(to: &sink)
        if report.events < 100 { return "the recorder has only \(report.events) events" }
        return problem(sink.bytes)
    }

    private static func problem(_ file: [UInt8]) -> String? {
        FileVerifier.violations(file).first.map { "byte \($0.offset): \($0.what)" }
    }

    private static func contents(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    private static func names(_ directory: String) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: directory))
    }

    /// An error says which call, and what the system said.
    private static func isClear(_ error: any Error) -> Bool {
        switch error {
        case let error as FileError:
            if case .failed(_, let code) = error.reason { return code != 0 }
            return true
        case let error as FlightRecorderError: return "\(error)".contains(":") || "\(error)".contains("failed")
        case is ArenaError, is ByteRingError: return true
        default: return false
        }
    }

    private static let old = Array("what was there before".utf8)

    /// The old file or a new whole one, and nothing beside it.
    private static func replaced(_ directory: String, _ name: String, _ error: (any Error)?) throws -> String? {
        let found = try contents("\(directory)/\(name)")
        if found != old, let problem = problem(found) { return problem }
        if error == nil, found == old { return "it succeeded, and the old file is there" }
        if let error, !isClear(error) { return "not a clear error: \(error)" }
        let others = try names(directory).subtracting([name])
        return others.isEmpty ? nil : "left behind: \(others.sorted())"
    }

    private static func writeOld(_ directory: String) throws {
        try Data(old).write(to: URL(fileURLWithPath: "\(directory)/a.frec"))
    }

    static let snapshot = Scenario(
        name: "snapshot", prepare: writeOld,
        attempt: { try recorder.snapshot(to: "\($0)/a.frec", reason: "fault") },
        check: { try replaced($0, "a.frec", $1) ?? lives() })

    static let snapshotToDescriptor = Scenario(
        name: "snapshot to a descriptor",
        attempt: { try intoPlace("\($0)/a.frec") },
        check: { directory, error in
            let found = try contents("\(directory)/a.frec")
            guard let error else { return try problem(found) ?? lives() }
            if !isClear(error) { return "not a clear error: \(error)" }
            // A file that ends early is read up to its end.
            if let index = try? TraceIndex(found.span.bytes), index.problem?.reason != .incomplete {
                return "cut short, and \(index.problem as Any)"
            }
            return try lives()
        })

    /// The file is the host's: it is opened through a function that no fault stands before.
    private static func intoPlace(_ path: String) throws {
        guard let file = fopen(path, "w") else { throw Told(description: "\(path) cannot be opened") }
        defer { fclose(file) }
        try recorder.snapshot(toDescriptor: fileno(file))
    }

    static let traceFiles = Scenario(
        name: "continuous trace files",
        attempt: { directory in
            var configuration = TraceFileWriter.Configuration(directory: directory)
            configuration.synchronized = true
            let writer = TraceFileWriter(configuration: configuration)
            try writer.start()
            emit()
            writer.stop()
            if let failure = writer.statistics.lastFailure { throw Told(description: failure) }
        },
        check: { directory, error in
            for name in try names(directory) {
                if !name.hasSuffix(".frec") { return "left behind: \(name)" }
                if let problem = problem(try contents("\(directory)/\(name)")) { return problem }
            }
            if error == nil, try names(directory).count != 1 { return "it succeeded, and there is no file" }
            return try lives()
        })

    /// What a writer keeps for whoever asks.
    private struct Told: Error, CustomStringConvertible { let description: String }

    static let ringFile = Scenario(
        name: "ring file", writes: false,
        attempt: { directory in
            let arena = try Arena(geometry, newFile: "\(directory)/ring", logByteCount: 4096)
            let writer = try arena.makeWriter(as: DenseEncoding.self)
            for word in 0..<100 as Range<UInt64> { writer.emit(DenseEncoding.one(word), id: 1) }
        },
        check: { directory, error in
            let found = try names(directory)
            if let error, !isClear(error) { return "not a clear error: \(error)" }
            if error == nil {
                guard found == ["ring"] else { return "beside it: \(found.sorted())" }
                let trace = try ArenaImage(path: "\(directory)/ring").recover()
                return trace.lanes.isEmpty ? "nothing was recorded" : nil
            }
            return found.isEmpty ? nil : "left behind: \(found.sorted())"
        })

    private static let geometry: ArenaGeometry = {
        do { return try ArenaGeometry(pageByteCount: 4096, pageCount: 4, laneCapacity: 2) } catch {
            fatalError("\(error)")
        }
    }()

    private static func leaveRing(_ directory: String) throws {
        let arena = try Arena(geometry, newFile: "\(directory)/ring", logByteCount: 4096)
        arena.metadata!.append(SmallFile.schemas[2])
        let writer = try arena.makeWriter(as: DenseEncoding.self)
        for word in 0..<100 as Range<UInt64> { writer.emit(DenseEncoding.one(word), id: 3) }
    }

    static let leftover = Scenario(
        name: "leftover that is moved", writes: false, prepare: leaveRing,
        attempt: { try Arena.moveLeftover(at: "\($0)/ring", to: "\($0)/moved") },
        check: { directory, error in
            if let error, !isClear(error) { return "not a clear error: \(error)" }
            let found = try names(directory)
            guard found == (error == nil ? ["moved"] : ["ring"]) else { return "there is \(found.sorted())" }
            let trace = try ArenaImage(path: "\(directory)/\(found.first!)").recover()
            return trace.events == 100 ? nil : "\(trace.events) events of 100"
        })

    static let recovery = Scenario(
        name: "recovery",
        prepare: { directory in
            try leaveRing(directory)
            try writeOld(directory)
        },
        attempt: { directory in
            let trace = try ArenaImage(path: "\(directory)/ring").recover()
            try trace.write(to: PartialFile(path: "\(directory)/a.frec"), reason: "fault").commit(synchronized: true)
        },
        check: { directory, error in
            let trace = try ArenaImage(path: "\(directory)/ring").recover()
            if trace.events != 100 { return "the ring has \(trace.events) events of 100" }
            try FileManager.default.removeItem(atPath: "\(directory)/ring")
            return try replaced(directory, "a.frec", error)
        })

    private static let trace: [UInt8] = {
        do { return try RandomTrace.file(seed: 399, events: 32, nameLimit: 12) } catch { fatalError("\(error)") }
    }()

    static let export = Scenario(
        name: "export to a file",
        prepare: { try Data(old).write(to: URL(fileURLWithPath: "\($0)/a.json")) },
        attempt: { directory in
            var exporter = NDJSONExporter(to: try PartialFile(path: "\(directory)/a.json"))
            let bytes = trace.span.bytes
            try Timeline.run(TraceIndex(bytes), in: bytes, into: &exporter)
            try exporter.finish().commit()
        },
        check: { directory, error in
            let found = try contents("\(directory)/a.json")
            if let error, !isClear(error) { return "not a clear error: \(error)" }
            if (found == old) != (error != nil) { return "old or new: \(error as Any)" }
            if error == nil, found.last != UInt8(ascii: "\n") { return "the last line is not whole" }
            let others = try names(directory).subtracting(["a.json"])
            return others.isEmpty ? nil : "left behind: \(others.sorted())"
        })

    static let directoryExport = Scenario(
        name: "export to a directory",
        attempt: { directory in
            var exporter = try CTFExporter(directory: "\(directory)/a.ctf")
            let bytes = trace.span.bytes
            try Timeline.run(TraceIndex(bytes), in: bytes, into: &exporter)
            try exporter.finish()
        },
        check: { directory, error in
            let found = try names(directory)
            if let error, !isClear(error) { return "not a clear error: \(error)" }
            return found == (error == nil ? ["a.ctf"] : []) ? nil : "there is \(found.sorted())"
        })

    static let reading = Scenario(
        name: "reading a file", writes: false,
        prepare: { try Data(trace).write(to: URL(fileURLWithPath: "\($0)/a.frec")) },
        attempt: { directory in
            let file = try MappedFile(path: "\(directory)/a.frec")
            try file.withBytes { bytes in
                if try TraceIndex(bytes).batches.isEmpty { throw Told(description: "no batches") }
            }
        },
        check: { directory, error in
            if let error, !isClear(error) { return "not a clear error: \(error)" }
            return try contents("\(directory)/a.frec") == trace ? nil : "the file has changed"
        })

    /// Where the mirrored mapping cannot be had, the padded one does.
    static let byteRing = Scenario(
        name: "mapping of a byte ring", writes: false,
        attempt: { _ in
            var ring = try ByteRing(minimumCapacity: 1 << 16)
            for number in 0..<10_000 as Range<UInt64> {
                _ = try withUnsafeBytes(of: number) { try ring.producer.push($0) }
                let found = ring.consumer.pop { $0.unsafeLoadUnaligned(as: UInt64.self) }
                if found != number { throw Told(description: "\(found as Any) instead of \(number)") }
            }
        },
        check: { _, error in error.map { "\($0)" } })

    /// The wrong way, which the checks have to notice: written in place of the old file.
    static let control = Scenario(
        name: "control: written in place", prepare: writeOld,
        attempt: { try intoPlace("\($0)/a.frec") },
        check: { try replaced($0, "a.frec", $1) })
}
