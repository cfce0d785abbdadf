import MemoryAccess
import Testing
import TraceCore

/// What the real writer wrote, by the real reader: random shapes and numbers through pages of random sizes.
@Suite struct EventsThatComeBackDifferent {
    struct Sent: Equatable, CustomStringConvertible {
        var id: UInt16
        var words: [UInt64] = []
        var text: [UInt8]?
        var units: UInt64

        var description: String { "\(id) \(words) \(text.map { "\($0.count) bytes" } ?? "") at \(units)" }
    }

    static let schemas: [EventSchema] = (1...300).map { id in
        let numbers = Array(repeating: FieldType.unsigned, count: Int(id) % 4)
        let types = id % 7 == 6 ? [.string] : numbers
        return EventSchema(
            id: UInt16(id), name: "e\(id)", category: "c",
            fields: types.map { EventSchema.Field(name: "f", type: $0) })
    }

    static func random(_ count: Int, _ random: inout SeededGenerator) -> [Sent] {
        var units: UInt64 = 1 << 40
        return (0..<count).map { _ in
            // Mostly near; sometimes as far as takes one sync or two.
            units += random.next() >> (random.next() % 8 == 0 ? 26 : 52)
            let schema = schemas.randomElement(using: &random)!
            var sent = Sent(id: schema.id, units: units)
            if schema.shape == .text {
                sent.text = (0..<Int.random(in: 0...300, using: &random)).map { _ in
                    UInt8.random(in: 0...127, using: &random)
                }
            } else {
                sent.words = schema.fields.map { _ in random.next() >> (random.next() % 64) }
            }
            return sent
        }
    }

    private static func extended<Base: EncodedRecord>(_ record: Base) -> ExtendedRecord<DenseEncoding, Base> {
        ExtendedRecord(record)
    }

    static func emit(_ sent: Sent, through writer: borrowing LaneWriter<NativeMemory, DenseEncoding>) -> Bool {
        let stamp = Stamp(ticks: sent.units << Stamp.unitShift)
        func emit(_ record: some EncodedRecord) -> Bool {
            sent.id <= DenseEncoding.maximumID
                ? writer.emit(record, id: UInt32(sent.id), at: stamp)
                : writer.emit(extended(record), id: UInt32(sent.id), at: stamp)
        }
        if let text = sent.text { return text.withUnsafeBytes { emit(DenseEncoding.text(TextArgument($0))) } }
        switch sent.words.count {
        case 0: return emit(DenseEncoding.none())
        case 1: return emit(DenseEncoding.one(sent.words[0]))
        case 2: return emit(DenseEncoding.two(sent.words[0], sent.words[1]))
        default: return emit(DenseEncoding.three(sent.words[0], sent.words[1], sent.words[2]))
        }
    }

    /// The first difference between what was sent and what the arena holds of it, or nil.
    ///
    /// - Parameters:
    ///   - start: the index of the first event.
    ///   - hand: the ticket of the first page.
    static func failure(
        _ all: [Sent], pageByteCount: Int, pageCount: Int, start: UInt64 = 0, hand: UInt64 = 0
    ) throws -> String? {
        let arena = try Arena(ArenaGeometry(pageByteCount: pageByteCount, pageCount: pageCount, laneCapacity: 2))
        if hand != 0 {
            NativeMemory.storeRelaxed(hand, to: arena.view.hand)
            let free = PageState(sequence: hand &- UInt64(pageCount), phase: .free)
            for page in 0..<pageCount { NativeMemory.storeRelaxed(free.word, to: arena.view.state(of: page)) }
        }
        let writer = try arena.makeWriter(as: DenseEncoding.self)
        NativeMemory.storeRelaxed(start << 16, to: writer.lane.pos)
        // The lane's clock begins at the present: the stamps count from there.
        let base = Stamp.now.units
        var sent = all
        for index in sent.indices { sent[index].units += base }
        for (number, event) in sent.enumerated() where !emit(event, through: writer) {
            return "event \(number) was lost"
        }
        // A clock that stepped backward stands still until it is past its last time again.
        for index in sent.indices.dropFirst() { sent[index].units = max(sent[index].units, sent[index - 1].units) }
        let cut = try arena.advance()
        let shapes = ShapeTable(schemas)
        var found = 0
        var next: UInt64?
        var difference: String?
        try arena.visitPages(upTo: cut) { batch, bytes in
            var cursor = RecordCursor(batch)
            while difference == nil, let record = try cursor.next(in: bytes, shapes) {
                let index = next ?? wrapped(record.index &- start)
                if record.index != wrapped(start &+ index) { difference = "index \(record.index) at \(index)" }
                next = index + 1
                found += 1
                let words = [record.words.0, record.words.1, record.words.2]
                let text = record.shape == .text ? bytes.withUnsafeBytes { Array($0[record.payload]) } : nil
                let count = text == nil ? shapes[record.schema].map { sentWords($0) } ?? 0 : 0
                let got = Sent(id: record.schema, words: Array(words.prefix(count)), text: text, units: record.time)
                if got != sent[Int(index)] { difference = "event \(index): \(got) instead of \(sent[Int(index)])" }
            }
        }
        if let difference { return difference }
        // The end is there, and what is missing is whole pages at the start.
        if next != UInt64(sent.count) { return "ends at \(next ?? 0) of \(sent.count)" }
        if found < min(sent.count, (pageCount - 1) * (pageByteCount - 600) / 320) { return "only \(found) events kept" }
        return nil
    }

