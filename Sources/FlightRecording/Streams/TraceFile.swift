internal import TraceCore

/// A file that generations are written to. One thread's.
struct TraceFile: ~Copyable {
    let temporaryPath: String
    private var writer: NativeFileWriter<PartialFile>
    private let begin: ClockPair
    /// How many of the registered ones are in the file.
    private var schemas = 0
    private var texts = 0
    private var threads: Set<Holder> = []
    private var filtered = BatchBuilder()

    private struct Holder: Hashable {
        var lane: UInt32
        var thread: UInt32
    }

    init(_ file: consuming PartialFile, _ clock: TraceClock, begin: ClockPair) throws {
        let temporaryPath = file.temporaryPath
        var writer = try NativeFileWriter(to: file, header: NativeFileHeader(clock))
        try writer.write(begin)
        self.temporaryPath = temporaryPath
        self.writer = writer
        self.begin = begin
    }

    func isFull(_ configuration: TraceFileWriter.Configuration, at generation: TraceGeneration) -> Bool {
        if writer.byteCount >= UInt64(max(configuration.maximumFileBytes, 0)) { return true }
        guard let age = configuration.maximumFileAge else { return false }
        return generation.end.clockPair.monotonic - begin.monotonic >= age.nanoseconds
    }

    /// Writes a generation, straight from its pages where there is no filter. Returns how many events are in the file.
    ///
    /// What its records refer to comes first: it was registered before they were written.
    mutating func write(
        _ generation: TraceGeneration, _ known: [EventSchema], _ filter: TraceFilterTable?
    ) throws -> UInt64 {
        try writer.write(schemas: known.dropFirst(schemas))
        schemas = max(schemas, known.count)
        let allTexts = Trace.texts
        let numbered = allTexts.enumerated().dropFirst(texts)
        try writer.write(strings: numbered.map { NativeString(number: UInt32($0.offset + 1), text: $0.element) })
        texts = max(texts, allTexts.count)
        try writeThreads(of: generation)

        var end = generation.end
        if let filter {
            let shapes = ShapeTable(known)
            let counts = try generation.withBytes { try writeFiltered(generation.batches, in: $0, shapes, filter) }
            for index in end.lanes.indices {
                let events = counts[end.lanes[index].lane] ?? 0
                end.lanes[index].isTruncated = events != end.lanes[index].events
                end.lanes[index].events = events
            }
        } else {
            try generation.withBytes { bytes in
                for batch in generation.batches {
                    try writer.write(batch.header, records: bytes.extracting(batch.records))
                }
            }
        }
        if let loss = generation.lostBefore { end.addGaps(loss) }
        try writer.write(end)
        return end.lanes.reduce(0) { $0 + $1.events }
    }

    consuming func finish(synchronized: Bool) throws -> UInt64 {
        let bytes = writer.byteCount + NativeTotals.chunkByteCount
        try writer.finish().commit(synchronized: synchronized)
        return bytes
    }

    /// Names the threads that are new in this file.
    private mutating func writeThreads(of generation: TraceGeneration) throws {
        var new: Set<Holder> = []
        for batch in generation.batches {
            let holder = Holder(lane: batch.header.lane, thread: batch.header.thread)
            if !threads.contains(holder) { new.insert(holder) }
        }
        guard !new.isEmpty else { return }
        threads.formUnion(new)
        try writer.write(threads: Trace.threads(of: new.map { ($0.lane, $0.thread) }))
    }

    /// Returns how many events of each lane have passed.
    private mutating func writeFiltered(
        _ batches: [Batch], in bytes: RawSpan, _ shapes: ShapeTable, _ filter: TraceFilterTable
    ) throws -> [UInt32: UInt64] {
        var counts: [UInt32: UInt64] = [:]
        for batch in batches {
            try filtered.take(from: batch, in: bytes, shapes, filter)
            guard !filtered.isEmpty else { continue }
            counts[batch.header.lane, default: 0] += filtered.events
            let header = filtered.header
            try filtered.withRecords { try writer.write(header, records: $0) }
        }
        return counts
    }
}

extension NativeGenerationEnd {
    /// What a subscriber lost before this generation, as gaps in front of its own.
    mutating func addGaps(_ loss: TraceLoss) {
        var gaps = Dictionary(uniqueKeysWithValues: loss.lanes.map { ($0.lane, $0.gap) })
        for index in lanes.indices {
            if let gap = gaps.removeValue(forKey: lanes[index].lane) { lanes[index].gaps.insert(gap, at: 0) }
        }
        lanes += gaps.sorted { $0.key < $1.key }.map { Lane(lane: $0.key, events: 0, gaps: [$0.value]) }
    }
}
