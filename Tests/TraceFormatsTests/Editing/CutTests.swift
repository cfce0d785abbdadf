import Testing
import TraceCore
import TraceFormats
import TraceTestSupport

/// Parts of files: exactly what was asked for, and whole files by themselves.
@Suite struct CutTests {
    static func cut(_ file: [UInt8], _ cut: TraceCut) throws -> [UInt8] {
        let bytes = file.span.bytes
        let index = try TraceIndex(bytes)
        let sink = try cut.write(index, in: bytes, to: MemorySink())
        return sink.bytes
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func aPartHoldsWhatWasAskedForAndVerifies(seed: UInt64) throws {
        let file = try RandomTrace.file(seed: seed)
        #expect(FileVerifier.violations(file) == [], "seed \(seed)")
        let whole = try RecordList(file)
        var random = SeededGenerator(seed: seed &* 77)
        let times = whole.entries.map(\.time)
        var cut = TraceCut()
        if random.next() % 4 != 0, let low = times.min(), let high = times.max() {
            let one = UInt64.random(in: low...high, using: &random)
            let other = UInt64.random(in: low...high, using: &random)
            cut.from = min(one, other)
            cut.to = max(one, other)
        }
        if random.next() % 3 == 0 {
            let some = whole.index.threads.filter { _ in random.next() % 2 == 0 }
            cut.threads = Set(some.map(\.id))
        }
        if random.next() % 2 == 0 {
            let some = (1...21 as ClosedRange<UInt16>).filter { _ in random.next() % 2 == 0 }
            cut.dropped = Set(some)
        }
        let part = try Self.cut(file, cut)
        #expect(FileVerifier.violations(part) == [], "seed \(seed)")
        let wanted = cut.threads ?? Set(whole.entries.map { NativeThread.ID(lane: $0.lane, thread: $0.thread) })
        let expected = whole.entries.filter { entry in
            cut.from...cut.to ~= entry.time && !cut.dropped.contains(entry.schema)
                && wanted.contains(NativeThread.ID(lane: entry.lane, thread: entry.thread))
        }
        let found = try RecordList(part)
        #expect(found.entries == expected, "seed \(seed)")
        var lost: UInt64 = 0
        for item in try CollectingSink.collect(part).items {
            if case .lost(_, let count) = item.what { lost += count }
        }
        // What was left out on purpose is no loss.
        #expect(lost <= found.index.totals.lost, "seed \(seed)")
        #expect(found.index.totals.lost <= whole.index.totals.lost)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func allOfAFileIsThatFile(seed: UInt64) throws {
        let file = try RandomTrace.file(seed: seed)
        let copy = try Self.cut(file, TraceCut())
        let (found, expected) = (try CollectingSink.collect(copy), try CollectingSink.collect(file))
        #expect(found.items == expected.items)
        #expect(found.context?.index.totals == expected.context?.index.totals)
    }

    /// A span that ends behind the part is open at its end, wherever it began.
    @Test func spansThatOutlastThePartAreListed() throws {
        let file = try SmallFile.make { writer in
            writer.emit(1, at: 1000)
            writer.emit(1, at: 2000)
            writer.emit(3, at: 3000)
            writer.emit(2, at: 4000)
            writer.emit(2, at: 5000)
        }
        let part = try Self.cut(file, TraceCut(from: 1500, to: 2500))
        let sink = try CollectingSink.collect(part)
        let context = try #require(sink.context)
        let spans = context.index.openSpans
        #expect(spans.map(\.start) == [1000, 2000])
        #expect(spans.map(\.depth) == [0, 1])
        let items = sink.items
        #expect(
            items.map(\.what) == [
                .spanBegin(isCutOff: true), .spanBegin(isCutOff: false), .spanEnd(isUnfinished: true),
                .spanEnd(isUnfinished: true),
            ])
        #expect(items[0].time == context.time(units: 1000))
    }