    /// An index as batches and positions hold it.
    private static func wrapped(_ index: UInt64) -> UInt64 { index & (1 << 48 - 1) }

    private static func sentWords(_ shape: RecordShape) -> Int {
        switch shape {
        case .one: 1
        case .two: 2
        case .three: 3
        default: 0
        }
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func randomEvents(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let pageByteCount = 4096 << Int.random(in: 0...4, using: &random)
        let pageCount = Int.random(in: 2...9, using: &random)
        var events = Self.random(Int.random(in: 1...4000, using: &random), &random)
        guard var failure = try Self.failure(events, pageByteCount: pageByteCount, pageCount: pageCount) else { return }
        // Shrinks: leaves out halves, quarters, ... single events, as long as it still fails.
        var step = events.count / 2
        while step > 0 {
            var start = 0
            while start < events.count {
                var fewer = events
                fewer.removeSubrange(start..<min(start + step, events.count))
                if !fewer.isEmpty,
                    let found = try Self.failure(fewer, pageByteCount: pageByteCount, pageCount: pageCount)
                {
                    (events, failure) = (fewer, found)
                } else {
                    start += step
                }
            }
            step /= 2
        }
        Issue.record("seed \(seed), \(pageCount) pages of \(pageByteCount): \(failure); smallest: \(events)")
    }

    /// Events and pages are counted modulo 2^48 and 2^44: a thread that emits 100 million a second comes there in a month.
    @Test(arguments: [1 << 32, 1 << 48] as [UInt64], [1 << 32, 1 << 44] as [UInt64])
    func numbersThatWrap(start: UInt64, hand: UInt64) throws {
        for seed in 0..<20 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let events = Self.random(2000, &random)
            let failure = try Self.failure(
                events, pageByteCount: 4096, pageCount: Int.random(in: 2...9, using: &random),
                start: start - UInt64.random(in: 1...2000, using: &random),
                hand: hand - UInt64.random(in: 1...40, using: &random))
            #expect(failure == nil, "seed \(seed)")
        }
    }

    /// By one unit, by a second, to the clock's beginning: no event is lost, and none is before its predecessor.
    @Test func clocksThatStepBackward() throws {
        for seed in 0..<40 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            var events = Self.random(2000, &random)
            for index in events.indices where random.next() % 8 == 0 {
                events[index].units -= min(
                    events[index].units, random.next() >> UInt64.random(in: 20...63, using: &random))
            }
            let failure = try Self.failure(
                events, pageByteCount: 4096, pageCount: Int.random(in: 2...9, using: &random))
            #expect(failure == nil, "seed \(seed)")
        }
    }

    /// The arena's way into a file and back, with another generation in between.
    @Test func throughAFile() throws {
        var random = SeededGenerator(seed: 7)
        let arena = try Arena(ArenaGeometry(pageByteCount: 4096, pageCount: 64, laneCapacity: 2))
        let writer = try arena.makeWriter(as: DenseEncoding.self)
        var sent: [Sent] = []
        for _ in 0..<2 {
            let base = sent.last?.units ?? Stamp.now.units
            sent += Self.random(500, &random).map {
                Sent(id: $0.id, words: $0.words, text: $0.text, units: $0.units + base)
            }
            for event in sent.suffix(500) where !Self.emit(event, through: writer) { Issue.record("\(event) was lost") }
            try arena.advance()
        }
        var file = try NativeFileWriter(to: MemorySink(), header: NativeFileHeader(TraceClock()))
        try file.write(schemas: Self.schemas)
        try arena.visitPages(upTo: arena.lastCut) { batch, bytes in
            try file.write(batch.header, records: bytes.extracting(batch.records))
        }
        let lane = NativeGenerationEnd.Lane(lane: 0, events: UInt64(sent.count), gaps: [], isTruncated: false)
        try file.write(NativeGenerationEnd(generation: 2, clockPair: .take(), lanes: [lane]))
        let bytes = try file.finish().bytes

        let span = bytes.span.bytes
        var reader = try NativeFileReader(span)
        var records: [Record] = []
        var batches: [Batch] = []
        while let chunk = try reader.next(in: span) {
            if case .batch(let batch) = chunk { batches.append(Batch(batch.header, recordsAt: batch.offset)) }
        }
        let shapes = ShapeTable(reader.schemas.values)
        var merge = try TimeMerge(batches, in: span)
        while let record = try merge.next(in: span, shapes) { records.append(record) }
        #expect(records.map(\.schema) == sent.map(\.id))
        #expect(records.map(\.time) == sent.map(\.units))
        #expect(records.map(\.generation) == Array(repeating: 1, count: 500) + Array(repeating: 2, count: 500))
    }
}
