public import TraceCore

/// Writes a timeline as a Perfetto trace: protobuf, as ui.perfetto.dev and trace_processor read it.
///
/// | in the timeline | in Perfetto |
/// | --- | --- |
/// | thread | a thread track; its spans nest |
/// | asynchronous span | a slice on a track of its own below the process, named after the task if that has a name, else after the span. Viewers draw tracks of the same task, or else of the same name, as one |
/// | counter | a counter track below the process, with its unit |
/// | step of a flow | an instant event on the thread's track, which the flow goes through |
/// | loss | a slice "lost N events" on a track "lost events" below the thread's |
/// | field | a debug annotation of its type |
///
/// Beside an event's own fields there are the annotations of ``PerfettoMark``. Times are nanoseconds of the monotonic clock, and a
/// clock snapshot relates them to the wall clock. Static texts are interned; only one sequence is used.
///
/// Memory does not grow with the number of events. An error of the sink is passed on, and the output is then incomplete. One
/// thread at a time.
public struct PerfettoExporter<Sink: ByteSink & ~Copyable>: ~Copyable, TimelineSink {
    // First, so that its place does not depend on the sink: else each event would look it up in the type's metadata.
    private var encoder = PerfettoEncoder()
    private var sink: Sink

    public init(to sink: consuming Sink) { self.sink = sink }

    /// Writes what is buffered and gives the sink back.
    public consuming func finish() throws -> Sink {
        try flush()
        return sink
    }

    @inline(never)
    private mutating func flush() throws {
        defer { encoder.packets.output.removeAll() }
        try sink.write(encoder.packets.output.bytes)
    }

    @inline(__always)
    private mutating func flushIfFull() throws {
        if encoder.packets.isFull { try flush() }
    }

    public mutating func begin(_ context: TimelineContext) throws {
        encoder.begin(context)
        try flushIfFull()
    }

    public mutating func spanBegin(
        _ event: TimelineEvent, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try encoder.spanBegin(event, isCutOff: isCutOff, in: bytes)
        try flushIfFull()
    }

    /// Where the schema is that of a begin, because the end is not recorded, its fields are not told again.
    public mutating func spanEnd(
        _ event: TimelineEvent, isUnfinished: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try encoder.spanEnd(event, isUnfinished: isUnfinished, in: bytes)
        try flushIfFull()
    }

    public mutating func instant(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        try encoder.instant(event, in: bytes)
        try flushIfFull()
    }

    public mutating func flow(
        _ event: TimelineEvent, number: UInt64, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try encoder.flow(event, number: number, in: bytes)
        try flushIfFull()
    }

    public mutating func asyncBegin(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try encoder.asyncBegin(event, span, isCutOff: isCutOff, in: bytes)
        try flushIfFull()
    }

    /// The number in its first field is told at the begin.
    public mutating func asyncEnd(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isUnfinished: Bool, _ context: TimelineContext,
        in bytes: RawSpan
    ) throws {
        encoder.asyncEnd(event, span, isUnfinished: isUnfinished)
        try flushIfFull()
    }

    /// A value that is no number has no place on a counter's track, and is left out.
    public mutating func counter(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        try encoder.counter(event, context, in: bytes)
        try flushIfFull()
    }

    public mutating func lost(thread: Int, from: Int64, to: Int64, count: UInt64, _ context: TimelineContext) throws {
        encoder.lost(thread: thread, from: from, to: to, count: count, context)
        try flushIfFull()
    }

    public mutating func end(_ context: TimelineContext) {}
}
