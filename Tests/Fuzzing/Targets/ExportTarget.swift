internal import Foundation
internal import TraceCore
internal import TraceFormats
internal import TraceTestSupport

/// Every exporter, and what else makes bytes of a native file.
public enum ExportTarget: String, CaseIterable, Sendable {
    case perfetto, chrome, fxt, go, ctf, ndjson, sqlite, cut, merge

    static var all: [FuzzTarget] { allCases.map(\.target) }

    private var target: FuzzTarget {
        FuzzTarget(
            name: rawValue, summary: "native files as \(rawValue)", maximumLength: 4096,
            // Buffers of a fixed size, and tables that grow with the schemas and threads of the file.
            memory: FuzzTarget.MemoryBound(fixed: 24 << 20, perByte: 512)
        ) { input, meter in
            failure(input, &meter)
        } seeds: {
            try FuzzTarget.seedFiles()
        }
    }

    /// What is wrong with what comes out, or with the error: that has to be of the content, and to name its place.
    public func failure(_ file: UnsafeRawBufferPointer) -> String? {
        var meter = MemoryMeter()
        return failure(file, &meter)
    }

    private func failure(_ file: UnsafeRawBufferPointer, _ meter: inout MemoryMeter) -> String? {
        do {
            let output = try meter.measure {
                try run(TraceIndex(file.bytes), file.bytes, to: MemorySink(capacity: 1 << 20))?.bytes ?? []
            }
            return isWellFormed(output) ? nil : "not well-formed: \(output)"
        } catch let error as SQLiteError where error.reason == .missing {
            // Not installed: nothing to be damaged.
            return nil
        } catch let error as NativeFileError {
            return (0...file.count).contains(error.offset) ? nil : "outside: \(error)"
        } catch let error as TraceCore.DecodingError {
            return (0...file.count).contains(error.offset) ? nil : "outside: \(error)"
        } catch is TraceMerge.Failure {
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// Nil of what is no stream of bytes.
    private func run<Sink: ByteSink>(_ index: TraceIndex, _ bytes: RawSpan, to sink: Sink) throws -> Sink? {
        switch self {
        case .perfetto:
            var exporter = PerfettoExporter(to: sink)
            try Timeline.run(index, in: bytes, into: &exporter)
            return try exporter.finish()
        case .chrome:
            var exporter = ChromeExporter(to: sink)
            try Timeline.run(index, in: bytes, into: &exporter)
            return try exporter.finish()
        case .fxt:
            var exporter = FXTExporter(to: sink)
            try Timeline.run(index, in: bytes, into: &exporter)
            return try exporter.finish()
        case .go:
            var exporter = GoTraceExporter(to: sink)
            try Timeline.run(index, in: bytes, into: &exporter)
            return try exporter.finish()
        case .ndjson:
            var exporter = NDJSONExporter(to: sink)
            try Timeline.run(index, in: bytes, into: &exporter)
            return try exporter.finish()
        case .ctf:
            let path = Self.scratch
            defer { try? FileManager.default.removeItem(atPath: path) }
            var exporter = try CTFExporter(directory: path)
            try Timeline.run(index, in: bytes, into: &exporter)
            try exporter.finish()
            return nil
        case .sqlite:
            var exporter = try SQLiteExporter(path: ":memory:")
            try Timeline.run(index, in: bytes, into: &exporter)
            try exporter.finish()
            return nil
        case .cut:
            return try TraceCut(from: 1500, to: .max / 2, dropped: [3]).write(index, in: bytes, to: sink)
        case .merge:
            return try TraceMerge([.init(name: "a", index: index), .init(name: "b", index: index)])
                .write(to: sink) { _, body in try body(bytes) }
        }
    }

    /// A directory that several threads do not share.
    private static var scratch: String {
        "\(NSTemporaryDirectory())/damaged-\(getpid())-\(UInt64.random(in: 0 ... .max)).ctf"
    }

    private func isWellFormed(_ output: [UInt8]) -> Bool {
        switch self {
        case .chrome: (try? JSONSerialization.jsonObject(with: Data(output))) != nil
        case .ndjson:
            output.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast().allSatisfy {
                (try? JSONSerialization.jsonObject(with: Data($0))) != nil
            }
        case .go: ReferenceGoDecoder.decode(output) != nil
        case .perfetto: Self.isMessage(output)
        case .fxt: Self.isRecords(output)
        case .cut, .merge: ReferenceFile(output)?.isWhole == true
        case .ctf, .sqlite: true
        }
    }

    /// Fields of a message of protocol buffers that has only submessages: key, length, so many bytes.
    private static func isMessage(_ output: [UInt8]) -> Bool {
        var rest = output[...]
        while let key = rest.popFirst() {
            guard key & 7 == 2 else { return false }
            var (length, shift) = (0, 0)
            repeat {
                guard let byte = rest.popFirst(), shift < 35 else { return false }
                length |= Int(byte & 0x7F) << shift
                shift = byte < 0x80 ? -1 : shift + 7
            } while shift >= 0
            guard length <= rest.count else { return false }
            rest = rest.dropFirst(length)
        }
        return true
    }

    /// Records of words, the first of which states how many there are.
    private static func isRecords(_ output: [UInt8]) -> Bool {
        guard output.count % 8 == 0 else { return false }
        var position = 0
        while position < output.count {
            let size = Int(output[position] >> 4) | Int(output[position + 1]) << 4
            guard size > 0, position + 8 * size <= output.count else { return false }
            position += 8 * size
        }
        return true
    }
}
