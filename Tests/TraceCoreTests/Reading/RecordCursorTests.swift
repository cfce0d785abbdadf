import FuzzTargets
import Testing
import TraceCore

@Suite struct RecordsThatAreRare {
    private static func read(_ schemas: [EventSchema], _ header: BatchHeader, _ items: [Item]) throws -> [Found] {
        var encoder = ReferenceEncoder(schemas, baseTime: header.baseTime)
        for item in items { encoder.append(item) }
        return try read(schemas, header, encoder.bytes)
    }

    private static func read(_ schemas: [EventSchema], _ header: BatchHeader, _ records: [UInt8]) throws -> [Found] {
        let guarded = GuardedBytes(headerBytes(header, byteCount: records.count) + records)
        #expect(Agreement.failure(guarded, [0], schemas, beyond: 1) == nil)
        return try guarded.withSpan { span in
            let reading = Readers.cursor(try Batch(at: 0, in: span), span, ShapeTable(schemas))
            #expect(reading.error == nil)
            return reading.found
        }
    }

    private static let schemas = MalformedBatchesReadWrongly.schemas

    @Test(arguments: [0, 1, 0xFFFF, 0x1_0000, 0xFFFF_FFFF, 0x1_0000_0000, 0xFFFF_FFFF_FFFF, 1 << 48, .max] as [UInt64])
    func syncChains(_ delta: UInt64) throws {
        let found = try Self.read(
            Self.schemas, BatchHeader(),
            [.event(schema: 1, time: delta, fields: []), .event(schema: 1, time: delta, fields: [])])
        #expect(found.map(\.time) == [delta, delta])
    }

    @Test func aClockThatWentBackIsClamped() throws {
        let items: [Item] = [50, 40, 60].map { .event(schema: 1, time: $0, fields: []) }
        #expect(try Self.read(Self.schemas, BatchHeader(baseTime: 45), items).map(\.time) == [50, 50, 60])
    }

    /// A batch of more than one fast loop whose times reach 2^64.
    @Test func timesNearTheLast() throws {
        let start = UInt64.max - 39 * 3
        let items: [Item] = (0..<40).map { .event(schema: 1, time: start + $0 * 3, fields: []) }
        #expect(try Self.read(Self.schemas, BatchHeader(baseTime: start), items).last?.time == .max)
    }

    /// As many records as the fast decoders take, of which some lead beyond.
    @Test func timesBeyondTheLast() throws {
        let records = Array(repeating: [1, 3, 0] as [UInt8], count: 40).flatMap { $0 }
        let header = BatchHeader(baseTime: .max - 10)
        let batch = headerBytes(header, byteCount: records.count) + records
        let guarded = GuardedBytes(Array(repeating: batch, count: 5).flatMap { $0 })
        #expect(Agreement.failure(guarded, (0..<5).map { $0 * batch.count }, Self.schemas) == nil)
        let error = try guarded.withSpan {
            Readers.cursor(try Batch(at: 0, in: $0), $0, ShapeTable(Self.schemas)).error
        }
        #expect(error == DecodingError(.timeOverflow, at: 64 + 9))
    }

    @Test func lossAndGenerationCountOn() throws {
        let header = BatchHeader(baseIndex: 0xFFFF_FFFF_FFFE, generation: 4)
        let found = try Self.read(
            Self.schemas, header,
            [
                .event(schema: 1, time: 1, fields: []), .lost(10, time: 2), .generation(5, time: 70_000),
                .event(schema: 1, time: 70_001, fields: []),
            ])
        #expect(found.map(\.index) == [0xFFFF_FFFF_FFFE, 0xFFFF_FFFF_FFFF, 9])
        #expect(found.map(\.generation) == [4, 4, 5])
        #expect(found[1].schema == 0 && found[1].words == [10])
    }

    /// A part that was cut in front of a generation record repeats its time as the base; its delta counts as 0.
    @Test func aBatchThatWasCut() throws {
        let header = BatchHeader(generation: 5, baseTime: 70_000)
        let control: [UInt8] = [254, 7, 0, 1, 5, 0, 0, 0, 0, 0, 0, 0, 0x70, 0x11, 1, 0, 0, 0, 0, 0]
        let found = try Self.read(Self.schemas, header, control + [1, 2, 0])
        #expect(found.map(\.time) == [70_002])
        let synced = try Self.read(Self.schemas, header, [0, 9, 0] + control + [1, 2, 0])
        #expect(synced.map(\.time) == [70_002])
    }

    @Test func longTextsAreMarked() throws {
        let text = Array(repeating: UInt8(ascii: "a"), count: 1024)
        let found = try Self.read(
            Self.schemas, BatchHeader(), [.event(schema: 5, time: 0, fields: [.text(text, truncated: true)])])
        #expect(found[0].isTruncated && found[0].payload?.count == 1024)
    }

