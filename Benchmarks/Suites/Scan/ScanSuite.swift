import Foundation
public import Harness
import TraceFormats

/// Scanning of real traces in place. Without `--input`, a trace is synthesised from the seed.
public enum ScanSuite: Suite {
    public static let name = "scan"
    public static let summary = "Go execution traces in place: batches, then every record (--input FILE)"

    public static func contenders(_ options: SuiteOptions) throws -> [Contender] {
        let trace = try ScanInput.load(options)
        let parameters: [String: ParameterValue] = ["input": .string(trace.name), "size": .int(trace.bytes.count)]
        func contender(
            _ name: String, _ strategy: String, _ origin: Origin, _ unit: ResultUnit,
            _ body: @escaping (inout SampleContext) throws -> Sample
        ) -> Contender {
            Contender(
                suite: Self.name, case: name, strategy: strategy, origin: origin, parameters: parameters, unit: unit,
                sample: body)
        }
        return [
            contender("go.batches", "go-scanner", .library, .gigabytesPerSecond) { context in
                try repeated(&context, operations: trace.bytes.count) {
                    let found = try trace.withBytes { try GoTraceWorkload.batches($0) }
                    return found == trace.batches ? nil : "\(found) batches instead of \(trace.batches)"
                }
            },
            contender("go.batches", "plain-read", .floor, .gigabytesPerSecond) { context in
                try repeated(&context, operations: trace.bytes.count) { trace.readAllWords() }
            },
            contender("go.records", "go-scanner", .library, .itemsPerSecond) { context in
                var sample = try repeated(&context, operations: trace.records) {
                    let found = try trace.withBytes { try GoTraceWorkload.records($0) }
                    return trace.wrong(found)
                }
                sample.counts = trace.countsByName
                return sample
            },
            contender("go.bytes", "go-scanner", .library, .gigabytesPerSecond) { context in
                try repeated(&context, operations: trace.bytes.count) {
                    let found = try trace.withBytes { try GoTraceWorkload.records($0) }
                    return trace.wrong(found)
                }
            },
            contender("go.arguments", "go-scanner", .library, .itemsPerSecond) { context in
                try repeated(&context, operations: trace.decoded) {
                    let found = try trace.withBytes { try GoTraceWorkload.arguments($0) }
                    return found.sum == trace.sum ? nil : "another sum of all arguments than the first pass found"
                }
            },
        ]
    }

    /// Repeats `pass` for about 5 ms of work, each repetition checked. `pass` returns what was wrong.
    private static func repeated(
        _ context: inout SampleContext, operations: Int, _ pass: () throws -> String?
    ) throws -> Sample {
        let seed = context.seed
        let repetitions = max(1, 8_000_000 / max(1, operations))
        var wrong: String?
        let sample = try context.time(operations: operations * repetitions) {
            for _ in 0..<repetitions where wrong == nil { wrong = try pass() }
        }
        if let wrong { throw VerificationFailure(wrong, at: "the whole trace", seed: seed) }
        return sample
    }
}

/// A trace in memory, with what a first, untimed pass found in it.
final class ScanInput {
    let name: String
    let bytes: [UInt8]
    let batches: Int
    let counts: GoTraceCounts
    let decoded: Int
    let sum: UInt64

    private init(name: String, bytes: [UInt8]) throws {
        self.name = name
        self.bytes = bytes
        let span = bytes.span
        batches = try GoTraceWorkload.batches(span.bytes)
        counts = try GoTraceWorkload.records(span.bytes)
        let arguments = try GoTraceWorkload.arguments(span.bytes)
        decoded = Int(arguments.records)
        sum = arguments.sum
    }

    static func load(_ options: SuiteOptions) throws -> ScanInput {
        guard let path = options.input else {
            do {
                return try ScanInput(name: "synthetic", bytes: SyntheticGoTrace.make(seed: options.seed))
            } catch {
                throw UnusableInput("the synthetic trace: \(error)")
            }
        }
        let bytes: [UInt8]
        do {
            bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw UnusableInput("\(path): cannot be read: \(error.localizedDescription)")
        }
        do {
            return try ScanInput(name: (path as NSString).lastPathComponent, bytes: bytes)
        } catch {
            throw UnusableInput("\(path): \(error)")
        }
    }

    var records: Int { Int(counts.records) }

    var countsByName: [String: Int] {
        Dictionary(uniqueKeysWithValues: counts.kinds.map { ($0.kind.name, Int($0.count)) })
    }

    /// What is wrong with the counts that a pass found, if anything.
    func wrong(_ found: GoTraceCounts) -> String? {
        found == counts ? nil : "\(found.records) records instead of \(counts.records), or of other kinds"
    }

    func withBytes<Result>(_ body: (RawSpan) throws -> Result) rethrows -> Result {
        let bytes = self.bytes
        let span = bytes.span
        return try body(span.bytes)
    }

    /// Reads every word once: what memory allows.
    func readAllWords() -> String? {
        var sum: UInt64 = 0
        let bytes = self.bytes
        let span = bytes.span
        let raw = span.bytes
        var offset = 0
        while offset &+ 8 <= raw.byteCount {
            sum ^= raw.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
            offset &+= 8
        }
        consume(sum)
        return nil
    }
}
