internal import MemoryAccess
public import TraceCore

/// Random native files, by seed: several threads, nested and unfinished spans, asynchronous spans, flows, counters, every type
/// of field, names of all kinds, windows that cut spans off, and losses.
public struct RandomTrace {
    /// Ids of begins are odd where an end follows.
    public static let schemas: [EventSchema] = {
        typealias Field = EventSchema.Field
        let long = String(repeating: "x", count: 4096)
        var schemas: [EventSchema] = []
        func add(_ name: String, _ category: String, _ kind: EventKind, _ fields: [Field] = []) {
            schemas.append(
                EventSchema(
                    id: UInt16(schemas.count + 1), name: name, category: category, kind: kind, fields: fields))
        }
        func span(_ name: String, _ category: String, _ fields: [Field] = []) {
            add(name, category, .begin, fields)
            add(name, category, .end)
        }
        span("outer", "work")
        span("inner \u{1F600} \"quoted\"\n", "work")
        span("with argument", "io", [Field(name: "bytes", type: .unsigned, unit: "B")])
        add(
            "request", "async", .asyncBegin,
            [Field(name: "span", type: .unsigned), Field(name: "task", type: .unsigned)])
        add("request", "async", .asyncEnd, [Field(name: "span", type: .unsigned)])
        add("queue", "counters", .counter, [Field(name: "value", type: .signed, unit: "items")])
        add("load", "counters", .counter, [Field(name: "value", type: .double, unit: "%")])
        add("handoff", "flows", .flowBegin, [Field(name: "flow", type: .unsigned)])
        add("handoff", "flows", .flowStep, [Field(name: "flow", type: .unsigned)])
        add("handoff", "flows", .flowEnd, [Field(name: "flow", type: .unsigned)])
        add("tick", "instants", .instant)
        add("", "", .instant, [Field(name: "", type: .signed)])
        add(long, "instants", .instant, [Field(name: "address", type: .pointer)])
        add("two", "instants", .instant, [Field(name: "d", type: .double), Field(name: "b", type: .boolean)])
        add(
            "three", "instants", .instant,
            [Field(name: "f", type: .float), Field(name: "s", type: .staticString), Field(name: "i", type: .signed)])
        add("text", "instants", .instant, [Field(name: "text", type: .string)])
        add(
            "wide", "instants", .instant,
            [
                Field(name: "a", type: .string), Field(name: "b", type: .signed, unit: "ns"),
                Field(name: "c", type: .string), Field(name: "d", type: .double), Field(name: "e", type: .unsigned),
            ])
        add("task", "task", .instant, [Field(name: "task", type: .unsigned), Field(name: "name", type: .string)])
        return schemas
    }()

    public static let strings = ["GET", "", "straße \u{1F680}"]

    /// Units between the file's clock start and the first event: about a second.
    private static let lead: UInt64 = 160_000_000

    private var random: SeededGenerator
    private var stamps: [UInt64]
    /// Schema ids of open spans, by thread.
    private var open: [[UInt16]]
    /// Open spans across threads, with the times of their begins.
    private var asyncs: [(number: UInt64, begin: UInt64)] = []
    private var nextNumber: UInt64 = 1
    private let events: Int
    private let nameLimit: Int

    /// The bytes of a file.
    ///
    /// - Parameter nameLimit: of the longest name, in bytes: it is most of a small file.
    public static func file(seed: UInt64, events: Int = 300, nameLimit: Int = 4096) throws -> [UInt8] {
        var trace = RandomTrace(seed: seed, events: events, nameLimit: nameLimit)
        return try trace.make()
    }

    private init(seed: UInt64, events: Int, nameLimit: Int) {
        random = SeededGenerator(seed: seed)
        let threads = Int.random(in: 1...5, using: &random)
        stamps = Array(repeating: 0, count: threads)
        open = Array(repeating: [], count: threads)
        self.events = events
        self.nameLimit = nameLimit
    }

