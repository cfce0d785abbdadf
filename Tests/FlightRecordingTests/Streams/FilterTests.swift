import MemoryAccess
import Testing
import TraceCore

@testable import FlightRecording

@Suite struct FiltersThatLose {
    private struct Decoded: Equatable {
        var schema: UInt16
        var time: UInt64
        var words: [UInt64]
        var payload: [UInt8]

        init(_ record: Record, _ bytes: RawSpan) {
            schema = record.schema
            time = record.time
            words = [record.words.0, record.words.1, record.words.2]
            let range = record.shape == .text || record.shape == .wide ? record.payload : 0..<0
            payload = bytes.extracting(range).withUnsafeBytes(Array.init)
        }
    }

    private func records(_ batch: Batch, _ bytes: RawSpan) throws -> [Decoded] {
        var all: [Decoded] = []
        let shapes = ShapeTable(Trace.schemas)
        var cursor = RecordCursor(batch)
        while let record = try cursor.next(in: bytes, shapes) { all.append(Decoded(record, bytes)) }
        return all
    }

    /// All shapes, times far apart, and any filter: what is kept is what passes, byte for byte, at its time.
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func batchesOfWhatPasses(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let stage = try HubStage(pages: 128)
        let queue = stage.queue(depth: 100)
        let writer = try stage.writer()
        var ticks = TraceClock.now()
        for count in 0..<4000 {
            ticks += random.next() >> UInt64(random.below(40) + 20)
            emitAny(writer, Stamp(ticks: ticks), &random)
            if count % 500 == 499 { try stage.close() }
        }
        let ids = Set(
            [Sent.plain.state.id, Sent.text.state.id, Sent.wide.state.id, Sent.other.state.id].filter { _ in
                random.below(2) == 0
            })
        let schemas = Trace.schemas
        let shapes = ShapeTable(schemas)
        let passes = TraceFilterTable(TraceFilter(ids: ids.union([Sent.three.state.id])), schemas)
        var filtered = BatchBuilder()
        while let generation = queue.next(nanoseconds: 0) {
            try generation.withBytes { bytes in
                for batch in generation.batches {
                    try filtered.take(from: batch, in: bytes, shapes, passes)
                    let expected = try records(batch, bytes).filter { passes[$0.schema] }
                    #expect(filtered.isEmpty == expected.isEmpty)
                    let header = filtered.header
                    let found = try filtered.withRecords { try records(Batch(header, recordsAt: 0), $0) }
                    #expect(found == expected)
                    #expect(header.eventCount == UInt64(expected.count))
                }
            }
        }
        _ = consume writer
    }

    private func emitAny(_ writer: borrowing Writer, _ stamp: Stamp, _ random: inout SeededGenerator) {
        let words = (
            random.next() >> UInt64(random.below(64)), random.next(), random.next() >> UInt64(random.below(64))
        )
        switch random.below(6) {
        case 0: writer.emit(DenseEncoding.none(), id: UInt32(Sent.plain.state.id), at: stamp)
        case 1: writer.emit(DenseEncoding.one(words.0), id: UInt32(Sent.other.state.id), at: stamp)
        case 2: writer.emit(DenseEncoding.two(words.0, words.1), id: UInt32(Sent.numbered.state.id), at: stamp)
        case 3: writer.emit(DenseEncoding.three(words.0, words.1, words.2), id: UInt32(Sent.three.state.id), at: stamp)
        case 4:
            [UInt8](repeating: 97, count: random.below(400)).withUnsafeBytes {
                _ = writer.emit(DenseEncoding.text(TextArgument($0)), id: UInt32(Sent.text.state.id), at: stamp)
            }
        default:
            withUnsafeTemporaryAllocation(byteCount: WidePayload.maximumByteCount + 8, alignment: 8) { buffer in
                var payload = WidePayload(in: buffer)
                payload.append(number: words.0)
                payload.append(text: UnsafeRawBufferPointer(start: nil, count: 0), fieldsLeft: 2)
                payload.append(number: words.1)
                payload.append(number: words.2)
                _ = writer.emit(DenseEncoding.wide(payload.bytes), id: UInt32(Sent.wide.state.id), at: stamp)
            }
        }
    }

    @Test func categoriesNamesAndIds() {
        Sent.register()
        let schemas = Trace.schemas
        func passing(_ filter: TraceFilter) -> Set<UInt16> {
            let table = TraceFilterTable(filter, schemas)
            let mine = [
                Sent.numbered.state.id, Sent.text.state.id, Sent.other.state.id, Sent.wide.state.id,
                Sent.plain.state.id,
                Sent.three.state.id,
            ]
            return Set(mine.filter { table[$0] })
        }
        #expect(passing(.everything).count == 6)
        #expect(passing(TraceFilter(categories: ["sent"])).count == 3)
        #expect(passing(TraceFilter(categories: ["sent"], names: ["other"])).count == 4)
        #expect(passing(TraceFilter(ids: [Sent.wide.state.id])) == [Sent.wide.state.id])
        #expect(passing(TraceFilter(categories: ["no such"])).isEmpty)
    }

    /// Events that are registered behind the table's last update do not pass until the next one.
    @Test func schemasThatComeLater() {
        let first = EventSchema(id: 1, name: "a", category: "x")
        let second = EventSchema(id: 2, name: "b", category: "y")
        var table = TraceFilterTable(TraceFilter(categories: ["y"]), [first])
        #expect(!table[1] && !table[2])
        table.update([first, second])
        #expect(!table[1] && table[2] && !table[3])
    }
}

@Suite struct FileNamesOutOfOrder {
    @Test func dates() {
        func text(_ seconds: Int64) -> String { TraceFileName("t", wall: seconds * 1_000_000_000 + 42_000).text }
        #expect(text(0) == "t-19700101T000000.000042Z.frec")
        #expect(text(951_782_399) == "t-20000228T235959.000042Z.frec")
        #expect(text(951_782_400) == "t-20000229T000000.000042Z.frec")
        #expect(text(1_735_689_599) == "t-20241231T235959.000042Z.frec")
        #expect(text(4_107_542_399) == "t-21000228T235959.000042Z.frec")
        #expect(text(4_107_542_400) == "t-21000301T000000.000042Z.frec")
    }

    @Test func theNextName() {
        #expect(TraceFileName(after: "t-19700101T000000.000042Z.frec").text == "t-19700101T000000.000043Z.frec")
        #expect(TraceFileName(after: "t-19700101T000009.999999Z.frec").text == "t-19700101T000010.000000Z.frec")
        #expect(TraceFileName(after: "t-19700101T999999.999999Z.frec").text == "t-19700102T000000.000000Z.frec")
    }

    @Test func namesOfOthers() {
        #expect(TraceFileName.isOne("t-19700101T000009.999999Z.frec", prefix: "t"))
        for name in [
            "t.frec", "t-19700101T000009.99999Z.frec", "t-19700101T000009.99999aZ.frec",
            "u-19700101T000009.999999Z.frec",
        ] {
            #expect(!TraceFileName.isOne(name, prefix: "t"))
        }
    }
}
