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
    private var output: OutputBuffer<Sink>
    /// The event that is put together.
    private var line = EncodingBuffer()
    /// By schema id.
    private var plans: [ChromePlan?] = []
    private var zero = MonotonicTime(ClockPair(ticks: 0, monotonic: 0, wall: 0, width: 0))
    /// `,"pid":1,"tid":2,"ts":` of each thread.
    private var threads: [[UInt8]] = []
    private var losses: UInt64 = 0
    private var isFirst = true
    private var hasArguments = false

    public init(to sink: consuming Sink) { output = OutputBuffer(to: sink) }

    /// Writes what is buffered and gives the sink back.
    public consuming func finish() throws -> Sink { try output.finish() }

    public mutating func begin(_ context: TimelineContext) throws {
        zero = MonotonicTime(context.index.header.start)
        plans = Array(repeating: nil, count: Int(context.index.schemas.keys.max() ?? 0) + 1)
        for schema in context.index.schemas.values { plans[Int(schema.id)] = ChromePlan(schema) }
        let unique = UniqueThreads(context)
        threads = unique.threads.map { Array(",\"pid\":\(unique.process),\"tid\":\($0.id),\"ts\":".utf8) }
        line.put("{\"displayTimeUnit\":\"ns\",\"otherData\":{\"clock\":\"monotonic\",\"monotonic ns\":\"")
        line.put(decimal: zero.monotonic)
        line.put("\",\"wall clock then, ns since 1970\":\"")
        line.put(decimal: zero.wall)
        line.put("\"")
        if let reason = context.index.snapshot?.reason, !reason.isEmpty {
            line.put(",\"reason\":")
            line.put(jsonString: reason)
        }
        if let problem = context.index.problem {
            line.put(",\"incomplete file\":")
            line.put(jsonString: "\(problem)")
        }
        line.put("},\n\"traceEvents\":[")
        try flush()
        try tell("process_name", context.processName, unique.process, thread: unique.process)
        for thread in unique.threads { try tell("thread_name", thread.name, unique.process, thread: thread.id) }
    }

    private mutating func tell(_ what: String, _ name: String, _ process: UInt32, thread: UInt32) throws {
        guard !name.isEmpty else { return }
        startEvent()
        let head = "{\"ph\":\"M\",\"name\":\"\(what)\",\"pid\":\(process),\"tid\":\(thread),\"args\":{\"name\":"
        line.put(head)
        line.put(jsonString: name)
        line.put("}}")
        try flush()
    }

    public mutating func end(_ context: TimelineContext) throws {
        line.put("\n]}\n")
        try flush()
    }

    private mutating func flush() throws {
        output.append(contentsOf: line.bytes)
        line.removeAll()
        try output.flushIfFull()
    }

    @inline(__always)
    private func plan(_ event: borrowing TimelineEvent) -> ChromePlan { plans[Int(event.schema.id)]! }
}

/// Pieces of an event.
extension ChromeExporter where Sink: ~Copyable {
    private mutating func startEvent() {
        line.put(isFirst ? "\n" : ",\n")
        isFirst = false
        hasArguments = false
    }

    @inline(__always)
    private mutating func start(_ head: [UInt8], thread: Int, at time: Int64) {
        startEvent()
        line.put(head)
        line.put(threads[thread])
        line.put(microseconds: zero.nanoseconds(time))
    }

    private mutating func put(id number: UInt64) {
        line.put(",\"id\":\"")
        line.put(hexadecimal: number)
        line.put("\"")
    }

    private mutating func startArgument() {
        line.put(hasArguments ? "," : ",\"args\":{")
        hasArguments = true
    }

    private mutating func put(_ mark: ChromeMark) {
        startArgument()
        line.put(jsonString: mark.rawValue)
        line.put(":")
    }

    private mutating func putFlag(_ mark: ChromeMark) {
        put(mark)
        line.put("true")
    }

    /// Ends the event.
    private mutating func finishEvent() throws {
        line.put(hasArguments ? "}}" : "}")
        try flush()
    }

    private mutating func putArguments(
        of event: borrowing TimelineEvent, _ plan: ChromePlan, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        guard let record = event.record else { return }
        switch record.shape {
        case .none: break
        case .one, .two, .three:
            let words = record.words
            for number in plan.fields.indices {
                put(plan.fields[number], number == 0 ? words.0 : number == 1 ? words.1 : words.2, context)
            }
        case .text:
            if let field = plan.fields.first { put(field, record.payload, record.isTruncated, bytes) }
        case .wide:
            var rest = record.wideFields
            for field in plan.fields {
                if field.type == .string {
                    let (range, isTruncated) = try rest.text(in: bytes)
                    put(field, range, isTruncated, bytes)
                } else {
                    put(field, try rest.number(in: bytes), context)
                }
            }
        }
    }

