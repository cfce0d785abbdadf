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

    private var output: OutputBuffer<Sink>
    private let times: Times
    /// By thread, the starts of open spans.
    private var starts: [[Int64]] = []
    private var asyncStarts: [UInt64: Int64] = [:]
    /// By schema id: what the lines of an event have in common, put together once.
    private var heads: [UInt16: EventLine] = [:]

    public init(to sink: consuming Sink) { self.init(to: sink, times: .iso) }

    public init(to sink: consuming Sink, times: Times) {
        output = OutputBuffer(to: sink)
        self.times = times
    }

    /// Writes the rest and gives the sink back.
    public consuming func finish() throws -> Sink { try output.finish() }
}

extension NDJSONExporter where Sink: ~Copyable {
    public mutating func begin(_ context: TimelineContext) throws {
        starts = Array(repeating: [], count: context.threads.count)
        output.append("{\"type\":\"process\",\"process\":")
        output.append(decimal: context.processID)
        output.append(",\"name\":")
        output.append(quoted: context.processName)
        output.append(",\"from\":")
        append(time: context.start)
        output.append(",\"to\":")
        append(time: context.end)
        output.append(",\"reason\":")
        output.append(quoted: context.index.snapshot?.reason ?? "")
        output.append("}\n")
        for (place, thread) in context.threads.enumerated() {
            output.append("{\"type\":\"thread\",\"thread\":")
            output.append(decimal: place)
            output.append(",\"id\":")
            output.append(decimal: thread.id)
            output.append(",\"lane\":")
            output.append(decimal: thread.lane)
            output.append(",\"name\":")
            output.append(quoted: thread.name)
            output.append("}\n")
        }
    }

    public mutating func spanBegin(
        _ event: TimelineEvent, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        starts[event.thread].append(event.time)
        try open("begin", event, context, bytes)
        if isCutOff { output.append(",\"cutOff\":true") }
        try close()
    }

    public mutating func spanEnd(
        _ event: TimelineEvent, isUnfinished: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try open("end", event, context, bytes)
        if let start = starts[event.thread].popLast() { append(duration: start, event.time) }
        if isUnfinished { output.append(",\"unfinished\":true") }
        try close()
    }

    public mutating func asyncBegin(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        asyncStarts[span.number] = event.time
        try open("asyncBegin", event, context, bytes)
        append(span)
        if isCutOff { output.append(",\"cutOff\":true") }
        try close()
    }

    public mutating func asyncEnd(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isUnfinished: Bool, _ context: TimelineContext,
        in bytes: RawSpan
    ) throws {
        try open("asyncEnd", event, context, bytes)
        append(span)
        if let start = asyncStarts.removeValue(forKey: span.number) { append(duration: start, event.time) }
        if isUnfinished { output.append(",\"unfinished\":true") }
        try close()
    }

    public mutating func instant(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        try open("instant", event, context, bytes)
        try close()
    }

    public mutating func counter(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        try open("counter", event, context, bytes)
        try close()
    }

    public mutating func flow(
        _ event: TimelineEvent, number: UInt64, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        switch event.schema.kind {
        case .flowBegin: try open("flowBegin", event, context, bytes)
        case .flowStep: try open("flowStep", event, context, bytes)
        default: try open("flowEnd", event, context, bytes)
        }
        output.append(",\"flow\":")
        output.append(decimal: number)
        try close()
    }

    public mutating func lost(thread: Int, from: Int64, to: Int64, count: UInt64, _ context: TimelineContext) throws {
        output.append("{\"type\":\"lost\",\"time\":")
        append(time: to)
        output.append(",\"thread\":")
        output.append(decimal: thread)
        output.append(",\"from\":")
        append(time: from)
        output.append(",\"count\":")
        output.append(decimal: count)
        try close()
    }

    public mutating func end(_ context: TimelineContext) throws {}
}

extension NDJSONExporter where Sink: ~Copyable {
    /// A line up to the arguments.
    private mutating func open(
        _ type: StaticString, _ event: TimelineEvent, _ context: TimelineContext, _ bytes: RawSpan
    ) throws {
        output.append("{\"type\":\"")
        output.append(type)
        output.append("\",\"time\":")
        append(time: event.time)
        output.append(",\"thread\":")
        output.append(decimal: event.thread)
        let line = heads[event.schema.id] ?? EventLine(event.schema)
        heads[event.schema.id] = line
        output.append(contentsOf: line.head)
        guard let record = event.record, !line.fields.isEmpty else { return }
        var place = 0
        var cut: [String] = []
        try context.forEachArgument(of: record, event.schema, in: bytes) { _, value in
            output.append(place == 0 ? ",\"args\":{" : ",")
            output.append(contentsOf: line.fields[place].quoted)
            output.append(json: value)
            if case .string(_, isTruncated: true) = value { cut.append(line.fields[place].name) }
            place += 1
        }
        output.append("}")
        guard !cut.isEmpty else { return }
        output.append(",\"truncated\":[")
        for (index, name) in cut.enumerated() {
            if index > 0 { output.append(",") }
            output.append(quoted: name)
        }
        output.append("]")
    }

    private mutating func close() throws {
        output.append("}\n")
        try output.flushIfFull()
    }

    private mutating func append(time: Int64) {
        switch times {
        case .iso: output.append(time: time)
        case .ns: output.append(decimal: time)
        }
    }

    private mutating func append(duration start: Int64, _ end: Int64) {
        output.append(",\"duration\":")
        output.append(decimal: max(0, end &- start))
    }

    private mutating func append(_ span: TimelineAsyncSpan) {
        output.append(",\"span\":")
        output.append(decimal: span.number)
        if span.task != 0 {
            output.append(",\"task\":")
            output.append(decimal: span.task)
        }
        if let name = span.taskName {
            output.append(",\"taskName\":")
            output.append(quoted: name)
        }
    }
}

/// The parts of an event's lines that do not change.
private struct EventLine {
    /// `,"name":"...","category":"..."`
    let head: [UInt8]
    let fields: [(name: String, quoted: [UInt8])]

    init(_ schema: EventSchema) {
        head = Self.bytes { output in
            output.append(",\"name\":")
            output.append(quoted: schema.name)
            output.append(",\"category\":")
            output.append(quoted: schema.category)
        }
        fields = zip(schema.fields, schema.uniqueFieldNames).map { _, name in
            let quoted = Self.bytes { output in
                output.append(quoted: name)
                output.append(UInt8(ascii: ":"))
            }
            return (name, quoted)
        }
    }

    private static func bytes(_ body: (inout JSONBytes) -> Void) -> [UInt8] {
        var output = JSONBytes()
        body(&output)
        return output.bytes
    }
}

extension EventSchema {
    /// The names of the fields, each once: one that is empty, or stands for an earlier field, is "#" and its place.
    package var uniqueFieldNames: [String] {
        var seen: Set<String> = []
        return fields.enumerated().map { place, field in
            field.name.isEmpty || !seen.insert(field.name).inserted ? "#\(place + 1)" : field.name
        }
    }
}