    private mutating func make() throws -> [UInt8] {
        let pages = Int.random(in: 0..<2, using: &random) == 0 ? 64 : stamps.count + 2
        let arena = try Arena(ArenaGeometry(pageByteCount: 4096, pageCount: pages, laneCapacity: 8))
        let clock = ClockPair(
            ticks: Stamp.now.ticks, monotonic: 1_000_000_000, wall: 1_800_000_000_000_000_000, width: 100)
        let base = clock.ticks >> Stamp.unitShift + Self.lead
        for thread in stamps.indices { stamps[thread] = base }
        try writeAll(from: 0, in: arena)
        let cut = try arena.advance()
        return try file(of: arena, cut, clock)
    }

    /// Each writer is kept until all have written, so that each has a lane of its own.
    private mutating func writeAll(from thread: Int, in arena: Arena) throws {
        guard thread < stamps.count else { return }
        let writer = try arena.makeWriter(as: DenseEncoding.self)
        write(thread, through: writer)
        try writeAll(from: thread + 1, in: arena)
        _ = consume writer
    }

    private mutating func write(_ thread: Int, through writer: borrowing LaneWriter<NativeMemory, DenseEncoding>) {
        for _ in 0..<Int.random(in: 0...events, using: &random) {
            // Mostly within a microsecond; now and then milliseconds.
            stamps[thread] += random.next() >> (random.next() % 10 == 0 ? 44 : 56)
            emit(thread, through: writer)
        }
    }

    private mutating func emit(_ thread: Int, through writer: borrowing LaneWriter<NativeMemory, DenseEncoding>) {
        let stamp = Stamp(ticks: stamps[thread] << Stamp.unitShift)
        func one(_ id: UInt16, _ word: UInt64) { _ = writer.emit(DenseEncoding.one(word), id: UInt32(id), at: stamp) }
        func none(_ id: UInt16) { _ = writer.emit(DenseEncoding.none(), id: UInt32(id), at: stamp) }
        let word = random.next() >> (random.next() % 64)
        switch random.next() % 16 {
        case 0, 1, 2:
            let id: UInt16 = [1, 3, 5].randomElement(using: &random)!
            if id == 5 { one(id, word) } else { none(id) }
            open[thread].append(id)
        case 3, 4, 5:
            // Mostly the innermost; sometimes one that is not open, or not the innermost.
            if random.next() % 8 == 0 {
                none([2, 4, 6].randomElement(using: &random)!)
            } else if let id = open[thread].popLast() {
                none(id + 1)
            }
        case 6:
            _ = writer.emit(DenseEncoding.two(nextNumber, random.next() % 3), id: 7, at: stamp)
            asyncs.append((nextNumber, stamps[thread]))
            nextNumber += 1
        case 7:
            // Threads write one after the other, and no span may end before its begin.
            if let place = asyncs.lastIndex(where: { $0.begin < stamps[thread] }) {
                one(8, asyncs.remove(at: place).number)
            }
        case 8: one(9, FieldType.word(signed: Int64(bitPattern: word)))
        case 9: one(10, FieldType.word(double: Double(word % 1000) / 8))
        case 10: one(UInt16(11 + random.next() % 3), random.next() % 4)
        case 11: none(14)
        case 12: one(random.next() % 4 == 0 ? 16 : 15, word)
        case 13:
            let number = FieldType.word(double: Double(Int64(bitPattern: word)) / 3)
            _ = writer.emit(DenseEncoding.two(number, word & 1), id: 17, at: stamp)
        case 14:
            _ = writer.emit(
                DenseEncoding.three(FieldType.word(float: Float(word % 999) / 7), 1 + word % 3, word), id: 18, at: stamp
            )
        default: emitText(thread, writer, word, stamp)
        }
    }

