import Harness
import TraceCore

/// A native file in memory, made from a seed, for exporters.
///
/// Eight threads. Of 100 events: 60 begin or end a span, 20 are instants with one number, 8 with a pointer and a number, 5 with
/// a text of 12 to 24 bytes, 4 values of a counter, 3 steps of a flow.
final class ExportTrace {
    static let lanes = 8
    private static let pageBytes = 16 << 10

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
        var random = SplitMix64(seed: seed)
        let pages = Self.lanes * (eventsPerLane / 1000 + 2)
        let arena = try! Arena(
            ArenaGeometry(pageByteCount: Self.pageBytes, pageCount: pages, laneCapacity: Self.lanes))
        let clock = ClockPair(
            ticks: Stamp.now.ticks, monotonic: 1 << 50, wall: 1_800_000_000_000_000_000, width: 100)
        Self.write(lane: 0, eventsPerLane, clock, arena, &random)
        let cut = try! arena.advance()
        let header = NativeFileHeader(
            rate: ClockRate(ticksPerSecond: 2_596_000_000, partsPerBillion: 100)!, timeShift: UInt8(Stamp.unitShift),
            start: clock)
        var writer = try! NativeFileWriter(to: MemorySink(), header: header)
        try! writer.write(schemas: Self.schemas)
        var lanes: [UInt32: NativeGenerationEnd.Lane] = [:]
        var found = 0
        try! arena.visitPages(upTo: cut) { batch, bytes in
            var entry = lanes[batch.header.lane] ?? .init(lane: batch.header.lane, events: 0)
            entry.events += batch.header.eventCount
            found += Int(batch.header.eventCount)
            lanes[batch.header.lane] = entry
            var header = batch.header
            header.thread = 1000 + header.lane
            try writer.write(header, records: bytes.extracting(batch.records))
        }
        var end = clock
        end.ticks += 1 << 40
        try! writer.write(
            NativeGenerationEnd(
                generation: cut.generation, clockPair: end, lanes: lanes.values.sorted { $0.lane < $1.lane }))
        bytes = try! writer.finish().bytes
        events = found
    }

    func withBytes<Result>(_ body: (RawSpan) throws -> Result) rethrows -> Result {
        let bytes = self.bytes
        let span = bytes.span
        return try body(span.bytes)
    }

    /// Each writer lives until all have written, so that each has a lane of its own.
    private static func write(
        lane: Int, _ count: Int, _ clock: ClockPair, _ arena: Arena, _ random: inout SplitMix64
    ) {
        guard lane < lanes else { return }
        let writer = try! arena.makeWriter(as: DenseEncoding.self)
        var units = clock.ticks >> Stamp.unitShift + 1
        var open: [UInt32] = []
        let path = Array("/var/lib/bench/some/file".utf8)
        for _ in 0..<count {
            units += 10 + random.next() & 0x3FF
            let stamp = Stamp(ticks: units << Stamp.unitShift)
            let number = random.next() & 0xFFFFF >> (random.next() % 20)
            switch random.next() % 100 {
            case 0..<60:
                if open.isEmpty || open.count < 8 && random.next() & 1 == 0 {
                    let id = UInt32(1 + 2 * (random.next() & 7))
                    open.append(id)
                    _ = writer.emit(DenseEncoding.none(), id: id, at: stamp)
                } else {
                    _ = writer.emit(DenseEncoding.none(), id: open.removeLast() + 1, at: stamp)
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
        write(lane: lane + 1, count, clock, arena, &random)
        _ = consume writer
    }
}
