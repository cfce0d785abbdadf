/// Writes a native file (docs/FORMAT.md, "File") to a sink, chunk by chunk.
///
/// ```swift
/// var writer = try NativeFileWriter(to: PartialFile(path: path), header: NativeFileHeader(clock))
/// try writer.write(schemas: schemas)
/// for page in pages { try writer.write(page.header, records: page.records) }
/// try writer.write(NativeGenerationEnd(generation: 1, clockPair: .take(), lanes: lanes))
/// try writer.finish().commit()
/// ```
///
/// What is written is not checked against what was written before: two schemas with one id, or generations out of order,
/// make a file that readers refuse.
///
/// After the sink has thrown, a part of a chunk may stand at its end: nothing more is written, and every further call
/// throws ``NativeFileError/Reason/failedBefore``. One thread at a time.
public struct NativeFileWriter<Sink: ByteSink & ~Copyable>: ~Copyable {
    /// Of the chunks that were written, each whole.
    public private(set) var totals = NativeTotals()
    /// Bytes of the header and of the chunks that were written, each whole.
    public private(set) var byteCount: UInt64 = 0

    private var sink: Sink
    private var chunk = ChunkBuffer()
    private var hasFailed = false
    private var isInsideGeneration = false

    /// Writes the header. Throws what the sink throws, or ``NativeFileError`` for a time shift above 16.
    public init(to sink: consuming Sink, header: NativeFileHeader) throws {
        self.sink = sink
        guard header.timeShift <= NativeFileHeader.maximumTimeShift else {
            throw NativeFileError(.invalid(.timeShift, UInt64(header.timeShift)), at: 28)
        }
        header.append(to: &chunk)
        try writeChunk()
    }

    /// Adds to the schemas of the file. Throws what the sink throws, or ``NativeFileError`` for a schema with id 0 or
    /// with more than 255 fields. Texts are cut to 4096 bytes.
    public mutating func write(schemas: some Sequence<EventSchema>) throws {
        let offset = Int(clamping: byteCount)
        try write(.schemas, schemas) { schema, chunk throws(NativeFileError) in
            try schema.append(to: &chunk, at: offset)
        }
    }

    /// Adds to the table of static strings. Throws what the sink throws. Texts are cut to 4096 bytes.
    public mutating func write(strings: some Sequence<NativeString>) throws {
        try write(.strings, strings) { string, chunk in string.append(to: &chunk) }
    }

    /// Names threads. Throws what the sink throws. Texts are cut to 4096 bytes.
    public mutating func write(threads: some Sequence<NativeThread>) throws {
        try write(.threads, threads) { thread, chunk in thread.append(to: &chunk) }
    }

    /// Tells which spans were open when the generation ended whose end is written next. Throws what the sink throws.
    public mutating func write(openSpans: some Sequence<OpenSpan>) throws {
        try write(.openSpans, openSpans) { span, chunk in span.append(to: &chunk) }
    }

    /// Tells what the file covers, and why it was taken. Throws what the sink throws. Texts are cut to 4096 bytes.
    public mutating func write(_ snapshot: NativeSnapshot) throws {
        chunk.begin()
        snapshot.append(to: &chunk)
        try writeChunk(.snapshot)
    }

    /// Ties ticks to the system's clocks once more. Throws what the sink throws.
    public mutating func write(_ pair: ClockPair) throws {
        chunk.begin()
        chunk.append(pair)
        try writeChunk(.clockPair)
    }

    /// Adds a batch to the generation that is open. The header's `byteCount` is taken from `records`.
    ///
    /// Throws what the sink throws, or ``NativeFileError`` for records of 2^32 - 128 bytes or more. Nothing is allocated,
    /// and the records are not copied. Complexity: O(1), and what the sink makes of the bytes.
    public mutating func write(_ header: BatchHeader, records: RawSpan) throws {
        try checkSink()
        try check(recordByteCount: records.byteCount)
        try withUnsafeTemporaryAllocation(byteCount: Self.framingByteCount, alignment: 8) { memory in
            try records.withUnsafeBytes { records in
                let parts = Self.frame(header, records, in: memory.baseAddress!)
                hasFailed = true
                try sink.write(parts.head, records, parts.padding)
                hasFailed = false
            }
        }
        count(recordByteCount: records.byteCount)
    }

