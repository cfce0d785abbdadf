internal import TraceCore

/// Drives a ``TimelineSink`` over a file: merges the threads, and makes whole spans of what begins and ends at the edges of
/// the window or next to a loss.
///
/// ```swift
/// let file = try MappedFile(path: "a.frec")
/// try file.withBytes { bytes in
///     var exporter = ChromeExporter(to: sink)
///     try Timeline.run(TraceIndex(bytes), in: bytes, into: &exporter)
/// }
/// ```
///
/// Memory does not grow with the file, but for 100 bytes a batch, what is open at a time, and the names of tasks.
public enum Timeline {
    /// Reads the records twice: first for the spans that began before the window, then in the order of time.
    ///
    /// - Parameter progress: called every 65,536 events or 64 batches with the part of the work that is done, 0 to 1.
    /// - Throws: `DecodingError` at a malformed record, and what the sink throws.
    public static func run<Sink: TimelineSink & ~Copyable>(
        _ index: TraceIndex, in bytes: RawSpan, into sink: inout Sink, progress: (Double) -> Void = { _ in }
    ) throws {
        let context = TimelineContext(index)
        let orphans = try OrphanedSpans(index.batches, context, in: bytes) { progress(Self.firstPass * $0) }
        var driver = TimelineDriver<Sink>(context, orphans)
        try sink.begin(context)
        try driver.beginListed(into: &sink, in: bytes)
        var merge = try TimeMerge(index.batches, in: bytes)
        var done: UInt64 = 0
        let all = max(1, index.totals.events)
        while let record = try merge.next(in: bytes, index.shapes) {
            try driver.take(record, into: &sink, in: bytes)
            done += 1
            if done & 0xFFFF == 0 {
                progress(min(1, Self.firstPass + (1 - Self.firstPass) * Double(done) / Double(all)))
            }
        }
        try driver.finish(into: &sink, in: bytes)
        try sink.end(context)
        progress(1)
    }

    /// The first pass's part of the time, about.
    private static var firstPass: Double { 0.1 }
}
