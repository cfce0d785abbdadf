import FlightRecording
import Testing

/// All that a native file says, read back by the cursor.
struct ReadSnapshot {
    struct Event: Hashable {
        var lane: UInt32
        var index: UInt64
        var name: String
        var words: [UInt64]
    }

    var events: [Event] = []
    var ends: [NativeGenerationEnd] = []
    var threads: [NativeThread] = []
    var batches: [BatchHeader] = []
    var reader: NativeFileReader

    init(_ bytes: [UInt8]) throws {
        let all = bytes.span.bytes
        reader = try NativeFileReader(all)
        var found: [NativeBatch] = []
        while let chunk = try reader.next(in: all) {
            switch chunk {
            case .batch(let batch): found.append(batch)
            case .endOfGeneration(let end): ends.append(end)
            case .threads(let more): threads += more
            default: break
            }
        }
        let shapes = ShapeTable(reader.schemas.values)
        for batch in found {
            batches.append(batch.header)
            var cursor = RecordCursor(Batch(batch.header, recordsAt: batch.offset))
            while let record = try cursor.next(in: all, shapes) {
                guard record.lostCount == nil else { continue }
                let schema = try #require(reader.schemas[record.schema])
                events.append(
                    Event(
                        lane: batch.header.lane, index: record.index, name: schema.name,
                        words: [record.words.0, record.words.1, record.words.2]))
            }
        }
    }

    init(_ recorder: FlightRecorder) throws {
        var sink = MemorySink()
        try recorder.snapshot(to: &sink)
        try self.init(sink.bytes)
    }

    func words(_ name: String) -> [UInt64] { events.filter { $0.name == name }.map(\.words[0]) }

    /// For each lane: the file's account is that of its events, which are there once, in order, and missing only where a gap
    /// is stated.
    func expectConserved() {
        let byLane = Dictionary(grouping: events, by: \.lane)
        for end in ends {
            for lane in end.lanes {
                let indices = (byLane[lane.lane] ?? []).map(\.index).sorted()
                #expect(UInt64(indices.count) == lane.events)
                var gaps = lane.gaps[...]
                for (one, next) in zip(indices, indices.dropFirst()) where next != one + 1 {
                    let gap = gaps.popFirst()
                    #expect(gap == .init(firstIndex: one + 1, count: next - one - 1), "lane \(lane.lane)")
                }
                #expect(gaps.count <= 1, "lane \(lane.lane): gaps that no event is missing from: \(gaps)")
            }
        }
    }
}
