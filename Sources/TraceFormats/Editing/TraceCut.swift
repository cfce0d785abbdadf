public import TraceCore

/// A part of a native file as a native file: a span of time, some threads, some events.
///
/// Events keep their times and generations. Their indices are those of a filtered file (docs/FORMAT.md): a lane that
/// something was left out of is truncated. Losses that lie in the part stay, and which spans were open at its end is told.
public struct TraceCut: Sendable {
    /// In units, both inside.
    public var from: UInt64
    public var to: UInt64
    /// Nil: all.
    public var threads: Set<NativeThread.ID>?
    /// Schemas whose events are left out.
    public var dropped: Set<UInt16>

    public init(
        from: UInt64 = .min, to: UInt64 = .max, threads: Set<NativeThread.ID>? = nil, dropped: Set<UInt16> = []
    ) {
        self.from = from
        self.to = to
        self.threads = threads
        self.dropped = dropped
    }

    /// Writes the part of the file `bytes` to `sink`, and gives that back.
    ///
    /// A file that ends early is cut as far as it goes; the batches behind its last generation's end are its last generation.
    ///
    /// - Parameter progress: called every 64 batches with the part of them that is done, 0 to 1.
    /// - Throws: `DecodingError`, what the sink throws.
    /// - Complexity: O(records). Memory: the index, and one batch.
    public func write<Sink: ByteSink & ~Copyable>(
        _ index: TraceIndex, in bytes: RawSpan, to sink: consuming Sink, progress: (Double) -> Void = { _ in }
    ) throws -> Sink {
        var writer = try NativeFileWriter(to: sink, header: index.header)
        try writer.write(schemas: index.schemas.values.sorted { $0.id < $1.id })
        try writer.write(
            strings: index.strings.sorted { $0.key < $1.key }.map { NativeString(number: $0.key, text: $0.value) })
        try writer.write(threads: index.threads.filter { threads?.contains($0.id) ?? true })
        var first = 0
        var spans = OpenSpanScan(index)
        var survey = CutSurvey(from: from, to: to, dropped: dropped)
        // Of which something was left out behind what was written last.
        var truncated: Set<UInt32> = []
        for (number, end) in index.completedGenerations.enumerated() {
            let isLast = number == index.completedGenerations.count - 1
            let batches = index.batches[first..<end.batchEnd]
            let done = Double(first) / Double(max(index.batches.count, 1))
            first = end.batchEnd
            var lanes = CutLanes(end.end, timeShift: index.header.timeShift, from: from, to: to)
            for start in stride(from: batches.startIndex, to: batches.endIndex, by: CutSurvey.batchCount) {
                let group = Array(batches[start..<min(start + CutSurvey.batchCount, batches.endIndex)])
                let findings = survey.findings(group, in: bytes, index.shapes)
                for (batch, finding) in zip(group, findings) {
                    try write(batch, finding, in: bytes, index.shapes, &lanes, to: &writer)
                }
                progress(done + Double(start - batches.startIndex) / Double(index.batches.count))
            }
            if to < .max {
                // A page that outlived newer ones may stand behind them.
                let ordered = batches.sorted { ($0.header.lane, $0.header.ticket) < ($1.header.lane, $1.header.ticket) }
                for (number, batch) in ordered.enumerated() {
                    try spans.take(batch, until: to, in: bytes, index.shapes)
                    if number & 63 == 63 { progress(Double(first) / Double(index.batches.count)) }
                }
            }
            var kept = lanes.account { threads == nil || lanes.threads[$0].map { threads!.contains($0) } ?? false }
            truncated.formUnion(lanes.truncated)
            for place in kept.indices where truncated.remove(kept[place].lane) != nil { kept[place].isTruncated = true }
            guard isLast || !kept.isEmpty else { continue }
            var ending = end.end
            ending.lanes = kept
            ending.clockPair = index.header.clockPair(ending.clockPair, noLaterThan: to)
            if isLast {
                let open = spans.open.filter { span in
                    !dropped.contains(span.schema)
                        && threads?.contains(.init(lane: span.lane, thread: span.thread)) ?? true
                }
                try writer.write(openSpans: open)
                if let snapshot = index.snapshot { try writer.write(part(of: snapshot)) }
            }
            try writer.write(ending)
        }
        return try writer.finish()
    }

    /// Whether the events of a batch are wanted at all: an event of another thread does not count in its lane.
    private func write<Sink: ByteSink & ~Copyable>(
        _ batch: Batch, _ finding: CutSurvey.Finding, in bytes: RawSpan, _ shapes: ShapeTable, _ lanes: inout CutLanes,
        to writer: inout NativeFileWriter<Sink>
    ) throws {
        let header = batch.header
        let thread = NativeThread.ID(lane: header.lane, thread: header.thread)
        lanes.pass(batch, thread)
        guard threads?.contains(thread) ?? true, header.baseTime <= to, finding != .nothing else {
            return lanes.leaveOut(header.lane)
        }
        if case .whole(let events) = finding {
            lanes.keep(header.lane, events: events)
            return try writer.write(header, records: bytes.extracting(batch.records))
        }
        var builder = lanes.builder
        builder.begin(header)
        var cursor = RecordCursor(batch)
        var isWhole = true
        while let record = try cursor.next(in: bytes, shapes) {
            guard from...to ~= record.time, !dropped.contains(record.schema) else {
                isWhole = false
                continue
            }
            builder.append(record, in: bytes)
        }
        if !isWhole { lanes.leaveOut(header.lane) }
        if !builder.isEmpty {
            lanes.keep(header.lane, events: builder.events)
            if isWhole {
                try writer.write(header, records: bytes.extracting(batch.records))
            } else {
                let header = builder.header
                try builder.withRecords { try writer.write(header, records: $0) }
            }
        }
        lanes.builder = builder
    }

    private func part(of snapshot: NativeSnapshot) -> NativeSnapshot {
        var part = snapshot
        part.from = max(snapshot.from, from)
        part.to = max(part.from, min(snapshot.to, to))
        return part
    }
}

extension NativeThread {
    /// What tells a thread from the others of a file.
    public struct ID: Hashable, Sendable {
        public var lane: UInt32
        public var thread: UInt32

        public init(lane: UInt32, thread: UInt32) {
            self.lane = lane
            self.thread = thread
        }
    }

    public var id: ID { ID(lane: lane, thread: thread) }
}

extension NativeFileHeader {
    /// A pair, or the instant of `units` on all three clocks where that is earlier.
    func clockPair(_ pair: ClockPair, noLaterThan units: UInt64) -> ClockPair {
        guard units < pair.ticks >> UInt64(timeShift) else { return pair }
        let ticks = units << UInt64(timeShift)
        let distance = conversion.nanoseconds(ticks: ticks)
        return ClockPair(
            ticks: ticks, monotonic: UInt64(clamping: Int64(clamping: start.monotonic) &+ distance),
            wall: conversion.wallClock(ticks: ticks), width: pair.width)
    }
}
