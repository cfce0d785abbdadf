public import TraceCore

/// Holds a file against docs/FORMAT.md, chunk by chunk and record by record: what each reader takes for granted, and what
/// only some look at.
///
/// 1. The header and each chunk are whole and known, and what they state of each other agrees (`NativeFileReader`).
/// 2. Each batch decodes, record by record, to its end, and holds as many events as it states.
/// 3. In each lane, times never go backward, indices never either, and where they jump a gap says so, or the lane is truncated.
/// 4. Batches and records are of no later generation than the one that they stand in; its lanes hold what it states.
/// 5. What records refer to is there: schemas, strings. Texts are UTF-8. The end of a span has the id behind its begin's.
/// 6. Open spans are of events that begin a span.
///
/// A chunk that cannot be read ends it: what follows is not known to be chunks. What is wrong inside of a batch does not end it.
public struct FileVerifier {
    /// What is wrong with a file, and where.
    public struct Violation: Encodable, Hashable, Sendable {
        /// Of the first byte at fault.
        public var offset: Int
        public var what: String

        public init(offset: Int, what: String) { (self.offset, self.what) = (offset, what) }
    }

    public private(set) var violations: [Violation] = []
    /// All of them, also those beyond the limit.
    public private(set) var count = 0
    public private(set) var records: UInt64 = 0
    public private(set) var batches = 0
    public private(set) var generations = 0

    private let limit: Int
    private var schemas: [UInt16: EventSchema] = [:]
    private var strings: [UInt32: String] = [:]
    private var shapes = ShapeTable([])
    private var header: NativeFileHeader
    /// Batches of the generation that is open.
    private var pending: [NativeBatch] = []
    private var spans: [(OpenSpan, Int)] = []
    /// By lane: what its last batch ended with.
    private var lanes: [UInt32: LaneEnd] = [:]

    private struct LaneEnd {
        var index: UInt64
        var time: UInt64
        /// Events behind the last batch may have been left out on purpose.
        var isTruncated = false
    }

    /// Hops over the file once.
    ///
    /// - Parameters:
    ///   - limit: how many violations to keep.
    ///   - progress: called every 256 chunks with the part of the bytes that is done, 0 to 1.
    /// - Throws: `NativeFileError` where the header is none.
    public init(
        _ bytes: RawSpan, limit: Int = 100, progress: (Double) -> Void = { _ in }
    ) throws(NativeFileError) {
        self.limit = limit
        header = try NativeFileReader(bytes).header
        // Schemas and strings may stand behind the records that refer to them.
        var reader = try NativeFileReader(bytes)
        var chunks = 0
        while (try? reader.next(in: bytes)) != nil {
            chunks += 1
            if chunks & 255 == 0 { progress(Double(reader.offset) / Double(bytes.byteCount)) }
        }
        schemas = reader.schemas
        strings = reader.strings
        shapes = ShapeTable(schemas.values)
        checkSchemas(at: NativeFileHeader.byteCount)
    }

    /// Looks at all of `bytes`, which the verifier was made for. Once.
    ///
    /// - Parameter progress: called every 64 batches with the part of the bytes that is done, 0 to 1.
    /// - Complexity: O(bytes).
    public mutating func run(in bytes: RawSpan, progress: (Double) -> Void = { _ in }) {
        do {
            var reader = try NativeFileReader(bytes)
            var offset = reader.offset
            while let chunk = try reader.next(in: bytes) {
                check(chunk, at: offset, in: bytes, progress)
                offset = reader.offset
            }
        } catch {
            // What was read of a generation without an end is still worth a look.
            for batch in pending { _ = verify(batch, in: bytes, generation: .max) }
            report(error.offset, "\(error.reason)")
        }
    }

    private mutating func report(_ offset: Int, _ what: String) {
        count += 1
        if violations.count < limit { violations.append(Violation(offset: offset, what: what)) }
    }

    /// An end has the id that follows its begin's.
    private mutating func checkSchemas(at offset: Int) {
        for schema in schemas.values.sorted(by: { $0.id < $1.id }) {
            let wanted: EventKind? =
                switch schema.kind {
                case .begin: .end
                case .asyncBegin: .asyncEnd
                default: nil
                }
            guard let wanted else { continue }
            let end = schema.id == .max ? nil : schemas[schema.id + 1]
            if let end, end.kind == wanted { continue }
            report(offset, "schema \(schema.id) (\(schema.name.prefix(80))) begins a span, and no end has the next id")
        }
    }

