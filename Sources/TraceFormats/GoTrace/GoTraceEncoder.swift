internal import TraceCore

/// Makes an execution trace of Go of a timeline. It knows no sink, so that its code is compiled for what it is, whoever uses it.
///
/// Invariants:
/// 1. A thread's first events are the states of its processor and its goroutine. Otherwise Go refuses the user events behind.
/// 2. Times of a thread do not go backward, within and between batches. Otherwise the delta is none that the format has.
/// 3. A region ends with the name that it began with, last in, first out. Otherwise Go refuses the trace.
/// 4. No number of a task comes twice. Otherwise Go refuses the second begin, and the trace.
/// 5. Begins from before the window stand in a lane of their own, one nanosecond earlier than the window's events of the same
///    time. Otherwise they would break 2, or a task's end could come before its begin.
struct GoTraceEncoder: TimelineSink {
    /// Bytes to be written.
    var output = LaneBytes()
    private var strings = GoTraceStrings()
    /// By place in the timeline's threads; the last is for begins from before the window.
    private var lanes: [Lane] = []
    private var buffered = 0
    /// Nanoseconds since 1970 that are ``Self/firstTick``.
    private var base: Int64 = 0
    private var latest: Int64 = .min
    /// Of open asynchronous spans, by their numbers. Tasks are numbered anew: a damaged file may have a number twice.
    private var tasks: [UInt64: UInt64] = [:]
    private var lastTask: UInt64 = 0
    /// By schema id.
    private var schemas: [SchemaTexts?] = []
    private var text = ""

    private struct Lane {
        var data = LaneBytes()
        /// Ticks of the batch's begin, and of its last event so far.
        var start: UInt64 = 0
        var last: UInt64 = 0
        var hasBegun = false
        /// Of its open regions.
        var names: [UInt64] = []

        /// Appends an event: in front of a lane's first, the states that Go wants to know. Returns the bytes.
        mutating func add(
            _ kind: GoTraceKind, _ ordinal: UInt64, at ticks: UInt64, _ first: UInt64, _ second: UInt64,
            _ third: UInt64?, _ fourth: UInt64?
        ) -> Int {
            let before = data.count
            let time = max(ticks, last)
            if data.isEmpty {
                start = time
                last = time
            }
            if !hasBegun {
                hasBegun = true
                let states: [UInt64] = [
                    UInt64(GoTraceKind.procStatus.rawValue), 0, ordinal, 1,
                    UInt64(GoTraceKind.goStatusStack.rawValue), 0, ordinal, ordinal, 2, ordinal,
                ]
                for word in states { data.append(varint: word) }
            }
            data.append(kind.rawValue)
            data.append(varint: time - last)
            last = time
            data.append(varint: first)
            data.append(varint: second)
            if let third { data.append(varint: third) }
            if let fourth { data.append(varint: fourth) }
            return data.count - before
        }
    }

    /// Numbers in the string table, and labels.
    private struct SchemaTexts {
        var category: UInt64
        var name: UInt64
        /// Category and name.
        var both: UInt64
        var labels: [String]
    }

    /// No event stands at 0, which Go's reader takes for "not known yet".
    private static var firstTick: UInt64 { 2 }

    mutating func begin(_ context: TimelineContext) throws {
        lanes = Array(repeating: Lane(), count: context.threads.count + 1)
        schemas = Array(repeating: nil, count: Int(context.index.schemas.keys.max() ?? 0) + 1)
        base = min(context.start, context.time(units: context.index.span.lowerBound))
        output.append(contentsOf: "go 1.26 trace\0\0\0".utf8)
        writeClock(context)
        writeStacks(context)
    }

    mutating func spanBegin(
        _ event: TimelineEvent, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        let texts = texts(event.schema)
        add(.userRegionBegin, event.thread, event.time, 0, texts.both, 0)
        lanes[event.thread].names.append(texts.both)
        if isCutOff { addLog("cut off: ", event, texts) }
        try addFields(event, texts, context, in: bytes)
        writeIfFull(event.thread)
    }

    mutating func spanEnd(
        _ event: TimelineEvent, isUnfinished: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        let texts = texts(event.schema)
        if isUnfinished { addLog("unfinished: ", event, texts) }
        try addFields(event, texts, context, in: bytes)
        add(.userRegionEnd, event.thread, event.time, 0, lanes[event.thread].names.popLast() ?? texts.both, 0)
        writeIfFull(event.thread)
    }

