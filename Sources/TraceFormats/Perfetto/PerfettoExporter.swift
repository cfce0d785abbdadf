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
    private var packets: PerfettoPackets<Sink>
    /// By schema id.
    private var plans: [PerfettoPlan?] = []
    private var tracks = PerfettoTracks(threadCount: 0)
    private var threads = UniqueThreads()
    private var zero = MonotonicTime(ClockPair(ticks: 0, monotonic: 0, wall: 0, width: 0))
    /// Tracks that were told: of counters by schema id, of losses by thread.
    private var counters: [Bool] = []
    private var losses: [Bool] = []

    public init(to sink: consuming Sink) { packets = PerfettoPackets(to: sink) }

    /// Writes what is buffered and gives the sink back.
    public consuming func finish() throws -> Sink { try packets.finish() }

    public mutating func begin(_ context: TimelineContext) throws {
        let numbers = PerfettoNumbers(context.index)
        tracks = PerfettoTracks(threadCount: context.threads.count)
        zero = MonotonicTime(context.index.header.start)
        plans = Array(repeating: nil, count: Int(context.index.schemas.keys.max() ?? 0) + 1)
        for schema in context.index.schemas.values { plans[Int(schema.id)] = PerfettoPlan(schema, numbers) }
        counters = Array(repeating: false, count: plans.count)
        losses = Array(repeating: false, count: context.threads.count)
        packets.strings = Set(context.index.strings.keys)

        threads = UniqueThreads(context)
        let preamble = PerfettoPreamble(context: context, tracks: tracks, threads: threads)
        try packets.write(
            PerfettoField.Packet.defaults, preamble.defaults,
            flags: PerfettoValue.stateCleared | PerfettoValue.needsState)
        try packets.write(PerfettoField.Packet.clockSnapshot, preamble.clocks(zero))
        try intern(numbers)
        try packets.write(PerfettoField.Packet.track, preamble.processTrack)
        for thread in context.threads.indices {
            try packets.write(PerfettoField.Packet.track, preamble.threadTrack(thread))
        }
    }

    private mutating func intern(_ numbers: PerfettoNumbers) throws {
        var content = ProtoMessage()
        for (table, number, text) in numbers.entries {
            var entry = ProtoMessage()
            entry.number(PerfettoField.Interned.id, number)
            entry.text(PerfettoField.Interned.text, text)
            content.message(table, entry)
            if content.bytes.count >= 32 << 10 {
                try packets.write(PerfettoField.Packet.internedData, content)
                content = ProtoMessage()
            }
        }
        if !content.bytes.isEmpty { try packets.write(PerfettoField.Packet.internedData, content) }
    }

    @inline(__always)
    private func plan(_ event: borrowing TimelineEvent) -> PerfettoPlan { plans[Int(event.schema.id)]! }

    public mutating func end(_ context: TimelineContext) {}
}

/// Events of threads.
extension PerfettoExporter where Sink: ~Copyable {
    @inline(__always)
    private mutating func add(
        _ event: borrowing TimelineEvent, track: UInt64, _ bytes: RawSpan, mark: PerfettoMark? = nil
    ) throws {
        let plan = plan(event)
        packets.begin(plan, track: track)
        if let record = event.record { try packets.putArguments(of: record, plan, in: bytes) }
        if let mark { packets.put(mark) }
        try packets.end(at: zero.nanoseconds(event.time))
    }

    public mutating func spanBegin(
        _ event: TimelineEvent, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws { try add(event, track: tracks.thread(event.thread), bytes, mark: isCutOff ? .cutOff : nil) }

    /// Where the schema is that of a begin, because the end is not recorded, its fields are not told again.
    public mutating func spanEnd(
        _ event: TimelineEvent, isUnfinished: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        guard isUnfinished else { return try add(event, track: tracks.thread(event.thread), bytes) }
        try addUnfinishedEnd(event, track: tracks.thread(event.thread))
    }

    private mutating func addUnfinishedEnd(_ event: TimelineEvent, track: UInt64) throws {
        packets.body.put(UInt8(PerfettoField.Event.type.tag(.varint)))
        packets.body.put(UInt8(PerfettoValue.EventType.end))
        packets.body.put(UInt8(PerfettoField.Event.track.tag(.varint)))
        packets.body.put(varint: track)
        packets.put(.unfinished)
        try packets.end(at: zero.nanoseconds(event.time))
    }

    public mutating func instant(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        try add(event, track: tracks.thread(event.thread), bytes)
    }

    public mutating func flow(
        _ event: TimelineEvent, number: UInt64, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        let plan = plan(event)
        packets.begin(plan, track: tracks.thread(event.thread))
        let field = plan.kind == .flowEnd ? PerfettoField.Event.endingFlows : PerfettoField.Event.flows
        packets.body.put(varint: field.tag(.fixed64))
        packets.body.put(fixed: number)
        if let record = event.record { try packets.putArguments(of: record, plan, in: bytes) }
        try packets.end(at: zero.nanoseconds(event.time))
    }
}

/// What has tracks of its own.
extension PerfettoExporter where Sink: ~Copyable {
    public mutating func asyncBegin(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        let track = tracks.span(span.number)
        try tellTrack(track, of: span, plan(event).name, at: event.time)
        let plan = plan(event)
        packets.begin(plan, track: track)
        if let record = event.record {
            try packets.putArguments(of: record, plan, in: bytes)
        } else {
            packets.put(.span, span.number)
        }
        packets.put(.thread, UInt64(threads.threads[event.thread].id))
        if isCutOff { packets.put(.cutOff) }
        try packets.end(at: zero.nanoseconds(event.time))
    }