    /// Several generations, one of which nothing is kept of: what was left out there is no loss in the next.
    @Test func generationsStay() throws {
        let pair = ClockPair(ticks: 1000, monotonic: 1000, wall: 1000, width: 1)
        let rate = ClockRate(ticksPerSecond: 1_000_000_000, partsPerBillion: 0)!
        var writer = try NativeFileWriter(
            to: MemorySink(), header: NativeFileHeader(rate: rate, timeShift: 0, start: pair))
        try writer.write(schemas: [
            EventSchema(id: 1, name: "a", category: "x"), EventSchema(id: 2, name: "b", category: "y"),
        ])
        let records: [[UInt8]] = [[1, 1, 0, 1, 1, 0], [2, 1, 0, 2, 1, 0], [1, 1, 0, 1, 1, 0], [1, 1, 0, 2, 1, 0]]
        let bases: [UInt64] = [0, 2, 4, 9]
        for (number, bytes) in records.enumerated() {
            let time = 2000 + UInt64(number) * 100
            let header = BatchHeader(
                ticket: UInt64(number), baseIndex: bases[number], generation: UInt64(number + 1), baseTime: time,
                thread: 5, endIndex: bases[number] + 2)
            try writer.write(header, records: bytes.span.bytes)
            let end = ClockPair(ticks: time + 50, monotonic: time + 50, wall: Int64(time) + 50, width: 1)
            // The third ends with a loss.
            let gaps = number == 2 ? [NativeGenerationEnd.Gap(firstIndex: 6, count: 3)] : []
            let lane = NativeGenerationEnd.Lane(lane: 0, events: 2, gaps: gaps)
            try writer.write(NativeGenerationEnd(generation: UInt64(number + 1), clockPair: end, lanes: [lane]))
        }
        let file = try writer.finish().bytes
        #expect(FileVerifier.violations(file) == [])
        func losses(_ file: [UInt8]) throws -> [UInt64] {
            try CollectingSink.collect(file).items.compactMap {
                if case .lost(_, let count) = $0.what { count } else { nil }
            }
        }
        #expect(try losses(file) == [3])
        for (cut, generations, events) in [
            (TraceCut(dropped: [2]), [1, 3, 4], 5), (TraceCut(dropped: [1]), [2, 3, 4], 3),
            (TraceCut(from: 2100, to: 2250), [2, 3, 4], 4), (TraceCut(from: 2302), [4], 1),
        ] as [(TraceCut, [UInt64], Int)] {
            let part = try Self.cut(file, cut)
            #expect(FileVerifier.violations(part) == [], "\(cut)")
            let list = try RecordList(part)
            #expect(list.entries.count == events)
            #expect(list.index.generations.map(\.generation) == generations, "\(cut)")
            let expected: [UInt64] = cut.from > 2300 || cut.to < 2300 ? [] : [3]
            #expect(try losses(part) == expected, "\(cut)")
        }
    }

    @Test func aFileThatWasCutShortIsCutAsFarAsItGoes() throws {
        let file = try RandomTrace.file(seed: 5)
        let index = try TraceIndex(file.span.bytes)
        let last = try #require(index.batches.last)
        let short = Array(file[..<((last.records.upperBound + 7) & ~7)])
        let part = try Self.cut(short, TraceCut())
        #expect(FileVerifier.violations(part) == [])
        let (found, expected) = (try RecordList(part), try RecordList(file))
        #expect(found.entries == expected.entries)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func theUnitOfATimeIsTheFirst(seed: UInt64) throws {
        let file = try RandomTrace.file(seed: seed)
        let context = TimelineContext(try TraceIndex(file.span.bytes))
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let time = context.start + Int64(random.next() >> 30) - Int64(random.next() >> 30)
            let units = context.firstUnits(notBefore: time)
            #expect(context.time(units: units) >= time)
            #expect(units == 0 || context.time(units: units - 1) < time)
        }
    }
}
