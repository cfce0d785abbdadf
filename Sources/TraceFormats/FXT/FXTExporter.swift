public import TraceCore

/// Writes a timeline in Fuchsia's trace format, which ui.perfetto.dev and Tracy read (docs/FORMATS.md tells what becomes what).
///
/// ```swift
/// var exporter = FXTExporter(to: try PartialFile(path: "a.fxt"))
/// try Timeline.run(TraceIndex(bytes), in: bytes, into: &exporter)
/// try exporter.finish().commit()
/// ```
///
/// Memory does not grow with the trace: the string table holds what schemas and static strings say, and at most 32,767 texts.
public struct FXTExporter<Sink: ByteSink & ~Copyable>: ~Copyable, TimelineSink {
    private var encoder = FXTEncoder()
    private var output: OutputBuffer<Sink>

    /// Nothing is written before the timeline begins.
    public init(to sink: consuming Sink) { output = OutputBuffer(to: sink) }

    /// Writes what is buffered and gives the sink back. Throws what the sink throws.
    public consuming func finish() throws -> Sink { try output.finish() }

    public mutating func begin(_ context: TimelineContext) throws {
        try encoder.begin(context)
        try output.take(&encoder.output)
    }

    public mutating func spanBegin(
        _ event: TimelineEvent, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try encoder.spanBegin(event, isCutOff: isCutOff, context, in: bytes)
        try output.take(&encoder.output)
    }

    public mutating func spanEnd(
        _ event: TimelineEvent, isUnfinished: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try encoder.spanEnd(event, isUnfinished: isUnfinished, context, in: bytes)
        try output.take(&encoder.output)
    }

    public mutating func asyncBegin(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try encoder.asyncBegin(event, span, isCutOff: isCutOff, context, in: bytes)
        try output.take(&encoder.output)
    }

    public mutating func asyncEnd(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isUnfinished: Bool, _ context: TimelineContext,
        in bytes: RawSpan
    ) throws {
        try encoder.asyncEnd(event, span, isUnfinished: isUnfinished, context, in: bytes)
        try output.take(&encoder.output)
    }

    public mutating func instant(
        _ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try encoder.instant(event, context, in: bytes)
        try output.take(&encoder.output)
    }

    public mutating func counter(
        _ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try encoder.counter(event, context, in: bytes)
        try output.take(&encoder.output)
    }

    public mutating func flow(
        _ event: TimelineEvent, number: UInt64, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try encoder.flow(event, number: number, context, in: bytes)
        try output.take(&encoder.output)
    }

    public mutating func lost(thread: Int, from: Int64, to: Int64, count: UInt64, _ context: TimelineContext) throws {
        try encoder.lost(thread: thread, from: from, to: to, count: count, context)
        try output.take(&encoder.output)
    }

    public mutating func end(_ context: TimelineContext) throws {
        encoder.end(context)
        try output.take(&encoder.output, all: true)
        try output.flush()
    }
}