    private mutating func tellTrack(
        _ track: UInt64, of span: TimelineAsyncSpan, _ name: String, at time: Int64
    ) throws {
        func put(_ field: PerfettoField, _ text: String) {
            packets.body.put(varint: field.tag(.bytes))
            packets.body.put(varint: UInt64(text.utf8.count))
            packets.body.put(text)
        }
        packets.body.put(UInt8(PerfettoField.Track.uuid.tag(.varint)))
        packets.body.put(varint: track)
        packets.body.put(UInt8(PerfettoField.Track.parent.tag(.varint)))
        packets.body.put(varint: tracks.process)
        put(PerfettoField.Track.name, span.taskName ?? name)
        if let taskName = span.taskName {
            packets.body.put(UInt8(PerfettoField.Track.mergeBehavior.tag(.varint)))
            packets.body.put(UInt8(PerfettoValue.mergeByKey))
            // Tasks of the same name stay apart, and so does what a number stands for later on.
            put(PerfettoField.Track.mergeKey, "task \(span.task) \(taskName)")
        }
        try packets.writeBody(as: PerfettoField.Packet.track.tag(.bytes), at: zero.nanoseconds(time))
    }

    /// The number in its first field is told at the begin.
    public mutating func asyncEnd(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isUnfinished: Bool, _ context: TimelineContext,
        in bytes: RawSpan
    ) throws {
        let track = tracks.span(span.number)
        if isUnfinished { return try addUnfinishedEnd(event, track: track) }
        packets.begin(plan(event), track: track)
        packets.put(.endThread, UInt64(threads.threads[event.thread].id))
        try packets.end(at: zero.nanoseconds(event.time))
    }

    /// A value that is no number has no place on a counter's track, and is left out.
    public mutating func counter(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        let plan = plan(event)
        guard let record = event.record, let type = plan.fields.first?.type, type != .string, type != .staticString
        else { return }
        let id = event.schema.id
        if !counters[Int(id)] {
            counters[Int(id)] = true
            let preamble = PerfettoPreamble(context: context, tracks: tracks, threads: threads)
            try packets.write(PerfettoField.Packet.track, preamble.counterTrack(id, plan))
        }
        packets.begin(plan, track: tracks.counter(id))
        switch ArgumentValue(word: try context.firstWord(of: record, in: bytes), type, context) {
        case .unsigned(let value) where value <= UInt64(Int64.max): put(value: Int64(value))
        case .signed(let value): put(value: value)
        case let value: put(value: value.number ?? 0)
        }
        try packets.end(at: zero.nanoseconds(event.time))
    }

    @inline(__always)
    private mutating func put(value: Int64) {
        packets.body.put(varint: PerfettoField.Event.counterValue.tag(.varint))
        packets.body.put(varint: UInt64(bitPattern: value))
    }

    @inline(__always)
    private mutating func put(value: Double) {
        packets.body.put(varint: PerfettoField.Event.doubleCounterValue.tag(.fixed64))
        packets.body.put(fixed: value.bitPattern)
    }

    public mutating func lost(thread: Int, from: Int64, to: Int64, count: UInt64, _ context: TimelineContext) throws {
        if !losses[thread] {
            losses[thread] = true
            let preamble = PerfettoPreamble(context: context, tracks: tracks, threads: threads)
            try packets.write(PerfettoField.Packet.track, preamble.lossTrack(ofThread: thread))
        }
        let name = "lost \(count) events"
        packets.body.put(UInt8(PerfettoField.Event.type.tag(.varint)))
        packets.body.put(UInt8(PerfettoValue.EventType.begin))
        packets.body.put(UInt8(PerfettoField.Event.track.tag(.varint)))
        packets.body.put(varint: tracks.losses(ofThread: thread))
        packets.body.put(varint: PerfettoField.Event.name.tag(.bytes))
        packets.body.put(varint: UInt64(name.utf8.count))
        packets.body.put(name)
        packets.put(.lost, count)
        try packets.end(at: zero.nanoseconds(min(from, to)))
        packets.body.put(UInt8(PerfettoField.Event.type.tag(.varint)))
        packets.body.put(UInt8(PerfettoValue.EventType.end))
        packets.body.put(UInt8(PerfettoField.Event.track.tag(.varint)))
        packets.body.put(varint: tracks.losses(ofThread: thread))
        try packets.end(at: zero.nanoseconds(to))
    }
}
