public import TraceCore

/// Writes a timeline as lines of JSON: one object a line, for jq, grep and databases that load such lines.
///
/// First a line of the process, and one of each thread:
///
///     {"type":"process","process":4242,"name":"server","from":TIME,"to":TIME,"reason":"slow request"}
///     {"type":"thread","thread":0,"id":4243,"lane":2,"name":"worker"}
///
/// Then one of each event, in the order of time:
///
///     {"type":"end","time":TIME,"thread":0,"name":"parse","category":"http","duration":1250}
///
/// - `type` is begin, end, asyncBegin, asyncEnd, instant, counter, flowBegin, flowStep, flowEnd or lost.
/// - `args` has the fields of the event by name, where it has any; `truncated` names those that were cut. A field that has the
///   name of an earlier one, or none, is called by its place, counted from 1: "#2".
/// - Ends have the `duration` of their span in ns. `cutOff`: it began before the window, and its time is that of the window's
///   begin where the true one is not known. `unfinished`: it was not ended, or that was not recorded.
/// - Asynchronous spans have `span`, flows `flow`: their number. `task` and `taskName` where there are any.
/// - A loss has `from` and `count`: so many events of the thread were lost later than that and not later than `time`.
///
/// Memory: what is open at a time. One thread.
public struct NDJSONExporter<Sink: ByteSink & ~Copyable>: ~Copyable, TimelineSink {
    public enum Times: String, Sendable, CaseIterable {
        /// ISO 8601 with nanoseconds, in UTC, as strings.
        case iso
        /// Nanoseconds since 1970, as numbers.
        case ns
    }

    // First, so that its place does not depend on the sink: else each event would look it up in the type's metadata.
    private var encoder: NDJSONEncoder
    private var sink: Sink

    public init(to sink: consuming Sink) { self.init(to: sink, times: .iso) }

    public init(to sink: consuming Sink, times: Times) {
        encoder = NDJSONEncoder(isISO: times == .iso)
        self.sink = sink
    }

    /// Writes the rest and gives the sink back.
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

    public mutating func asyncBegin(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try encoder.asyncBegin(event, span, isCutOff: isCutOff, context, in: bytes)
        try flushIfFull()
    }

    public mutating func asyncEnd(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isUnfinished: Bool, _ context: TimelineContext,
        in bytes: RawSpan
    ) throws {
        try encoder.asyncEnd(event, span, isUnfinished: isUnfinished, context, in: bytes)
        try flushIfFull()
    }

    public mutating func instant(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        try encoder.plain("instant", event, context, in: bytes)
        try flushIfFull()
    }

    public mutating func counter(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        try encoder.plain("counter", event, context, in: bytes)
        try flushIfFull()
    }

    public mutating func flow(
        _ event: TimelineEvent, number: UInt64, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try encoder.flow(event, number: number, context, in: bytes)
        try flushIfFull()
    }

    public mutating func lost(thread: Int, from: Int64, to: Int64, count: UInt64, _ context: TimelineContext) throws {
        encoder.lost(thread: thread, from: from, to: to, count: count)
        try flushIfFull()
    }

    public mutating func end(_ context: TimelineContext) throws {}
}