    @Test func idsThatAreExtended() throws {
        let found = try Self.read(
            Self.schemas, BatchHeader(), [.event(schema: 300, time: 3, fields: [.number(1 << 60)])])
        #expect(found[0].schema == 300 && found[0].words == [1 << 60])
    }

    @Test func aWidePayloadThatEndsEarly() throws {
        let records: [UInt8] = [6, 0, 0, 3, 0, 3, 9, 0]
        let guarded = GuardedBytes(headerBytes(BatchHeader(), byteCount: records.count) + records)
        try guarded.withSpan { span in
            var cursor = RecordCursor(try Batch(at: 0, in: span))
            var fields = try #require(try cursor.next(in: span, ShapeTable(Self.schemas))).wideFields
            #expect(try fields.number(in: span) == 1)
            #expect(throws: DecodingError(.truncated(.text), at: 72)) { _ = try fields.text(in: span) }
            #expect(!fields.isEmpty)
        }
    }

    @Test func unknownShapes() {
        let shapes = ShapeTable(Self.schemas)
        #expect(
            shapes[0] == nil && shapes[7] == nil && shapes[299] == nil && shapes[301] == nil && shapes[65535] == nil)
        #expect(shapes[1] == RecordShape.none && shapes[300] == .one)
    }
}

@Suite struct MergesOutOfOrder {
    private static let schemas = MalformedBatchesReadWrongly.schemas

    /// Times of all sizes: several windows, and batches that open late.
    @Test(arguments: 1..<13 as Range<UInt64>)
    func manyWindows(_ seed: UInt64) {
        var random = TestRandom(seed)
        let gap = UInt64(1) << UInt64.random(in: 0...40, using: &random)
        let parts = (0..<Int.random(in: 5...12, using: &random)).map { number in
            var time = UInt64.random(in: 0...20, using: &random) * gap
            let header = BatchHeader(ticket: UInt64(number / 3), baseTime: time, lane: UInt32(number % 3))
            let items: [Item] = (0..<Int.random(in: 0...300, using: &random)).map { _ in
                time += .random(in: 0...3, using: &random) == 0 ? .random(in: 0...gap, using: &random) : 0
                return .event(schema: 2, time: time, fields: [.number(time)])
            }
            return Sample.Part(header: header, items: items)
        }
        let sample = Sample(schemas: Self.schemas, parts: parts)
        let (bytes, offsets) = sample.encoded()
        #expect(Agreement.failure(GuardedBytes(bytes), offsets, Self.schemas) == nil)
    }

    @Test func unitsThatDiffer() {
        let bytes =
            headerBytes(BatchHeader(timeShift: 1), byteCount: 0) + headerBytes(BatchHeader(timeShift: 2), byteCount: 0)
        GuardedBytes(bytes).withSpan { span -> Void in
            #expect(throws: DecodingError(.timeShift(2), at: 70)) {
                _ = try TimeMerge([try Batch(at: 0, in: span), try Batch(at: 64, in: span)], in: span)
            }
        }
    }

    @Test func noBatches() throws {
        try GuardedBytes([1]).withSpan { span in
            var merge = try TimeMerge([], in: span)
            #expect(try merge.next(in: span, ShapeTable([])) == nil)
        }
    }
}

@Suite struct HeadersHoppedOver {
    @Test func contiguousAndPages() throws {
        var bytes: [UInt8] = []
        for number in 0..<5 {
            let records = Array(repeating: UInt8(1), count: 3 * number)
            bytes += headerBytes(BatchHeader(ticket: UInt64(number)), byteCount: records.count) + records
        }
        try GuardedBytes(bytes).withSpan { span in
            var tickets: [UInt64] = []
            try Batch.scan(contiguous: 0..<span.byteCount, in: span) { tickets.append($0.header.ticket) }
            #expect(tickets == [0, 1, 2, 3, 4])
            #expect(throws: DecodingError(.byteCount(12, available: 11), at: span.byteCount - 76 + 56)) {
                try Batch.scan(contiguous: 0..<span.byteCount - 1, in: span) { _ in }
            }
        }
        let pages = (0..<4).flatMap {
            headerBytes(BatchHeader(ticket: UInt64($0)), byteCount: 64) + Array(repeating: 1, count: 64)
        }
        try GuardedBytes(pages).withSpan { span in
            var tickets: [UInt64] = []
            try Batch.scan(pages: 4, of: 128, from: 0, in: span) { tickets.append($0.header.ticket) }
            #expect(tickets == [0, 1, 2, 3])
            #expect(throws: DecodingError(.byteCount(64, available: 63), at: 56)) {
                try Batch.scan(pages: 4, of: 127, from: 0, in: span) { _ in }
            }
            #expect(throws: DecodingError(.truncated(.header), at: 512)) {
                try Batch.scan(pages: 5, of: 128, from: 0, in: span) { _ in }
            }
        }
    }
}
