import TraceCore
import TraceTestSupport

/// A file with more schemas and threads than formats have numbers for, threads whose ids occur twice, an event of more fields
/// than formats take, and times far apart.
enum LargeTables {
    static let schemaCount = 33_000
    static let threadCount = 300
    static let fieldCount = 17

    static func file() throws -> [UInt8] {
        let header = NativeFileHeader(
            rate: ClockRate(ticksPerSecond: 1_000_000_000, partsPerBillion: 0)!, timeShift: 0,
            start: ClockPair(ticks: 0, monotonic: 5, wall: 1_800_000_000_000_000_000, width: 1))
        var writer = try NativeFileWriter(to: MemorySink(), header: header)
        let fields = (0..<fieldCount).map { EventSchema.Field(name: "f\($0)", type: .unsigned) }
        try writer.write(schemas: [EventSchema(id: 1, name: "many fields", category: "", fields: fields)])
        try writer.write(
            schemas: (0..<schemaCount).map {
                EventSchema(id: UInt16(1000 + $0), name: "event \($0)", category: "category \($0 % 7)")
            })
        try writer.write(
            threads: (0..<threadCount).map { lane in
                NativeThread(lane: UInt32(lane), thread: thread(of: lane), name: "thread of lane \(lane)")
            })
        let perThread = schemaCount / threadCount
        for lane in 0..<threadCount {
            // The fields as prefix varints of one byte each.
            var records: [UInt8] = [1, 9, 0, UInt8(fieldCount), 0] + (0..<UInt8(fieldCount)).map { 2 * $0 + 1 }
            // Some seconds later, by two syncs: more than 32 bits of nanoseconds.
            records += [0, 1, 0, 0, UInt8(lane & 0x7F), 0]
            for number in lane * perThread..<(lane + 1) * perThread {
                records += [255, 3, 0, UInt8((1000 + number) & 0xFF), UInt8((1000 + number) >> 8)]
            }
            let header = BatchHeader(
                ticket: UInt64(lane), generation: 1, baseTime: 1000 + UInt64(lane), lane: UInt32(lane),
                thread: thread(of: lane), endIndex: UInt64(perThread + 1))
            try writer.write(header, records: records.span.bytes)
        }
        try writer.write(
            NativeGenerationEnd(
                generation: 1, clockPair: ClockPair(ticks: 1 << 34, monotonic: 1 << 34, wall: 0, width: 1),
                lanes: (0..<threadCount).map { .init(lane: UInt32($0), events: UInt64(perThread + 1)) }))
        return try writer.finish().bytes
    }

    private static func thread(of lane: Int) -> UInt32 { UInt32(5000 + lane % 200) }
}
