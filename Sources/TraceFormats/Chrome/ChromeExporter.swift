public import TraceCore

/// Writes a timeline as Chrome's JSON ("Trace Event Format"), which most viewers read.
///
/// | in the timeline | `ph` |
/// | --- | --- |
/// | span of a thread | `B`, `E` |
/// | asynchronous span | `b`, `e`, with its number as `id`; the task's name is an argument |
/// | instant | `i` |
/// | counter | `C`; its unit, or else its field's name, is the key of the value |
/// | step of a flow | `s`, `t`, `f` with its number as `id`, inside a slice without a length: a flow goes from slice to slice |
/// | loss | `b`, `e` "lost N events" of the category "lost events" |
/// | process, threads | `M` |
///
/// Numbers that a double does not hold exactly, infinities and NaN are strings; addresses are hexadecimal strings. Where a
/// text was cut by its writer, an argument "NAME truncated" follows it. Of fields with the same name, the later ones have a
/// number behind it. Times are microseconds of the monotonic clock, with three decimals; `otherData` relates them to the
/// wall clock.
///
/// Memory does not grow with the number of events. An error of the sink is passed on, and the output is then incomplete. One
/// thread at a time.
public struct ChromeExporter<Sink: ByteSink & ~Copyable>: ~Copyable, TimelineSink {
    // First, so that its place does not depend on the sink: else each event would look it up in the type's metadata.
    private var encoder = ChromeEncoder()
    private var sink: Sink

    public init(to sink: consuming Sink) { self.sink = sink }

    /// Writes what is buffered and gives the sink back.
    public consuming func finish() throws -> Sink {
        try flush()
        return sink
    }

    @inline(never)
    private mutating func flush() throws {
        defer { encoder.line.removeAll() }
        try sink.write(encoder.line.bytes)
    }

    @inline(__always)
    private mutating func flushIfFull() throws {
        if encoder.isFull { try flush() }
    }

    public mutating func begin(_ context: TimelineContext) throws {
        encoder.begin(context)
        try flushIfFull()
    }

    public mutating func spanBegin(
        _ event: TimelineEvent, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try encoder.spanBegin(event, isCutOff: isCutOff, context, in: bytes)
        try flushIfFull()
    }

    public mutating func spanEnd(
        _ event: TimelineEvent, isUnfinished: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try encoder.spanEnd(event, isUnfinished: isUnfinished, context, in: bytes)
        try flushIfFull()
    }

    /// On its thread.
    public mutating func instant(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        try encoder.instant(event, context, in: bytes)
        try flushIfFull()
    }

    public mutating func flow(
        _ event: TimelineEvent, number: UInt64, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try encoder.flow(event, number: number, context, in: bytes)
        try flushIfFull()
    }

    public mutating func asyncBegin(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try encoder.asyncBegin(event, span, isCutOff: isCutOff, context, in: bytes)
        try flushIfFull()
    }

    /// The number in its first field is its `id`.
    public mutating func asyncEnd(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isUnfinished: Bool, _ context: TimelineContext,
        in bytes: RawSpan
    ) throws {
        encoder.asyncEnd(event, span, isUnfinished: isUnfinished)
        try flushIfFull()
    }

    /// All of a counter's fields are series of it. A value that is no finite number has no place there, and is left out.
    public mutating func counter(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        try encoder.counter(event, context, in: bytes)
        try flushIfFull()
    }

    public mutating func lost(thread: Int, from: Int64, to: Int64, count: UInt64, _ context: TimelineContext) throws {
        encoder.lost(thread: thread, from: from, to: to, count: count)
        try flushIfFull()
    }

    public mutating func end(_ context: TimelineContext) { encoder.end() }
}
