public import Harness
import TraceFormats

/// Scanning of real traces in place. Without `--input`, a trace is synthesised from the seed.
public enum ScanSuite: Suite {
    public static let name = "scan"
    public static let summary = "traces in place: Go's (--input FILE) and this package's own"
    /// The parameter `input` of a trace that was made up.
    public static let syntheticInput = "synthetic"

    public static func contenders(_ options: SuiteOptions) throws -> [Contender] {
        let trace = try ScanInput.load(options)
        var plan = ScanPlan(trace: trace)
        plan.add("go.batches", "go-scanner", .library, .gigabytesPerSecond, operations: trace.bytes.count) {
            let found = try trace.withBytes { try GoTraceWorkload.batches($0) }
            return found == trace.batches ? nil : "\(found) batches instead of \(trace.batches)"
        }
        plan.add(
            "go.records", "go-scanner", .library, .itemsPerSecond, operations: trace.records, counts: trace.countsByName
        ) {
            trace.wrong(try trace.withBytes { try GoTraceWorkload.records($0) })
        }
        if let reader = GoRawReader.built() { plan.add(reader) }
        plan.add("go.bytes", "go-scanner", .library, .gigabytesPerSecond, operations: trace.bytes.count) {
            trace.wrong(try trace.withBytes { try GoTraceWorkload.records($0) })
        }
        // A case of its own: a floor is not ranked with what it bounds.
        plan.add("plain-read", "words", .floor, .gigabytesPerSecond, operations: trace.bytes.count) {
            trace.readAllWords()
        }
        plan.add("go.arguments", "go-scanner", .library, .itemsPerSecond, operations: trace.records) {
            let found = try trace.withBytes { try GoTraceWorkload.arguments($0) }
            return found == trace.arguments ? nil : "another number or sum of arguments than the first pass found"
        }
        return plan.contenders + NativeContenders(seed: options.seed).all() + ExportContenders(seed: options.seed).all()
    }

    public static func lacks(_ options: SuiteOptions) -> [String] {
        GoRawReader.built() == nil ? [GoRawReader.howToGet] : []
    }

    public static func totals(of counts: [String: Int]) -> [(name: String, count: Int)] {
        func count(_ kinds: [GoTraceKind]) -> Int { kinds.map { counts[$0.name] ?? 0 }.reduce(0, +) }
        return [
            ("records", counts.values.reduce(0, +)),
            ("batches", count([.eventBatch, .experimentalBatch])),
            // Each generation that the scanner accepts has exactly one; an explicit end only since 1.26.
            ("generations", count([.frequency])),
        ]
    }
}

/// What runs over one trace.
private struct ScanPlan {
    let trace: ScanInput
    private(set) var contenders: [Contender] = []

    init(trace: ScanInput) { self.trace = trace }

    /// - Parameters:
    ///   - operations: of one pass.
    ///   - pass: answers what was wrong, if anything.
    mutating func add(
        _ name: String, _ strategy: String, _ origin: Origin, _ unit: ResultUnit, operations: Int,
        counts: [String: Int]? = nil, _ pass: @escaping () throws -> String?
    ) {
        let repetitions = Repetitions()
        add(name, strategy, origin, unit) { context in
            let seed = context.seed
            var sample = try context.time(operations: operations, repeating: repetitions) {
                if let wrong = try pass() { throw VerificationFailure(wrong, at: "the whole trace", seed: seed) }
            }
            sample.counts = counts
            return sample
        }
    }

    /// Its garbage collector has threads of its own, so it runs on all processors.
    mutating func add(_ reader: GoRawReader) {
        let trace = trace
        add("go.records", "go-raw-reader", .peer, .itemsPerSecond, placement: .free) { context in
            let reading = try trace.withFile { try reader.read($0) }
            guard reading.records == trace.records else {
                throw VerificationFailure(
                    "\(reading.records) records where this package counts \(trace.records)", at: "the whole trace",
                    seed: context.seed)
            }
            return Sample(nanoseconds: reading.seconds * 1e9, operations: reading.records, unit: .itemsPerSecond)
        }
    }

    private mutating func add(
        _ name: String, _ strategy: String, _ origin: Origin, _ unit: ResultUnit, placement: Placement = .pinned,
        sample: @escaping (inout SampleContext) throws -> Sample
    ) {
        contenders.append(
            Contender(
                suite: ScanSuite.name, case: name, strategy: strategy, origin: origin,
                parameters: ["input": .string(trace.name), "size": .int(trace.bytes.count)], unit: unit,
                placement: placement, sample: sample))
    }
}