    mutating func asyncBegin(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        let texts = texts(event.schema)
        lastTask += 1
        tasks[span.number] = lastTask
        if isCutOff {
            let lane = lanes.count - 1
            let time = latest == .min ? event.time : min(event.time, latest)
            add(.userTaskBegin, lane, time, lastTask, 0, texts.both, 0)
            writeIfFull(lane)
            return
        }
        add(.userTaskBegin, event.thread, event.time, lastTask, 0, texts.both, 0)
        let suffix = span.taskName.map { " task name=\"\($0)\"" } ?? ""
        try addFields(event, texts, task: lastTask, suffix: suffix, context, in: bytes)
        writeIfFull(event.thread)
    }

    mutating func asyncEnd(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isUnfinished: Bool, _ context: TimelineContext,
        in bytes: RawSpan
    ) throws {
        let texts = texts(event.schema)
        let task = tasks.removeValue(forKey: span.number) ?? 0
        if isUnfinished { addLog("unfinished: ", event, texts, task: task) }
        // The number alone is what the task's begin has told.
        if event.schema.fields.count > 1 { try addFields(event, texts, task: task, context, in: bytes) }
        add(.userTaskEnd, event.thread, event.time, task, 0)
        writeIfFull(event.thread)
    }

    mutating func instant(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        try addRecord(event, context, in: bytes)
    }

    mutating func counter(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        try addRecord(event, context, in: bytes)
    }

    mutating func flow(
        _ event: TimelineEvent, number: UInt64, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        let step =
            switch event.schema.kind {
            case .flowBegin: " (flow begin)"
            case .flowEnd: " (flow end)"
            default: " (flow step)"
            }
        try addRecord(event, step: step, context, in: bytes)
    }

    mutating func lost(thread: Int, from: Int64, to: Int64, count: UInt64, _ context: TimelineContext) throws {
        let key = strings.interned("flight recorder")
        add(.userLog, thread, to, 0, key, strings.added("lost \(count) events"), 0)
        writeIfFull(thread)
    }

    mutating func end(_ context: TimelineContext) throws {
        for lane in lanes.indices { write(lane) }
        writeStrings()
        output.append(GoTraceKind.endOfGeneration.rawValue)
    }
}

extension GoTraceKind {
    static var procStatus: Self { Self(rawValue: 13) }
    static var userTaskBegin: Self { Self(rawValue: 40) }
    static var userTaskEnd: Self { Self(rawValue: 41) }
    static var userRegionBegin: Self { Self(rawValue: 42) }
    static var userRegionEnd: Self { Self(rawValue: 43) }
    static var userLog: Self { Self(rawValue: 44) }
    static var goStatusStack: Self { Self(rawValue: 48) }
}

// What events say.
extension GoTraceEncoder {
    private mutating func texts(_ schema: EventSchema) -> SchemaTexts {
        if let texts = schemas[Int(schema.id)] { return texts }
        let both = schema.category.isEmpty ? schema.name : "\(schema.category)/\(schema.name)"
        let texts = SchemaTexts(
            category: strings.interned(schema.category), name: strings.interned(schema.name),
            both: strings.interned(both), labels: schema.fields.map(\.label))
        schemas[Int(schema.id)] = texts
        return texts
    }

    /// A note of the exporter's own about a span.
    private mutating func addLog(
        _ note: String, _ event: TimelineEvent, _ texts: SchemaTexts, task: UInt64 = 0
    ) {
        let key = strings.interned("flight recorder")
        add(.userLog, event.thread, event.time, task, key, strings.added(note + event.schema.name), 0)
    }

    /// An event that is neither begin nor end: its name and fields, under its category.
    private mutating func addRecord(
        _ event: TimelineEvent, step: String = "", _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        let texts = texts(event.schema)
        if texts.labels.isEmpty, step.isEmpty {
            add(.userLog, event.thread, event.time, 0, texts.category, texts.name, 0)
        } else {
            try addFields(event, texts, step: step, context, in: bytes)
        }
        writeIfFull(event.thread)
    }

    /// A log of an event's name and fields, if it has any.
    private mutating func addFields(
        _ event: TimelineEvent, _ texts: SchemaTexts, task: UInt64 = 0, step: String = "", suffix: String = "",
        _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        guard let record = event.record, !texts.labels.isEmpty || !step.isEmpty || !suffix.isEmpty else { return }
        text.removeAll(keepingCapacity: true)
        text += event.schema.name
        text += step
        var number = 0
        try context.forEachArgument(of: record, event.schema, in: bytes) { _, value in
            text += " "
            text += texts.labels[number]
            text += "="
            value.write(to: &text)
            number += 1
        }
        text += suffix
        add(.userLog, event.thread, event.time, task, texts.category, strings.added(text), 0)
    }
}

