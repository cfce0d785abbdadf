public import TraceCore

/// Files of a few events at known times, of one thread each: schema 1 begins a span, 2 ends it, 3 is an instant event with one
/// number, 4 begins and 5 ends an asynchronous span, 6 is an instant event with a static string.
public struct SmallFile {
    /// In units, as all times here.
    public static let ticksPerSecond: UInt64 = 1_000_000_000

    public struct Writer {
        fileprivate var builder = BatchBuilder()
        fileprivate var records: [(id: UInt16, time: UInt64, payload: [UInt8])] = []

        public mutating func emit(_ id: UInt16, _ numbers: UInt64..., at time: UInt64) {
            var payload = PayloadBuilder()
            let words = id == 3 && numbers.isEmpty ? [0] : numbers
            if !words.isEmpty { payload.append(numbers: words) }
            records.append((id, time, payload.bytes))
        }
    }

    public static let schemas: [EventSchema] = [
        EventSchema(id: 1, name: "work", category: "c", kind: .begin),
        EventSchema(id: 2, name: "work", category: "c", kind: .end),
        EventSchema(id: 3, name: "value", category: "c", fields: [.init(name: "v", type: .unsigned)]),
        EventSchema(
            id: 4, name: "request", category: "a", kind: .asyncBegin,
            fields: [.init(name: "span", type: .unsigned), .init(name: "task", type: .unsigned)]),
        EventSchema(
            id: 5, name: "request", category: "a", kind: .asyncEnd, fields: [.init(name: "span", type: .unsigned)]),
        EventSchema(id: 6, name: "method", category: "a", fields: [.init(name: "m", type: .staticString)]),
    ]

    /// - Parameters:
    ///   - start: ticks of the file's first pair; its other clocks follow from it.
    ///   - baseIndex: of the first event.
    public static func make(
        start: UInt64 = 0, process: UInt32 = 1, name: String = "small", thread: UInt32 = 7, strings: [String] = ["GET"],
        schemas: [EventSchema] = SmallFile.schemas, baseIndex: UInt64 = 0, lost: UInt64 = 0,
        openSpans: [OpenSpan] = [], _ body: (inout Writer) -> Void
    ) throws -> [UInt8] {
        var events = Writer()
        body(&events)
        func pair(_ ticks: UInt64) -> ClockPair {
            ClockPair(ticks: ticks, monotonic: ticks + 5_000, wall: Int64(ticks) + 1_700_000_000_000_000_000, width: 10)
        }
        let header = NativeFileHeader(
            rate: ClockRate(ticksPerSecond: ticksPerSecond, partsPerBillion: 10)!, timeShift: 0, start: pair(start))
        var writer = try NativeFileWriter(to: MemorySink(), header: header)
        try writer.write(schemas: schemas)
        try writer.write(strings: strings.enumerated().map { NativeString(number: UInt32($0 + 1), text: $1) })
        try writer.write(threads: [NativeThread(lane: 0, thread: thread, name: "main")])
        var bytes: [UInt8] = []
        var time = events.records.first?.time ?? start
        let base = time
        for record in events.records {
            let delta = record.time - time
            precondition(delta < 1 << 32)
            if delta >> 16 != 0 {
                bytes += [0, UInt8(truncatingIfNeeded: delta >> 16), UInt8(truncatingIfNeeded: delta >> 24)]
            }
            bytes += [UInt8(record.id), UInt8(truncatingIfNeeded: delta), UInt8(truncatingIfNeeded: delta >> 8)]
            bytes += record.payload
            time = record.time
        }
        let count = UInt64(events.records.count)
        if count > 0 {
            let batch = BatchHeader(
                ticket: 1, baseIndex: baseIndex, generation: 1, baseTime: base, lane: 0, thread: thread,
                endIndex: baseIndex + count)
            try writer.write(batch, records: bytes.span.bytes)
        }
        try writer.write(openSpans: openSpans)
        let to = time + 1000
        try writer.write(
            NativeSnapshot(from: base, to: to, bound: .start, process: process, processName: name, reason: "test"))
        let gaps = lost == 0 ? [] : [NativeGenerationEnd.Gap(firstIndex: baseIndex + count, count: lost)]
        try writer.write(
            NativeGenerationEnd(
                generation: 1, clockPair: pair(to), lanes: [.init(lane: 0, events: count, gaps: gaps)]))
        return try writer.finish().bytes
    }
}
