public import TraceCore

/// An event on its way into a sink.
public struct TimelineEvent {
    /// Nanoseconds since 1970.
    public let time: Int64
    /// The place of its thread in ``TimelineContext/threads``.
    public let thread: Int
    /// What the event is: by reference, for who only needs its id or a field of it.
    public let entry: TimelineSchema
    /// Nil where the span began before the window, so that only its schema is known.
    public let record: Record?

    public var schema: EventSchema { entry.schema }

    init(time: Int64, thread: Int, entry: TimelineSchema, record: Record?) {
        self.time = time
        self.thread = thread
        self.entry = entry
        self.record = record
    }
}

/// What spans across threads have beside.
public struct TimelineAsyncSpan: Hashable, Sendable {
    /// Unique in the process.
    public let number: UInt64
    /// The Swift task that it was begun in; 0 outside of tasks.
    public let task: UInt64
    /// Nil where the task has none.
    public let taskName: String?
}

/// What a timeline is handed to: an exporter, a viewer, a counter.
///
/// Calls come in the order of time, with these exceptions: spans that began before the window come first, with their true
/// start where it is known; and an asynchronous span's begin that is not in the window comes right before its end, with the
/// window's start. Begins and ends of a thread's spans are balanced and nest. `bytes` is the file's span.
///
/// The driver is generic over it, so that calls cost no dispatch.
public protocol TimelineSink: ~Copyable {
    mutating func begin(_ context: TimelineContext) throws

    /// - Parameter isCutOff: began before the window; where its start is known, `event.time` is that, else the thread's first event's.
    mutating func spanBegin(_ event: TimelineEvent, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan)
        throws

    /// - Parameter isUnfinished: it was still open at the window's end, or its end was never recorded.
    mutating func spanEnd(_ event: TimelineEvent, isUnfinished: Bool, _ context: TimelineContext, in bytes: RawSpan)
        throws

    mutating func asyncBegin(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws
    mutating func asyncEnd(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isUnfinished: Bool, _ context: TimelineContext,
        in bytes: RawSpan
    ) throws

    mutating func instant(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws

    /// The first field is the counter's value.
    mutating func counter(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws

    /// A step of a flow: `event.schema.kind` tells which.
    mutating func flow(_ event: TimelineEvent, number: UInt64, _ context: TimelineContext, in bytes: RawSpan) throws

    /// `count` events of a thread were lost, later than `from` and not later than `to`.
    mutating func lost(thread: Int, from: Int64, to: Int64, count: UInt64, _ context: TimelineContext) throws

    mutating func end(_ context: TimelineContext) throws
}