    /// Adds batches to the generation that is open, 16 with each call of the sink: a file is written with fewer calls of the
    /// system. All else as of ``write(_:records:)``, for each of them.
    ///
    /// - Parameter bytes: the span that the batches' offsets are of.
    /// - Precondition: it reaches to the end of each of them.
    public mutating func write(_ batches: [Batch], in bytes: RawSpan) throws {
        try checkSink()
        for batch in batches {
            precondition(
                batch.records.upperBound <= bytes.byteCount, "the span is not the one that the batch came from")
            try check(recordByteCount: batch.records.count)
        }
        var rest = batches[...]
        while !rest.isEmpty {
            let now = rest.prefix(Self.batchesTogether)
            try withUnsafeTemporaryAllocation(byteCount: now.count * Self.framingByteCount, alignment: 8) { memory in
                try withUnsafeTemporaryAllocation(of: UnsafeRawBufferPointer.self, capacity: 3 * now.count) { runs in
                    try bytes.withUnsafeBytes { bytes in
                        for (index, batch) in now.enumerated() {
                            let records = UnsafeRawBufferPointer(rebasing: bytes[batch.records])
                            let parts = Self.frame(
                                batch.header, records, in: memory.baseAddress! + index * Self.framingByteCount)
                            (runs[3 * index], runs[3 * index + 1], runs[3 * index + 2]) = (
                                parts.head, records, parts.padding
                            )
                        }
                        hasFailed = true
                        try sink.write(gathering: UnsafeBufferPointer(runs))
                        hasFailed = false
                    }
                }
            }
            for batch in now { count(recordByteCount: batch.records.count) }
            rest = rest.dropFirst(now.count)
        }
    }

    private static var batchesTogether: Int { 16 }

    private static var headByteCount: Int { NativeChunkKind.headByteCount + BatchHeader.byteCount }
    /// What stands around a batch's records: its head, and at most 8 bytes of padding.
    private static var framingByteCount: Int { headByteCount + 8 }

    /// Makes head and padding of a batch in 80 bytes of memory.
    private static func frame(
        _ header: BatchHeader, _ records: UnsafeRawBufferPointer, in memory: UnsafeMutableRawPointer
    ) -> (head: UnsafeRawBufferPointer, padding: UnsafeRawBufferPointer) {
        var header = header
        header.byteCount = UInt32(records.count)
        memory.storeBytes(of: NativeChunkKind.batch.rawValue.littleEndian, as: UInt32.self)
        let length = UInt32(BatchHeader.byteCount) + header.byteCount
        memory.storeBytes(of: length.littleEndian, toByteOffset: 4, as: UInt32.self)
        header.store(to: memory + NativeChunkKind.headByteCount)
        memory.storeBytes(of: 0, toByteOffset: headByteCount, as: UInt64.self)
        return (
            UnsafeRawBufferPointer(start: memory, count: headByteCount),
            UnsafeRawBufferPointer(start: memory + headByteCount, count: -records.count & 7)
        )
    }

    private func check(recordByteCount: Int) throws(NativeFileError) {
        guard recordByteCount < (1 << 32) - 128 else {
            throw NativeFileError(.invalid(.batchHeader, UInt64(recordByteCount)), at: Int(clamping: byteCount))
        }
    }

    private mutating func count(recordByteCount: Int) {
        byteCount += UInt64(Self.headByteCount + (recordByteCount + 7) & ~7)
        totals.batches += 1
        isInsideGeneration = true
    }

    /// Ends the generation of the batches since the previous end. Throws what the sink throws.
    public mutating func write(_ end: NativeGenerationEnd) throws {
        chunk.begin()
        end.append(to: &chunk)
        try writeChunk(.endOfGeneration)
        totals.add(end)
        isInsideGeneration = false
    }

    /// Writes the end marker and gives the sink back.
    ///
    /// Throws what the sink throws, or ``NativeFileError/Reason/generationNotEnded`` behind a batch. The sink is gone
    /// then.
    public consuming func finish() throws -> Sink {
        try checkSink()
        guard !isInsideGeneration else { throw NativeFileError(.generationNotEnded, at: Int(clamping: byteCount)) }
        chunk.begin()
        totals.append(to: &chunk)
        try writeChunk(.end)
        return sink
    }

    /// Writes the elements into as many chunks of about 64 KiB as it takes.
    private mutating func write<Element>(
        _ kind: NativeChunkKind, _ elements: some Sequence<Element>,
        append: (Element, inout ChunkBuffer) throws(NativeFileError) -> Void
    ) throws {
        var count: UInt32 = 0
        for element in elements {
            if count == 0 {
                chunk.begin()
                chunk.append(count)
            }
            try append(element, &chunk)
            count += 1
            chunk.set(count, at: NativeChunkKind.headByteCount)
            if chunk.bytes.count >= 64 << 10 {
                try writeChunk(kind)
                count = 0
            }
        }
        if count > 0 { try writeChunk(kind) }
    }

    private func checkSink() throws(NativeFileError) {
        guard !hasFailed else { throw NativeFileError(.failedBefore, at: Int(clamping: byteCount)) }
    }

    /// Writes what is in `chunk`, with a head unless there is no `kind`.
    private mutating func writeChunk(_ kind: NativeChunkKind? = nil) throws {
        try checkSink()
        if let kind { chunk.end(kind) }
        hasFailed = true
        try chunk.bytes.withUnsafeBytes { try sink.write($0) }
        hasFailed = false
        byteCount += UInt64(chunk.bytes.count)
    }
}