    private mutating func put(
        _ field: ChromePlan.Field, _ range: Range<Int>, _ isTruncated: Bool, _ bytes: RawSpan
    ) {
        startArgument()
        line.put(field.key)
        bytes.withRepairedText(range) { line.put(jsonString: $0) }
        if isTruncated {
            startArgument()
            line.put(field.truncatedKey)
            line.put("true")
        }
    }

    private mutating func put(_ field: ChromePlan.Field, _ word: UInt64, _ context: TimelineContext) {
        startArgument()
        line.put(field.key)
        switch field.type {
        case .unsigned: line.put(json: word)
        case .signed: line.put(json: FieldType.signed(word: word))
        case .double: line.put(json: FieldType.double(word: word))
        case .float: line.put(json: FieldType.float(word: word))
        case .boolean: line.put(word == 0 ? "false" : "true")
        case .pointer:
            line.put("\"")
            line.put(hexadecimal: word)
            line.put("\"")
        case .staticString, .string: line.put(jsonString: context.text(word))
        }
    }
}

/// Events.
extension ChromeExporter where Sink: ~Copyable {
    public mutating func spanBegin(
        _ event: TimelineEvent, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        let plan = plan(event)
        start(plan.sliceBegin, thread: event.thread, at: event.time)
        try putArguments(of: event, plan, context, in: bytes)
        if isCutOff { putFlag(.cutOff) }
        try finishEvent()
    }

    public mutating func spanEnd(
        _ event: TimelineEvent, isUnfinished: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        let plan = plan(event)
        start(plan.sliceEnd, thread: event.thread, at: event.time)
        try putArguments(of: event, plan, context, in: bytes)
        if isUnfinished { putFlag(.unfinished) }
        try finishEvent()
    }

    public mutating func asyncBegin(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        let plan = plan(event)
        start(plan.head, thread: event.thread, at: event.time)
        put(id: span.number)
        try putArguments(of: event, plan, context, in: bytes)
        if let name = span.taskName {
            put(.task)
            line.put(jsonString: name)
        }
        if isCutOff { putFlag(.cutOff) }
        try finishEvent()
    }

    /// The number in its first field is its `id`.
    public mutating func asyncEnd(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isUnfinished: Bool, _ context: TimelineContext,
        in bytes: RawSpan
    ) throws {
        let plan = plan(event)
        start(plan.asyncEnd, thread: event.thread, at: event.time)
        put(id: span.number)
        if isUnfinished { putFlag(.unfinished) }
        try finishEvent()
    }

    /// On its thread.
    public mutating func instant(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        let plan = plan(event)
        start(plan.head, thread: event.thread, at: event.time)
        line.put(",\"s\":\"t\"")
        try putArguments(of: event, plan, context, in: bytes)
        try finishEvent()
    }

    /// All of a counter's fields are series of it. A value that is no finite number has no place there, and is left out.
    public mutating func counter(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        let plan = plan(event)
        guard let record = event.record, let field = plan.fields.first, field.type != .string else { return }
        let value = ArgumentValue(word: try context.firstWord(of: record, in: bytes), field.type, context)
        guard let number = value.number, number.isFinite else { return }
        start(plan.head, thread: event.thread, at: event.time)
        startArgument()
        line.put(field.key)
        switch value {
        case .unsigned(let value), .pointer(let value): line.put(decimal: value)
        case .signed(let value): line.put(decimal: value)
        case .float(let value): line.put(json: value)
        default: line.put(json: number)
        }
        try finishEvent()
    }

    public mutating func flow(
        _ event: TimelineEvent, number: UInt64, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        let plan = plan(event)
        start(plan.sliceBegin, thread: event.thread, at: event.time)
        try putArguments(of: event, plan, context, in: bytes)
        try finishEvent()
        start(plan.head, thread: event.thread, at: event.time)
        put(id: number)
        // Of the slice around it, not of the next.
        if plan.kind == .flowEnd { line.put(",\"bp\":\"e\"") }
        try finishEvent()
        start(plan.sliceEnd, thread: event.thread, at: event.time)
        try finishEvent()
    }

    public mutating func lost(thread: Int, from: Int64, to: Int64, count: UInt64, _ context: TimelineContext) throws {
        let name = ChromePlan.json("lost \(count) events")
        losses += 1
        for (phase, time) in [("b", min(from, to)), ("e", to)] {
            let head = Array("{\"ph\":\"\(phase)\",\"name\":".utf8) + name + Array(",\"cat\":\"lost events\"".utf8)
            start(head, thread: thread, at: time)
            put(id: losses)
            if phase == "b" {
                put(.lost)
                line.put(json: count)
            }
            try finishEvent()
        }
    }
}
