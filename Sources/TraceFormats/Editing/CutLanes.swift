internal import TraceCore

/// Of one generation: what is kept of each lane, and which of its losses lie in the part.
struct CutLanes {
    /// Kept from one batch to the next for its memory.
    var builder = BatchBuilder()
    /// Of each lane, the thread that wrote last.
    private(set) var threads: [UInt32: NativeThread.ID] = [:]

    private let end: NativeGenerationEnd
    private let timeShift: UInt8
    private let from: UInt64
    private let to: UInt64
    private var lanes: [UInt32: Kept] = [:]
    /// By lane: base index and time of each batch, in the order of the file.
    private var bases: [UInt32: [(index: UInt64, time: UInt64)]] = [:]

    private struct Kept {
        var events: UInt64 = 0
        var isTruncated = false
    }

    init(_ end: NativeGenerationEnd, timeShift: UInt8, from: UInt64, to: UInt64) {
        self.end = end
        self.timeShift = timeShift
        self.from = from
        self.to = to
    }

    mutating func pass(_ batch: Batch, _ thread: NativeThread.ID) {
        threads[batch.header.lane] = thread
        bases[batch.header.lane, default: []].append((batch.header.baseIndex, batch.header.baseTime))
    }

    /// Lanes that something was left out of.
    var truncated: [UInt32] {
        lanes.filter(\.value.isTruncated).map(\.key)
            + end.lanes.filter { $0.isTruncated || !$0.gaps.isEmpty }.map(\.lane)
    }

    mutating func keep(_ lane: UInt32, events: UInt64) { lanes[lane, default: Kept()].events += events }

    mutating func leaveOut(_ lane: UInt32) { lanes[lane, default: Kept()].isTruncated = true }

    /// What the generation's end says of the lanes. A gap stays where the batch behind it begins in the part, or for one at the end
    /// of its lane, where the generation does.
    func account(_ isWanted: (UInt32) -> Bool) -> [NativeGenerationEnd.Lane] {
        let ends = end.clockPair.ticks >> UInt64(timeShift)
        let stated = Set(end.lanes.map(\.lane))
        let unstated = lanes.keys.filter { !stated.contains($0) }.sorted()
        let all = end.lanes + unstated.map { NativeGenerationEnd.Lane(lane: $0, events: 0, isTruncated: true) }
        return all.compactMap { lane in
            guard isWanted(lane.lane) else { return nil }
            let kept = lanes[lane.lane] ?? Kept()
            var part = lane
            part.events = kept.events
            part.gaps = lane.gaps.filter { gap in
                let behind = (gap.firstIndex &+ gap.count) & 0xFFFF_FFFF_FFFF
                let over = bases[lane.lane]?.first { $0.index == behind }?.time
                return over.map { from...to ~= $0 } ?? (from <= ends && to >= ends)
            }
            part.isTruncated = lane.isTruncated || kept.isTruncated || part.gaps.count < lane.gaps.count
            return part.events == 0 && part.gaps.isEmpty ? nil : part
        }
    }
}

/// Which spans are open at an instant: those that the file lists, and those that its records leave open.
struct OpenSpanScan {
    private let index: TraceIndex
    private var stacks: [NativeThread.ID: [(schema: UInt16, start: UInt64)]] = [:]
    private var asyncs: [UInt64: OpenSpan] = [:]
    private var limit: UInt64 = .max

    init(_ index: TraceIndex) { self.index = index }

    /// Looks at the records of a batch that are not later than `limit`, which is the same in each call. A lane's batches come in
    /// their order.
    mutating func take(
        _ batch: Batch, until limit: UInt64, in bytes: RawSpan, _ shapes: ShapeTable
    ) throws(DecodingError) {
        self.limit = limit
        guard limit < .max, batch.header.baseTime <= limit else { return }
        let thread = NativeThread.ID(lane: batch.header.lane, thread: batch.header.thread)
        var stack = stacks[thread] ?? []
        var cursor = RecordCursor(batch)
        while let record = try cursor.next(in: bytes, shapes), record.time <= limit {
            switch index.schemas[record.schema]?.kind {
            case .begin: stack.append((record.schema, record.time))
            case .end:
                if let place = stack.lastIndex(where: { $0.schema == record.schema &- 1 }) {
                    stack.removeSubrange(place...)
                }
            case .asyncBegin:
                let number = record.words.0
                asyncs[number] = OpenSpan(
                    lane: thread.lane, thread: thread.thread, schema: record.schema, isAcrossThreads: true,
                    start: record.time, number: number)
            case .asyncEnd: asyncs[record.words.0] = nil
            default: break
            }
        }
        stacks[thread] = stack
    }

    var open: [OpenSpan] {
        guard limit < .max else { return index.openSpans }
        // One that is listed was open at the limit, too, if it had begun by then.
        var spans = index.openSpans.filter { $0.start <= limit }
        let known = Set(spans.map { Known($0) })
        for (thread, stack) in stacks.sorted(by: { ($0.key.lane, $0.key.thread) < ($1.key.lane, $1.key.thread) }) {
            let listed = spans.count { !$0.isAcrossThreads && $0.lane == thread.lane && $0.thread == thread.thread }
            var depth = UInt32(listed)
            for (schema, start) in stack {
                let span = OpenSpan(
                    lane: thread.lane, thread: thread.thread, schema: schema, depth: depth, start: start)
                guard !known.contains(Known(span)) else { continue }
                spans.append(span)
                depth += 1
            }
        }
        spans += asyncs.values.filter { !known.contains(Known($0)) }.sorted { $0.number < $1.number }
        return spans
    }

    private struct Known: Hashable {
        var lane: UInt32
        var thread: UInt32
        var schema: UInt16
        var start: UInt64
        var number: UInt64

        init(_ span: OpenSpan) {
            (lane, thread, schema) = (span.lane, span.thread, span.schema)
            (start, number) = (span.isAcrossThreads ? 0 : span.start, span.number)
        }
    }
}