    private mutating func check(
        _ chunk: NativeChunk, at offset: Int, in bytes: RawSpan, _ progress: (Double) -> Void
    ) {
        // Behind the chunk's head.
        let payload = offset + 8
        switch chunk {
        case .schemas, .strings, .threads, .clockPair, .end: break
        case .batch(let batch): pending.append(batch)
        case .openSpans(let more):
            for (place, span) in more.enumerated() { spans.append((span, payload + 4 + 32 * place)) }
        case .snapshot(let snapshot):
            if snapshot.from > snapshot.to {
                report(payload, "the snapshot's window ends (\(snapshot.to)) before it begins (\(snapshot.from))")
            }
        case .endOfGeneration(let end): close(end, at: payload, in: bytes, progress)
        }
    }

    /// A generation is whole: its lanes are what its batches hold.
    private mutating func close(
        _ end: NativeGenerationEnd, at offset: Int, in bytes: RawSpan, _ progress: (Double) -> Void
    ) {
        generations += 1
        var events: [UInt32: UInt64] = [:]
        let stated = Dictionary(end.lanes.map { ($0.lane, $0) }) { first, _ in first }
        if stated.count != end.lanes.count {
            report(offset + 40, "a lane is listed twice in generation \(end.generation)")
        }
        // In the order of the lane's events, which is that of their pages.
        let ordered = pending.sorted {
            ($0.header.lane, $0.header.ticket, $0.header.baseTime, $0.offset)
                < ($1.header.lane, $1.header.ticket, $1.header.baseTime, $1.offset)
        }
        let first = pending.first?.offset ?? 0
        for (number, batch) in ordered.enumerated() {
            if number & 63 == 63 {
                let part = Double(offset - first) * Double(number) / Double(ordered.count)
                progress((Double(first) + part) / Double(bytes.byteCount))
            }
            let lane = batch.header.lane
            checkOrder(batch, stated[lane])
            events[lane, default: 0] &+= verify(batch, in: bytes, generation: end.generation)
        }
        for lane in end.lanes {
            pass(lane)
            let found = events.removeValue(forKey: lane.lane) ?? 0
            if found != lane.events {
                report(
                    offset,
                    "lane \(lane.lane): \(lane.events) events stated in generation \(end.generation), \(found) found")
            }
        }
        for lane in events.keys.sorted() {
            report(offset, "lane \(lane) has batches in generation \(end.generation), and no entry at its end")
        }
        for (span, offset) in spans { check(span, at: offset, end.clockPair.ticks) }
        pending = []
        spans = []
    }

    /// Losses behind a lane's last batch: the next one, in a later generation, goes on behind them.
    private mutating func pass(_ lane: NativeGenerationEnd.Lane) {
        guard var last = lanes[lane.lane] else { return }
        for gap in lane.gaps where gap.firstIndex & 0xFFFF_FFFF_FFFF == last.index {
            last.index = (last.index &+ gap.count) & 0xFFFF_FFFF_FFFF
        }
        last.isTruncated = lane.isTruncated
        lanes[lane.lane] = last
    }

    /// A batch's index goes on where the lane's last one ended, or behind a gap that is stated.
    private mutating func checkOrder(_ batch: NativeBatch, _ lane: NativeGenerationEnd.Lane?) {
        let header = batch.header
        let place = batch.offset - BatchHeader.byteCount
        guard let last = lanes[header.lane] else { return }
        if LanePosition.precedes(header.baseIndex, last.index) {
            report(
                place + 16,
                "lane \(header.lane): index \(header.baseIndex) behind \(last.index), where the batch before ended")
        } else if header.baseIndex & 0xFFFF_FFFF_FFFF != last.index, let lane, !lane.isTruncated, !last.isTruncated {
            let missing = (header.baseIndex &- last.index) & 0xFFFF_FFFF_FFFF
            let gaps = lane.gaps.filter {
                !LanePosition.precedes($0.firstIndex, last.index)
                    && LanePosition.precedes($0.firstIndex, header.baseIndex)
            }
            let known = gaps.reduce(0 as UInt64) { $0 &+ $1.count }
            if known != missing {
                report(
                    place + 16,
                    "lane \(header.lane): \(missing) events are missing in front of index \(header.baseIndex), gaps state \(known)"
                )
            }
        }
        if header.baseTime < last.time {
            report(
                place + 32,
                "lane \(header.lane): time \(header.baseTime) before \(last.time), that of the record before")
        }
    }

