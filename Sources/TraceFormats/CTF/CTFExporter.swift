internal import TraceCore

/// Writes a timeline in the Common Trace Format 1.8, which babeltrace2 and Trace Compass read (docs/FORMATS.md tells what
/// becomes what).
///
/// ```swift
/// var exporter = try CTFExporter(directory: "a.ctf")
/// try Timeline.run(TraceIndex(bytes), in: bytes, into: &exporter)
/// try exporter.finish()
/// ```
///
/// A directory with one stream a thread, and `metadata`. It has its name only once it is whole. Memory does not grow with the
/// trace: 8 MiB of packets at most, and the names in use.
///
/// Invariants:
/// 1. Times of a stream do not go backward, within and between packets. Otherwise readers refuse it.
/// 2. Two events of a packet are less than 2^32 ns apart, and a packet's begin is its first event's time. Otherwise the 32
///    bits of time that an event has are not enough.
/// 3. Of the losses of a stream each has an empty packet of its own, from the event before to the event behind. Otherwise a
///    reader would place it anywhere between two packets' ends.
/// 4. A stream's first packet tells of no loss. Otherwise readers do not know from where to count.
public struct CTFExporter: ~Copyable, TimelineSink {
    private var directory: CTFDirectory
    private var classes = CTFClasses(greatestSchema: 0)
    /// By place in the timeline's threads; the last is for begins from before the window.
    private var lanes: [Lane] = []
    private var buffered = 0
    private var base: Int64 = 0
    private var latest: Int64 = .min
    private var hasShortIDs = true

    private struct Lane {
        var data = LaneBytes()
        /// Of the packet, and of the stream's last event or packet: nanoseconds after the base.
        var start: UInt64 = 0
        var last: UInt64 = 0
        var hasBegun = false
        var lost: UInt64 = 0
        var id: UInt32 = 0
        var thread: UInt32 = 0
        var name = ""
    }

    /// Throws `FileError` where no directory can be made beside `path`.
    public init(directory path: String) throws { directory = try CTFDirectory(path: path) }

    /// Gives the directory its name, in place of an empty one. Throws `FileError`: nothing is left of it then.
    public consuming func finish() throws { try directory.commit() }

    public mutating func begin(_ context: TimelineContext) throws {
        lanes = context.threads.map { Lane(id: $0.lane, thread: $0.id, name: $0.name) }
        lanes.append(Lane(name: "before the window"))
        classes = CTFClasses(greatestSchema: context.index.schemas.keys.max() ?? 0)
        hasShortIDs = context.index.schemas.count * CTFClasses.Variant.allCases.count <= 0x1_0000
        base = min(context.start, context.time(units: context.index.span.lowerBound))
        for open in context.index.openSpans { base = min(base, context.time(units: open.start)) }
    }

    public mutating func spanBegin(
        _ event: TimelineEvent, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try add(event, .beginCutOff, context, in: bytes)
        try writeIfFull(event.thread)
    }

    public mutating func spanEnd(
        _ event: TimelineEvent, isUnfinished: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try add(event, .endUnfinished, context, in: bytes)
        try writeIfFull(event.thread)
    }

    public mutating func asyncBegin(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        if event.record == nil {
            let lane = lanes.count - 1
            try open(lane, at: latest == .min ? event.time : min(event.time, latest), event.schema, .asyncBeginCutOff)
            append(lane, fixed: span.number)
            try writeIfFull(lane)
        } else {
            try add(event, .asyncBeginCutOff, context, in: bytes)
            append(event.thread, span.taskName ?? "")
            try writeIfFull(event.thread)
        }
    }

    public mutating func asyncEnd(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isUnfinished: Bool, _ context: TimelineContext,
        in bytes: RawSpan
    ) throws {
        try add(event, .asyncEndUnfinished, context, in: bytes)
        if event.record == nil { append(event.thread, fixed: span.number) }
        try writeIfFull(event.thread)
    }

    public mutating func instant(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        try add(event, .recorded, context, in: bytes)
        try writeIfFull(event.thread)
    }

    public mutating func counter(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        try instant(event, context, in: bytes)
    }

    public mutating func flow(
        _ event: TimelineEvent, number: UInt64, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try instant(event, context, in: bytes)
    }

    public mutating func lost(thread: Int, from: Int64, to: Int64, count: UInt64, _ context: TimelineContext) throws {
        try write(thread)
        let begin = max(lanes[thread].last, ticks(from))
        if !lanes[thread].hasBegun { try writePacket(thread, from: begin, to: begin) }
        let (sum, overflow) = lanes[thread].lost.addingReportingOverflow(count)
        // All ones stands for "not known".
        lanes[thread].lost = overflow ? .max - 1 : min(sum, .max - 1)
        lanes[thread].last = max(begin, ticks(to))
        try writePacket(thread, from: begin, to: lanes[thread].last)
    }

