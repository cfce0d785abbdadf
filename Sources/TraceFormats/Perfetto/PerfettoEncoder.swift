internal import TraceCore

/// Makes Perfetto's packets of a timeline. It knows no sink, so that its code is compiled for what it is, whoever uses it.
///
/// Invariants:
/// 1. A track is told in front of its first event, and a text before what refers to it. Otherwise a reader drops the event.
/// 2. An event's template writes what `PerfettoPackets` writes in pieces, byte for byte. Otherwise an event would depend on
///    which of the two it took.
struct PerfettoEncoder: ~Copyable {
    var packets = PerfettoPackets()
    /// By schema id.
    private var plans: [PerfettoPlan?] = []
    private var templates: [PerfettoTemplate] = []
    private var tracks = PerfettoTracks(threadCount: 0)
    private var threads = UniqueThreads()
    private var zero = MonotonicTime(ClockPair(ticks: 0, monotonic: 0, wall: 0, width: 0))
    /// Tracks that were told: of counters by schema id, of losses by thread.
    private var counters: [Bool] = []
    private var losses: [Bool] = []

    mutating func begin(_ context: TimelineContext) {
        let numbers = PerfettoNumbers(context.index)
        tracks = PerfettoTracks(threadCount: context.threads.count)
        zero = MonotonicTime(context.index.header.start)
        plans = Array(repeating: nil, count: Int(context.index.schemas.keys.max() ?? 0) + 1)
        for schema in context.index.schemas.values { plans[Int(schema.id)] = PerfettoPlan(schema, numbers) }
        templates = plans.map { $0.map(PerfettoTemplate.init) ?? PerfettoTemplate() }
        counters = Array(repeating: false, count: plans.count)
        losses = Array(repeating: false, count: context.threads.count)
        packets.strings = Set(context.index.strings.keys)

        threads = UniqueThreads(context)
        let preamble = PerfettoPreamble(context: context, tracks: tracks, threads: threads)
        packets.write(
            PerfettoField.Packet.defaults, preamble.defaults,
            flags: PerfettoValue.stateCleared | PerfettoValue.needsState)
        packets.write(PerfettoField.Packet.clockSnapshot, preamble.clocks(zero))
        intern(numbers)
        packets.write(PerfettoField.Packet.track, preamble.processTrack)
        for thread in context.threads.indices {
            packets.write(PerfettoField.Packet.track, preamble.threadTrack(thread))
        }
    }

    private mutating func intern(_ numbers: PerfettoNumbers) {
        var content = ProtoMessage()
        for (table, number, text) in numbers.entries {
            var entry = ProtoMessage()
            entry.number(PerfettoField.Interned.id, number)
            entry.text(PerfettoField.Interned.text, text)
            content.message(table, entry)
            if content.bytes.count >= 32 << 10 {
                packets.write(PerfettoField.Packet.internedData, content)
                content = ProtoMessage()
            }
        }
        if !content.bytes.isEmpty { packets.write(PerfettoField.Packet.internedData, content) }
    }

    @inline(__always)
    private func plan(_ event: borrowing TimelineEvent) -> PerfettoPlan { plans[Int(event.entry.schema.id)]! }
}

/// Events of threads.
extension PerfettoEncoder {
    /// An event as its template has it, or piece by piece.
    @inline(__always)
    private mutating func add(_ event: borrowing TimelineEvent, in bytes: RawSpan) throws {
        let track = tracks.thread(event.thread)
        let time = zero.nanoseconds(event.time)
        if let record = event.record, templates[Int(record.schema)].takes(record.shape) {
            packets.put(templates[Int(record.schema)], track: track, at: time, record.words)
        } else {
            try addInPieces(event, track, bytes)
        }
    }

    @inline(never)
    private mutating func addInPieces(
        _ event: borrowing TimelineEvent, _ track: UInt64, _ bytes: RawSpan, mark: PerfettoMark? = nil
    ) throws {
        let plan = plan(event)
        packets.begin(plan, track: track)
        if let record = event.record { try packets.putArguments(of: record, plan, in: bytes) }
        if let mark { packets.put(mark) }
        packets.end(at: zero.nanoseconds(event.time))
    }

    mutating func spanBegin(_ event: borrowing TimelineEvent, isCutOff: Bool, in bytes: RawSpan) throws {
        guard isCutOff else { return try add(event, in: bytes) }
        try addInPieces(event, tracks.thread(event.thread), bytes, mark: .cutOff)
    }