    private mutating func emitText(
        _ thread: Int, _ writer: borrowing LaneWriter<NativeMemory, DenseEncoding>, _ word: UInt64, _ stamp: Stamp
    ) {
        let pieces = ["a", "\"", "\\", "\n", "\u{0}", "é", "\u{1F600}", "/", "<", "&"]
        func text(_ limit: Int) -> [UInt8] {
            let pick = Int.random(in: 0...limit, using: &random)
            return (0..<pick).flatMap { _ in Array(pieces.randomElement(using: &random)!.utf8) }
        }
        switch word % 3 {
        case 0:
            text(word % 16 == 0 ? 600 : 20).withUnsafeBytes {
                _ = writer.emit(DenseEncoding.text(TextArgument($0)), id: 19, at: stamp)
            }
        case 1:
            var buffer = [UInt8](repeating: 0, count: WidePayload.maximumByteCount + 8)
            let (first, second) = (text(20), text(20))
            buffer.withUnsafeMutableBytes { memory in
                var payload = WidePayload(in: memory)
                first.withUnsafeBytes { payload.append(text: $0, fieldsLeft: 4) }
                payload.append(number: FieldType.word(signed: -Int64(word >> 1)))
                second.withUnsafeBytes { payload.append(text: $0, fieldsLeft: 2) }
                payload.append(number: FieldType.word(double: 0.25))
                payload.append(number: word)
                _ = writer.emit(DenseEncoding.wide(payload.bytes), id: 20, at: stamp)
            }
        default:
            var buffer = [UInt8](repeating: 0, count: WidePayload.maximumByteCount + 8)
            let name = Array("task \(word % 5)".utf8)
            buffer.withUnsafeMutableBytes { memory in
                var payload = WidePayload(in: memory)
                payload.append(number: random.next() % 3)
                name.withUnsafeBytes { payload.append(text: $0, fieldsLeft: 0) }
                _ = writer.emit(DenseEncoding.wide(payload.bytes), id: 21, at: stamp)
            }
        }
    }

    private mutating func file(of arena: Arena, _ cut: GenerationCut, _ clock: ClockPair) throws -> [UInt8] {
        let header = NativeFileHeader(
            rate: ClockRate(ticksPerSecond: 2_596_000_000, partsPerBillion: 100)!, timeShift: UInt8(Stamp.unitShift),
            start: clock)
        var writer = try NativeFileWriter(to: MemorySink(), header: header)
        try writer.write(
            schemas: Self.schemas.map { schema in
                var schema = schema
                schema.name = String(schema.name.prefix(nameLimit))
                return schema
            })
        try writer.write(strings: Self.strings.enumerated().map { NativeString(number: UInt32($0 + 1), text: $1) })
        var lanes: [UInt32: NativeGenerationEnd.Lane] = [:]
        var next: [UInt32: UInt64] = [:]
        var threads: Set<NativeThread> = []
        // One thread of the system has written all. Now and then it stays so: a lane each, all of the same number.
        let isOneThread = random.next() % 4 == 0
        try arena.visitPages(upTo: cut) { batch, bytes in
            var header = batch.header
            let lane = header.lane
            if !isOneThread { header.thread = 5000 + lane }
            // A batch in eight is lost.
            guard random.next() % 8 != 0 else { return }
            var entry = lanes[lane] ?? .init(lane: lane, events: 0)
            let skipped = batch.header.baseIndex - (next[lane] ?? batch.header.baseIndex)
            if skipped > 0 { entry.gaps.append(.init(firstIndex: next[lane]!, count: skipped)) }
            entry.events += batch.header.eventCount
            lanes[lane] = entry
            next[lane] = batch.header.endIndex
            threads.insert(NativeThread(lane: lane, thread: header.thread, name: "worker \(lane) é"))
            try writer.write(header, records: bytes.extracting(batch.records))
        }
        try writer.write(threads: threads.sorted { $0.lane < $1.lane })
        let last = stamps.max()! + 1000
        let end = ClockPair(
            ticks: last << Stamp.unitShift, monotonic: 3_000_000_000, wall: clock.wall + 2_000_000_000, width: 100)
        if random.next() % 2 == 0 {
            try writer.write(openSpans: [
                OpenSpan(
                    lane: 0, thread: threads.first { $0.lane == 0 }?.thread ?? 0, schema: 1, start: stamps[0] - 1 << 26)
            ])
        }
        try writer.write(
            NativeSnapshot(
                from: (clock.ticks >> Stamp.unitShift) + Self.lead, to: last, bound: .minimumAge, process: 4242,
                processName: "random", reason: "test"))
        try writer.write(
            NativeGenerationEnd(
                generation: cut.generation, clockPair: end, lanes: lanes.values.sorted { $0.lane < $1.lane }))
        return try writer.finish().bytes
    }
}