    /// Decodes a batch. Returns its events, without lost ones.
    private mutating func verify(_ batch: NativeBatch, in bytes: RawSpan, generation: UInt64) -> UInt64 {
        batches += 1
        let place = batch.offset - BatchHeader.byteCount
        let header = batch.header
        if header.timeShift != self.header.timeShift {
            report(
                place + 6,
                "the batch's time shift \(header.timeShift) differs from the file's, \(self.header.timeShift)")
        }
        if header.generation > generation {
            report(
                place + 24, "the batch's generation \(header.generation) is later than \(generation), which it is in")
        }
        var (events, count, time) = (0 as UInt64, 0 as UInt64, header.baseTime)
        do {
            var cursor = RecordCursor(try Batch(at: place, in: bytes))
            while let record = try cursor.next(in: bytes, shapes) {
                time = record.time
                count &+= record.lostCount ?? 1
                if record.lostCount == nil {
                    events += 1
                    try verify(record, in: bytes)
                }
                if record.generation > generation {
                    report(
                        record.offset, "a record of generation \(record.generation), which is later than \(generation)")
                }
            }
            if count & 0xFFFF_FFFF_FFFF != header.eventCount {
                report(place + 48, "the batch states \(header.eventCount) events, and holds \(count)")
            }
        } catch {
            report(
                (error as? DecodingError)?.offset ?? place,
                (error as? DecodingError).map { "\($0.reason)" } ?? "\(error)")
        }
        records += events
        lanes[header.lane] = LaneEnd(index: header.endIndex & 0xFFFF_FFFF_FFFF, time: time)
        return events
    }

    /// What the reader of a record leaves to others: fields of wide payloads, numbers of strings, UTF-8.
    private mutating func verify(_ record: Record, in bytes: RawSpan) throws {
        guard let schema = schemas[record.schema] else { return }
        switch record.shape {
        case .none: break
        case .one, .two, .three:
            let words = [record.words.0, record.words.1, record.words.2]
            for (field, word) in zip(schema.fields, words) { verify(word, field, record) }
        case .text: verify(text: record.payload, record, bytes)
        case .wide:
            var fields = record.wideFields
            for field in schema.fields {
                if field.type == .string {
                    verify(text: try fields.text(in: bytes).range, record, bytes)
                } else {
                    verify(try fields.number(in: bytes), field, record)
                }
            }
            if !fields.isEmpty { report(record.offset, "bytes behind the last field of \(schema.name.prefix(80))") }
        }
    }

    private mutating func verify(_ word: UInt64, _ field: EventSchema.Field, _ record: Record) {
        switch field.type {
        case .staticString:
            // 0 stands for none.
            guard word != 0, UInt32(exactly: word).flatMap({ strings[$0] }) == nil else { return }
            report(record.offset, "string \(word) is not in the table")
        case .boolean where word > 1: report(record.offset, "a boolean of \(word)")
        default: break
        }
    }

    private mutating func verify(text range: Range<Int>, _ record: Record, _ bytes: RawSpan) {
        let isValid = bytes.extracting(range).withUnsafeBytes { String(validating: $0, as: UTF8.self) != nil }
        if !isValid { report(range.lowerBound, "a string that is no UTF-8") }
    }

    private mutating func check(_ span: OpenSpan, at offset: Int, _ end: UInt64) {
        guard let schema = schemas[span.schema] else {
            return report(offset + 8, "an open span of schema \(span.schema), which is not in the file")
        }
        let wanted: EventKind = span.isAcrossThreads ? .asyncBegin : .begin
        if schema.kind != wanted {
            report(offset + 8, "an open span of schema \(span.schema), which is of kind \(schema.kind)")
        }
        if !span.isAcrossThreads, span.number != 0 {
            report(offset + 24, "an open span of a thread with the number \(span.number)")
        }
    }
}
