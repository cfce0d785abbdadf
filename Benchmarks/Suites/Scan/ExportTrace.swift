import Harness
import TraceCore

/// A native file in memory, made from a seed, for exporters.
///
/// Eight threads. Of 100 events: 60 begin or end a span, 20 are instants with one number, 8 with a pointer and a number, 5 with
/// a text of 12 to 24 bytes, 4 values of a counter, 3 steps of a flow.
final class ExportTrace {
    static let lanes = 8
    fileprivate static let pageBytes = 16 << 10

    static let schemas: [EventSchema] = {
        typealias Field = EventSchema.Field
        var schemas: [EventSchema] = []
        func add(_ name: String, _ kind: EventKind, _ fields: [Field] = []) {
            schemas.append(
                EventSchema(id: UInt16(schemas.count + 1), name: name, category: "bench", kind: kind, fields: fields))
        }
        for number in 1...8 {
            add("span \(number)", .begin)
            add("span \(number)", .end)
        }
        add("one", .instant, [Field(name: "bytes", type: .unsigned)])
        add("two", .instant, [Field(name: "address", type: .pointer), Field(name: "bytes", type: .unsigned)])
        add("text", .instant, [Field(name: "path", type: .string)])
        add("queue", .counter, [Field(name: "value", type: .unsigned, unit: "items")])
        add("flow", .flowBegin, [Field(name: "flow", type: .unsigned)])
        add("flow", .flowEnd, [Field(name: "flow", type: .unsigned)])
        return schemas
    }()

    let bytes: [UInt8]
    let events: Int

    init(eventsPerLane: Int, seed: UInt64) {
        var file = ExportTraceFile(to: MemorySink(), seed: seed)
        file.addGeneration(eventsPerLane: eventsPerLane)
        events = file.events
        bytes = file.finish().bytes
    }

    func withBytes<Result>(_ body: (RawSpan) throws -> Result) rethrows -> Result {
        let bytes = self.bytes
        let span = bytes.span
        return try body(span.bytes)
    }
}

/// The same on its way into a sink, a generation at a time: so it may be of any length.
struct ExportTraceFile<Sink: ByteSink & ~Copyable>: ~Copyable {
    private var writer: NativeFileWriter<Sink>
    private var random: SplitMix64
    private var lanes: [Lane]
    private var generation: UInt64 = 0
    private var tickets: UInt64 = 0
    private(set) var events = 0

    private struct Lane {
        var units: UInt64
        var open: [UInt32] = []
        /// Events of earlier generations.
        var index: UInt64 = 0
    }

    var byteCount: UInt64 { writer.byteCount }

    init(to sink: consuming Sink, seed: UInt64) {
        random = SplitMix64(seed: seed)
        let clock = ClockPair(
            ticks: Stamp.now.ticks, monotonic: 1 << 50, wall: 1_800_000_000_000_000_000, width: 100)
        let header = NativeFileHeader(
            rate: ClockRate(ticksPerSecond: 2_596_000_000, partsPerBillion: 100)!, timeShift: UInt8(Stamp.unitShift),
            start: clock)
        lanes = Array(repeating: Lane(units: clock.ticks >> Stamp.unitShift + 1), count: ExportTrace.lanes)
        writer = try! NativeFileWriter(to: sink, header: header)
        try! writer.write(schemas: ExportTrace.schemas)
    }

