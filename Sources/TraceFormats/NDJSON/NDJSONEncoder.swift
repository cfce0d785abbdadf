internal import TraceCore

/// Makes the lines of JSON of a timeline. It knows no sink, so that its code is compiled for what it is, whoever uses it.
struct NDJSONEncoder: ~Copyable {
    /// Whole lines, to be taken by who writes them.
    var line = EncodingBuffer(capacity: Self.limit + (64 << 10))
    private let isISO: Bool
    private var clock = WallTimeText()
    /// By schema id.
    private var plans: [NDJSONPlan?] = []
    /// `,"thread":1` of each thread.
    private var threads: [[UInt8]] = []
    /// By thread, the starts of open spans.
    private var starts: [[Int64]] = []
    private var asyncStarts: [UInt64: Int64] = [:]
    /// Where the line that is put together begins.
    private var lineStart = 0

    /// Bytes that are kept before they are written.
    private static var limit: Int { 256 << 10 }

    init(isISO: Bool) { self.isISO = isISO }

    @inline(__always)
    var isFull: Bool { line.count >= Self.limit }

    mutating func begin(_ context: TimelineContext) {
        plans = Array(repeating: nil, count: Int(context.index.schemas.keys.max() ?? 0) + 1)
        for schema in context.index.schemas.values { plans[Int(schema.id)] = NDJSONPlan(schema) }
        threads = context.threads.indices.map { Array(",\"thread\":\($0)".utf8) }
        starts = Array(repeating: [], count: context.threads.count)
        line.put("{\"type\":\"process\",\"process\":")
        line.put(decimal: UInt64(context.processID))
        line.put(",\"name\":")
        line.put(jsonString: context.processName)
        line.put(",\"from\":")
        put(time: context.start)
        line.put(",\"to\":")
        put(time: context.end)
        line.put(",\"reason\":")
        line.put(jsonString: context.index.snapshot?.reason ?? "")
        line.put("}\n")
        for (place, thread) in context.threads.enumerated() {
            line.put("{\"type\":\"thread\"")
            line.put(threads[place])
            line.put(",\"id\":")
            line.put(decimal: UInt64(thread.id))
            line.put(",\"lane\":")
            line.put(decimal: UInt64(thread.lane))
            line.put(",\"name\":")
            line.put(jsonString: thread.name)
            line.put("}\n")
        }
    }

    mutating func spanBegin(
        _ event: borrowing TimelineEvent, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        starts[event.thread].append(event.time)
        try open("begin", event, context, bytes)
        if isCutOff { line.put(",\"cutOff\":true") }
        close()
    }

    mutating func spanEnd(
        _ event: borrowing TimelineEvent, isUnfinished: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try open("end", event, context, bytes)
        if let start = starts[event.thread].popLast() { put(duration: start, event.time) }
        if isUnfinished { line.put(",\"unfinished\":true") }
        close()
    }

    mutating func asyncBegin(
        _ event: borrowing TimelineEvent, _ span: TimelineAsyncSpan, isCutOff: Bool, _ context: TimelineContext,
        in bytes: RawSpan
    ) throws {
        asyncStarts[span.number] = event.time
        try open("asyncBegin", event, context, bytes)
        put(span)
        if isCutOff { line.put(",\"cutOff\":true") }
        close()
    }

    mutating func asyncEnd(
        _ event: borrowing TimelineEvent, _ span: TimelineAsyncSpan, isUnfinished: Bool, _ context: TimelineContext,
        in bytes: RawSpan
    ) throws {
        try open("asyncEnd", event, context, bytes)
        put(span)
        if let start = asyncStarts.removeValue(forKey: span.number) { put(duration: start, event.time) }
        if isUnfinished { line.put(",\"unfinished\":true") }
        close()
    }

    mutating func plain(
        _ type: StaticString, _ event: borrowing TimelineEvent, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try open(type, event, context, bytes)
        close()
    }

    mutating func flow(
        _ event: borrowing TimelineEvent, number: UInt64, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        switch event.entry.schema.kind {
        case .flowBegin: try open("flowBegin", event, context, bytes)
        case .flowStep: try open("flowStep", event, context, bytes)
        default: try open("flowEnd", event, context, bytes)
        }
        line.put(",\"flow\":")
        line.put(decimal: number)
        close()
    }

    mutating func lost(thread: Int, from: Int64, to: Int64, count: UInt64) {
        line.put("{\"type\":\"lost\",\"time\":")
        put(time: to)
        line.put(threads[thread])
        line.put(",\"from\":")
        put(time: from)
        line.put(",\"count\":")
        line.put(decimal: count)
        close()
    }
}

/// Pieces of a line.
extension NDJSONEncoder {
    /// A line up to the arguments.
    private mutating func open(
        _ type: StaticString, _ event: borrowing TimelineEvent, _ context: TimelineContext, _ bytes: RawSpan
    ) throws {
        lineStart = line.count
        line.put("{\"type\":\"")
        line.put(type)
        line.put("\",\"time\":")
        put(time: event.time)
        line.put(threads[event.thread])
        let plan = plans[Int(event.entry.schema.id)]!
        line.put(plan.head)
        guard let record = event.record, !plan.arguments.isEmpty else { return }
        line.put(",\"args\":")
        var cut: [Int] = []
        do {
            try line.put(arguments: plan.arguments, of: record, context, in: bytes) { cut.append($0) }
        } catch {
            // So that what is written ends with a whole line.
            line.removeAll(from: lineStart)
            throw error
        }
        guard !cut.isEmpty else { return }
        line.put(",\"truncated\":[")
        for (index, place) in cut.enumerated() {
            if index > 0 { line.put(",") }
            line.put(jsonString: plan.arguments[place].name)
        }
        line.put("]")
    }

    @inline(__always)
    private mutating func close() { line.put("}\n") }

    private mutating func put(time: Int64) {
        guard isISO else { return line.put(decimal: time) }
        line.put("\"")
        clock.put(time, to: &line)
        line.put("\"")
    }

    private mutating func put(duration start: Int64, _ end: Int64) {
        line.put(",\"duration\":")
        line.put(decimal: max(0, end &- start))
    }

    private mutating func put(_ span: TimelineAsyncSpan) {
        line.put(",\"span\":")
        line.put(decimal: span.number)
        if span.task != 0 {
            line.put(",\"task\":")
            line.put(decimal: span.task)
        }
        if let name = span.taskName {
            line.put(",\"taskName\":")
            line.put(jsonString: name)
        }
    }
}

/// What of an event's lines is the same each time. A reference, as each event asks for one.
private final class NDJSONPlan {
    /// `,"name":"...","category":"..."`
    let head: [UInt8]
    let arguments: [JSONArgument]

    init(_ schema: EventSchema) {
        var buffer = EncodingBuffer()
        buffer.put(",\"name\":")
        buffer.put(jsonString: schema.name)
        buffer.put(",\"category\":")
        buffer.put(jsonString: schema.category)
        head = Array(buffer.bytes)
        arguments = JSONArgument.all(of: schema)
    }
}
