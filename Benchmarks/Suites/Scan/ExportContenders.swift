import Harness
import TraceCore
import TraceFormats

/// Exports of one native file, to nowhere. `timeline` is what is done for all of them: its events, handed to a sink that counts.
struct ExportContenders {
    let seed: UInt64
    private static let eventsPerLane = 50_000

    func all() -> [Contender] {
        let lazy = LazyExportTrace(eventsPerLane: Self.eventsPerLane, seed: seed)
        return [
            contender("export.timeline", "counting-sink", lazy) { index, bytes in
                var sink = CountingSink()
                try Timeline.run(index, in: bytes, into: &sink)
                return sink.events
            },
            contender("export.perfetto", "perfetto", lazy) { index, bytes in
                var exporter = PerfettoExporter(to: DiscardingSink())
                try Timeline.run(index, in: bytes, into: &exporter)
                return Int(try exporter.finish().byteCount)
            },
            contender("export.chrome", "chrome", lazy) { index, bytes in
                var exporter = ChromeExporter(to: DiscardingSink())
                try Timeline.run(index, in: bytes, into: &exporter)
                return Int(try exporter.finish().byteCount)
            },
            contender("export.ndjson", "ndjson", lazy) { index, bytes in
                var exporter = NDJSONExporter(to: DiscardingSink())
                try Timeline.run(index, in: bytes, into: &exporter)
                return Int(try exporter.finish().byteCount)
            },
        ]
    }

    /// - Parameter pass: answers a number that is the same each time: of events, or of bytes.
    private func contender(
        _ name: String, _ strategy: String, _ lazy: LazyExportTrace,
        _ pass: @escaping (TraceIndex, RawSpan) throws -> Int
    ) -> Contender {
        let repetitions = Repetitions()
        var first: Int?
        return Contender(
            suite: ScanSuite.name, case: name, strategy: strategy, origin: .library,
            parameters: ["events": .int(ExportTrace.lanes * Self.eventsPerLane)], unit: .itemsPerSecond
        ) { context in
            let trace = lazy.trace
            let index = try trace.withBytes { try TraceIndex($0) }
            let seed = context.seed
            return try context.time(operations: trace.events, repeating: repetitions) {
                let found = try trace.withBytes { try pass(index, $0) }
                guard found == first ?? found, found > 0 else {
                    throw VerificationFailure("\(found), before \(first!)", at: "the whole export", seed: seed)
                }
                first = found
            }
        }
    }
}

private final class LazyExportTrace {
    private let eventsPerLane: Int
    private let seed: UInt64
    private(set) lazy var trace = ExportTrace(eventsPerLane: eventsPerLane, seed: seed)

    init(eventsPerLane: Int, seed: UInt64) {
        self.eventsPerLane = eventsPerLane
        self.seed = seed
    }
}

private struct CountingSink: TimelineSink {
    var events = 0

    mutating func begin(_ context: TimelineContext) {}
    mutating func spanBegin(_ event: TimelineEvent, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan) {
        events += 1
    }
    mutating func spanEnd(_ event: TimelineEvent, isUnfinished: Bool, _ context: TimelineContext, in bytes: RawSpan) {
        events += 1
    }
    mutating func asyncBegin(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) { events += 1 }
    mutating func asyncEnd(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isUnfinished: Bool, _ context: TimelineContext,
        in bytes: RawSpan
    ) { events += 1 }
    mutating func instant(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) { events += 1 }
    mutating func counter(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) { events += 1 }
    mutating func flow(_ event: TimelineEvent, number: UInt64, _ context: TimelineContext, in bytes: RawSpan) {
        events += 1
    }
    mutating func lost(thread: Int, from: Int64, to: Int64, count: UInt64, _ context: TimelineContext) {}
    mutating func end(_ context: TimelineContext) {}
}