    mutating func addGeneration(eventsPerLane: Int) {
        let pages = ExportTrace.lanes * (eventsPerLane / 1000 + 2)
        let arena = try! Arena(
            ArenaGeometry(
                pageByteCount: ExportTrace.pageBytes, pageCount: pages, laneCapacity: ExportTrace.lanes))
        fill(arena, lane: 0, eventsPerLane)
        let cut = try! arena.advance()
        generation += 1
        var found = [UInt64](repeating: 0, count: lanes.count)
        var opened: UInt64 = 0
        var builder = BatchBuilder()
        let shapes = ShapeTable(ExportTrace.schemas)
        try! arena.visitPages(upTo: cut) { batch, bytes in
            let lane = Int(batch.header.lane)
            found[lane] += batch.header.eventCount
            // Its first time is that of its first record: the lane's own began now, and not where the last generation ended.
            builder.begin(batch.header)
            var cursor = RecordCursor(batch)
            while let record = try cursor.next(in: bytes, shapes) { builder.append(record, in: bytes) }
            var header = builder.header
            header.thread = 1000 + header.lane
            header.generation = generation
            header.baseIndex += lanes[lane].index
            header.endIndex += lanes[lane].index
            opened = max(opened, header.ticket + 1)
            header.ticket += tickets
            try builder.withRecords { try writer.write(header, records: $0) }
        }
        tickets += opened
        for lane in lanes.indices {
            lanes[lane].index += found[lane]
            events += Int(found[lane])
        }
        let last = lanes.map(\.units).max()! + 1
        let pair = ClockPair(
            ticks: last << Stamp.unitShift, monotonic: 1 << 51, wall: 1_900_000_000_000_000_000, width: 100)
        let ends = found.enumerated().map { NativeGenerationEnd.Lane(lane: UInt32($0), events: $1) }
        try! writer.write(NativeGenerationEnd(generation: generation, clockPair: pair, lanes: ends))
        for lane in lanes.indices { lanes[lane].units = last }
    }

    consuming func finish() -> Sink { try! writer.finish() }

    /// Each writer lives until all have written, so that each has a lane of its own.
    private mutating func fill(_ arena: Arena, lane: Int, _ count: Int) {
        guard lane < lanes.count else { return }
        let writer = try! arena.makeWriter(as: DenseEncoding.self)
        let path = Array("/var/lib/bench/some/file".utf8)
        for _ in 0..<count {
            lanes[lane].units += 10 + random.next() & 0x3FF
            let stamp = Stamp(ticks: lanes[lane].units << Stamp.unitShift)
            let number = random.next() & 0xFFFFF >> (random.next() % 20)
            switch random.next() % 100 {
            case 0..<60:
                if lanes[lane].open.isEmpty || lanes[lane].open.count < 8 && random.next() & 1 == 0 {
                    let id = UInt32(1 + 2 * (random.next() & 7))
                    lanes[lane].open.append(id)
                    _ = writer.emit(DenseEncoding.none(), id: id, at: stamp)
                } else {
                    _ = writer.emit(DenseEncoding.none(), id: lanes[lane].open.removeLast() + 1, at: stamp)
                }
            case 60..<80: _ = writer.emit(DenseEncoding.one(number), id: 17, at: stamp)
            case 80..<88:
                _ = writer.emit(DenseEncoding.two(random.next() >> 16 | 1 << 47, number), id: 18, at: stamp)
            case 88..<93:
                path.withUnsafeBytes { path in
                    let text = UnsafeRawBufferPointer(rebasing: path[..<Int(12 + number % 13)])
                    _ = writer.emit(DenseEncoding.text(TextArgument(text)), id: 19, at: stamp)
                }
            case 93..<97: _ = writer.emit(DenseEncoding.one(number), id: 20, at: stamp)
            default: _ = writer.emit(DenseEncoding.one(number), id: UInt32(21 + number % 2), at: stamp)
            }
        }
        fill(arena, lane: lane + 1, count)
        _ = consume writer
    }
}

/// A file of any size, for what has to be shown of large ones.
public enum LargeTrace {
    /// Writes at least `byteCount` bytes to `path`; returns how many events they hold.
    public static func write(to path: String, byteCount: UInt64) throws -> Int {
        var file = ExportTraceFile(to: try PartialFile(path: path), seed: 1)
        while file.byteCount < byteCount { file.addGeneration(eventsPerLane: 50_000) }
        let events = file.events
        try file.finish().commit()
        return events
    }
}