    mutating func spanEnd(_ event: borrowing TimelineEvent, isUnfinished: Bool, in bytes: RawSpan) throws {
        guard isUnfinished else { return try add(event, in: bytes) }
        addUnfinishedEnd(event, track: tracks.thread(event.thread))
    }

    private mutating func addUnfinishedEnd(_ event: borrowing TimelineEvent, track: UInt64) {
        packets.body.put(UInt8(PerfettoField.Event.type.tag(.varint)))
        packets.body.put(UInt8(PerfettoValue.EventType.end))
        packets.body.put(UInt8(PerfettoField.Event.track.tag(.varint)))
        packets.body.put(varint: track)
        packets.put(.unfinished)
        packets.end(at: zero.nanoseconds(event.time))
    }

    mutating func instant(_ event: borrowing TimelineEvent, in bytes: RawSpan) throws { try add(event, in: bytes) }

    mutating func flow(_ event: borrowing TimelineEvent, number: UInt64, in bytes: RawSpan) throws {
        let plan = plan(event)
        packets.begin(plan, track: tracks.thread(event.thread))
        let field = plan.kind == .flowEnd ? PerfettoField.Event.endingFlows : PerfettoField.Event.flows
        packets.body.put(varint: field.tag(.fixed64))
        packets.body.put(fixed: number)
        if let record = event.record { try packets.putArguments(of: record, plan, in: bytes) }
        packets.end(at: zero.nanoseconds(event.time))
    }
}

/// What has tracks of its own.
extension PerfettoEncoder {
    mutating func asyncBegin(
        _ event: borrowing TimelineEvent, _ span: TimelineAsyncSpan, isCutOff: Bool, in bytes: RawSpan
    ) throws {
        let track = tracks.span(span.number)
        tellTrack(track, of: span, plan(event).name, at: event.time)
        let plan = plan(event)
        packets.begin(plan, track: track)
        if let record = event.record {
            try packets.putArguments(of: record, plan, in: bytes)
        } else {
            packets.put(.span, span.number)
        }
        packets.put(.thread, UInt64(threads.threads[event.thread].id))
        if isCutOff { packets.put(.cutOff) }
        packets.end(at: zero.nanoseconds(event.time))
    }

    private mutating func tellTrack(
        _ track: UInt64, of span: TimelineAsyncSpan, _ name: String, at time: Int64
    ) {
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
        packets.writeBody(as: PerfettoField.Packet.track.tag(.bytes), at: zero.nanoseconds(time))
    }

    mutating func asyncEnd(_ event: borrowing TimelineEvent, _ span: TimelineAsyncSpan, isUnfinished: Bool) {
        let track = tracks.span(span.number)
        if isUnfinished { return addUnfinishedEnd(event, track: track) }
        packets.begin(plan(event), track: track)
        packets.put(.endThread, UInt64(threads.threads[event.thread].id))
        packets.end(at: zero.nanoseconds(event.time))
    }

    mutating func counter(_ event: borrowing TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        let plan = plan(event)
        guard let record = event.record, let type = plan.fields.first?.type, type != .string, type != .staticString
        else { return }
        let id = event.entry.schema.id
        if !counters[Int(id)] {
            counters[Int(id)] = true
            let preamble = PerfettoPreamble(context: context, tracks: tracks, threads: threads)
            packets.write(PerfettoField.Packet.track, preamble.counterTrack(id, plan))
        }
        packets.begin(plan, track: tracks.counter(id))
        switch ArgumentValue(word: try context.firstWord(of: record, in: bytes), type, context) {
        case .unsigned(let value) where value <= UInt64(Int64.max): put(value: Int64(value))
        case .signed(let value): put(value: value)
        case let value: put(value: value.number ?? 0)
        }
        packets.end(at: zero.nanoseconds(event.time))
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

    mutating func lost(thread: Int, from: Int64, to: Int64, count: UInt64, _ context: TimelineContext) {
        if !losses[thread] {
            losses[thread] = true
            let preamble = PerfettoPreamble(context: context, tracks: tracks, threads: threads)
            packets.write(PerfettoField.Packet.track, preamble.lossTrack(ofThread: thread))
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
        packets.end(at: zero.nanoseconds(min(from, to)))
        packets.body.put(UInt8(PerfettoField.Event.type.tag(.varint)))
        packets.body.put(UInt8(PerfettoValue.EventType.end))
        packets.body.put(UInt8(PerfettoField.Event.track.tag(.varint)))
        packets.body.put(varint: tracks.losses(ofThread: thread))
        packets.end(at: zero.nanoseconds(to))
    }
}
