internal import TraceCore

/// Makes Chrome's JSON of a timeline. It knows no sink, so that its code is compiled for what it is, whoever uses it.
struct ChromeEncoder: ~Copyable {
    /// Whole events, to be taken by who writes them.
    var line = EncodingBuffer(capacity: Self.limit + (64 << 10))
    /// By schema id.
    private var plans: [ChromePlan?] = []
    private var zero = MonotonicTime(ClockPair(ticks: 0, monotonic: 0, wall: 0, width: 0))
    /// `,"pid":1,"tid":2,"ts":` of each thread.
    private var threads: [[UInt8]] = []
    private var losses: UInt64 = 0
    /// Where the event that is put together begins.
    private var eventStart = 0
    private var isFirst = true
    private var hasArguments = false

    /// Bytes that are kept before they are written.
    private static var limit: Int { 256 << 10 }

    @inline(__always)
    var isFull: Bool { line.count >= Self.limit }

    mutating func begin(_ context: TimelineContext) {
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
        tell("process_name", context.processName, unique.process, thread: unique.process)
        for thread in unique.threads { tell("thread_name", thread.name, unique.process, thread: thread.id) }
    }

    private mutating func tell(_ what: String, _ name: String, _ process: UInt32, thread: UInt32) {
        guard !name.isEmpty else { return }
        startEvent()
        let head = "{\"ph\":\"M\",\"name\":\"\(what)\",\"pid\":\(process),\"tid\":\(thread),\"args\":{\"name\":"
        line.put(head)
        line.put(jsonString: name)
        line.put("}}")
    }

    mutating func end() {
        line.put("\n]}\n")
    }

    @inline(__always)
    private func plan(_ event: borrowing TimelineEvent) -> ChromePlan { plans[Int(event.entry.schema.id)]! }
}

/// Pieces of an event.
extension ChromeEncoder {
    private mutating func startEvent() {
        eventStart = line.count
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
    private mutating func finishEvent() {
        line.put(hasArguments ? "}}" : "}")
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
            do {
                try putWide(record, plan, context, in: bytes)
            } catch {
                // So that what is written ends with a whole event.
                line.removeAll(from: eventStart)
                throw error
            }
        }
    }

    private mutating func putWide(
        _ record: Record, _ plan: ChromePlan, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
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
extension ChromeEncoder {
    mutating func spanBegin(
        _ event: borrowing TimelineEvent, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        let plan = plan(event)
        start(plan.sliceBegin, thread: event.thread, at: event.time)
        try putArguments(of: event, plan, context, in: bytes)
        if isCutOff { putFlag(.cutOff) }
        finishEvent()
    }

    mutating func spanEnd(
        _ event: borrowing TimelineEvent, isUnfinished: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        let plan = plan(event)
        start(plan.sliceEnd, thread: event.thread, at: event.time)
        try putArguments(of: event, plan, context, in: bytes)
        if isUnfinished { putFlag(.unfinished) }
        finishEvent()
    }

    mutating func asyncBegin(
        _ event: borrowing TimelineEvent, _ span: TimelineAsyncSpan, isCutOff: Bool, _ context: TimelineContext,
        in bytes: RawSpan
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
        finishEvent()
    }

    mutating func asyncEnd(
        _ event: borrowing TimelineEvent, _ span: TimelineAsyncSpan, isUnfinished: Bool
    ) {
        let plan = plan(event)
        start(plan.asyncEnd, thread: event.thread, at: event.time)
        put(id: span.number)
        if isUnfinished { putFlag(.unfinished) }
        finishEvent()
    }

    mutating func instant(_ event: borrowing TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        let plan = plan(event)
        start(plan.head, thread: event.thread, at: event.time)
        line.put(",\"s\":\"t\"")
        try putArguments(of: event, plan, context, in: bytes)
        finishEvent()
    }

    mutating func counter(_ event: borrowing TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
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
        finishEvent()
    }

    mutating func flow(
        _ event: borrowing TimelineEvent, number: UInt64, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        let plan = plan(event)
        start(plan.sliceBegin, thread: event.thread, at: event.time)
        try putArguments(of: event, plan, context, in: bytes)
        finishEvent()
        start(plan.head, thread: event.thread, at: event.time)
        put(id: number)
        // Of the slice around it, not of the next.
        if plan.kind == .flowEnd { line.put(",\"bp\":\"e\"") }
        finishEvent()
        start(plan.sliceEnd, thread: event.thread, at: event.time)
        finishEvent()
    }

    mutating func lost(thread: Int, from: Int64, to: Int64, count: UInt64) {
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
            finishEvent()
        }
    }
}