// What becomes of it in bytes.
extension GoTraceEncoder {
    private mutating func add(
        _ kind: GoTraceKind, _ lane: Int, _ time: Int64, _ first: UInt64, _ second: UInt64, _ third: UInt64? = nil,
        _ fourth: UInt64? = nil
    ) {
        let isEarly = lane == lanes.count - 1
        if !isEarly { latest = max(latest, time) }
        let (distance, overflow) = time.subtractingReportingOverflow(base)
        let ticks = Self.firstTick - (isEarly ? 1 : 0) + UInt64(max(0, overflow ? (time < base ? 0 : .max) : distance))
        buffered += lanes[lane].add(kind, UInt64(lane + 1), at: ticks, first, second, third, fourth)
    }

    private mutating func writeIfFull(_ lane: Int) {
        if lanes[lane].data.count >= LaneBytes.batchLimit { write(lane) }
        if strings.pending.count >= LaneBytes.batchLimit { writeStrings() }
        if buffered >= LaneBytes.totalLimit {
            for lane in lanes.indices { write(lane) }
        }
    }

    private mutating func write(_ lane: Int) {
        guard !lanes[lane].data.isEmpty else { return }
        writeBatch(UInt64(lane + 1), lanes[lane].start, lanes[lane].data)
        buffered -= lanes[lane].data.count
        lanes[lane].data.removeAll(lanes: lanes.count)
    }

    private mutating func writeStrings() {
        guard !strings.pending.isEmpty else { return }
        var data = LaneBytes()
        data.append(GoTraceKind.strings.rawValue)
        data.append(contentsOf: strings.pending.bytes)
        strings.removePending()
        writeBatch(GoTraceBatch.noThread, Self.firstTick, data)
    }

    private mutating func writeBatch(_ thread: UInt64, _ time: UInt64, _ data: LaneBytes) {
        precondition(data.count <= GoTraceBatch.maximumByteCount)
        output.append(GoTraceKind.eventBatch.rawValue)
        output.append(varint: 1)
        output.append(varint: thread)
        output.append(varint: time)
        output.append(varint: UInt64(data.count))
        output.append(contentsOf: data.bytes)
    }

    /// Ticks are nanoseconds, few enough that Go's conversion by floating point is exact.
    private mutating func writeClock(_ context: TimelineContext) {
        let start = context.conversion.start
        let (distance, overflow) = base.subtractingReportingOverflow(start.wall)
        let monotonic = Int64(clamping: start.monotonic).addingReportingOverflow(overflow ? 0 : distance)
        var data = LaneBytes()
        data.append(GoTraceKind.sync.rawValue)
        data.append(GoTraceKind.frequency.rawValue)
        data.append(varint: 1_000_000_000)
        data.append(GoTraceKind.clockSnapshot.rawValue)
        data.append(varint: 0)
        data.append(varint: UInt64(max(0, monotonic.overflow ? 0 : monotonic.partialValue)))
        data.append(varint: UInt64(max(0, base) / 1_000_000_000))
        data.append(varint: UInt64(max(0, base) % 1_000_000_000))
        writeBatch(GoTraceBatch.noThread, Self.firstTick, data)
    }

    /// `go tool trace` calls a goroutine after a function of its stack: each gets one of one frame, the thread's name.
    private mutating func writeStacks(_ context: TimelineContext) {
        var data = LaneBytes()
        for lane in lanes.indices {
            if data.isEmpty { data.append(GoTraceKind.stacks.rawValue) }
            var name = "before the window"
            if lane < context.threads.count {
                let thread = context.threads[lane]
                name = thread.name.isEmpty ? "thread \(thread.id)" : "\(thread.name) (\(thread.id))"
            }
            let ordinal = UInt64(lane + 1)
            data.append(GoTraceKind.stack.rawValue)
            // Its id, one frame: program counter, function, file, line.
            for word in [ordinal, 1, ordinal, strings.interned(name), 0, 0] { data.append(varint: word) }
            if data.count >= LaneBytes.batchLimit || lane == lanes.count - 1 {
                writeBatch(GoTraceBatch.noThread, Self.firstTick, data)
                data.removeAll()
            }
            if strings.pending.count >= LaneBytes.batchLimit { writeStrings() }
        }
    }
}