    public mutating func end(_ context: TimelineContext) throws {
        for lane in lanes.indices { try write(lane) }
        var metadata = CTFMetadata(context, classes, base: base, hasShortIDs: hasShortIDs).text
        try metadata.withUTF8 { try directory.append(to: "metadata", UnsafeRawBufferPointer($0)) }
    }
}

// Events.
extension CTFExporter {
    /// An event with its fields; `variant` is for one that was not recorded.
    private mutating func add(
        _ event: TimelineEvent, _ variant: CTFClasses.Variant, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        let lane = event.thread
        latest = max(latest, event.time)
        try open(lane, at: event.time, event.schema, event.record == nil ? variant : .recorded)
        guard let record = event.record else { return }
        try context.forEachArgument(of: record, event.schema, in: bytes) { _, value in
            switch value {
            case .unsigned(let value), .pointer(let value): append(lane, fixed: value)
            case .signed(let value): append(lane, fixed: value)
            case .double(let value): append(lane, fixed: value.bitPattern)
            case .float(let value): append(lane, fixed: value.bitPattern)
            case .boolean(let value): append(lane, fixed: UInt8(value ? 1 : 0))
            case .staticString(let value): append(lane, value)
            case .string(let value, let isTruncated):
                append(lane, ArgumentValue.shown(value, isTruncated: isTruncated))
            }
        }
    }

    /// An event's header.
    private mutating func open(
        _ lane: Int, at time: Int64, _ schema: EventSchema, _ variant: CTFClasses.Variant
    ) throws {
        let ticks = max(ticks(time), lanes[lane].last)
        if ticks - lanes[lane].last > UInt64(UInt32.max) { try write(lane) }
        if lanes[lane].data.isEmpty { lanes[lane].start = ticks }
        lanes[lane].last = ticks
        let number = classes.number(schema, variant)
        if hasShortIDs { append(lane, fixed: UInt16(number)) } else { append(lane, fixed: number) }
        append(lane, fixed: UInt32(truncatingIfNeeded: ticks))
    }

    private func ticks(_ time: Int64) -> UInt64 {
        let (distance, overflow) = time.subtractingReportingOverflow(base)
        return UInt64(max(0, overflow ? (time < base ? 0 : .max) : distance))
    }

    private mutating func append(_ lane: Int, fixed number: some FixedWidthInteger) {
        lanes[lane].data.append(fixed: number)
        buffered += number.bitWidth / 8
    }

    /// A text ends with a 0: what it has itself is shown as "␀".
    private mutating func append(_ lane: Int, _ text: String) {
        let before = lanes[lane].data.count
        if text.utf8.contains(0) {
            for byte in text.utf8 {
                if byte == 0 {
                    lanes[lane].data.append(contentsOf: "\u{2400}".utf8)
                } else {
                    lanes[lane].data.append(byte)
                }
            }
        } else {
            lanes[lane].data.append(contentsOf: text.utf8)
        }
        lanes[lane].data.append(0)
        buffered += lanes[lane].data.count - before
    }
}

// Packets.
extension CTFExporter {
    private mutating func writeIfFull(_ lane: Int) throws {
        if lanes[lane].data.count >= LaneBytes.batchLimit { try write(lane) }
        if buffered >= LaneBytes.totalLimit {
            for lane in lanes.indices { try write(lane) }
        }
    }

    /// Writes a lane's events, if there are any.
    private mutating func write(_ lane: Int) throws {
        guard !lanes[lane].data.isEmpty else { return }
        try writePacket(lane, from: lanes[lane].start, to: lanes[lane].last)
        buffered -= lanes[lane].data.count
        lanes[lane].data.removeAll(lanes: lanes.count)
    }

    private mutating func writePacket(_ lane: Int, from: UInt64, to: UInt64) throws {
        let name = lanes[lane].name.utf8.map { $0 == 0 ? UInt8(ascii: " ") : $0 }
        let headByteCount = 16 + 5 * 8 + 8 + name.count + 1
        let bits = UInt64(headByteCount + lanes[lane].data.count) * 8
        var head = LaneBytes()
        head.append(fixed: 0xC1FC_1FC1 as UInt32)
        head.append(fixed: 0 as UInt32)
        head.append(fixed: UInt64(lane))
        for word in [from, to, bits, bits, lanes[lane].lost] { head.append(fixed: word) }
        head.append(fixed: lanes[lane].id)
        head.append(fixed: lanes[lane].thread)
        head.append(contentsOf: name)
        head.append(0)
        let file = lane == lanes.count - 1 ? "before" : "thread_\(lane)"
        lanes[lane].hasBegun = true
        let data = lanes[lane].data.bytes
        try head.bytes.withUnsafeBytes { head in
            try data.withUnsafeBytes { try directory.append(to: file, head, $0) }
        }
    }
}
