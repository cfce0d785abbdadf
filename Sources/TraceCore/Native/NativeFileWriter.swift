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
        guard records.byteCount < (1 << 32) - 128 else {
            throw NativeFileError(.invalid(.batchHeader, UInt64(records.byteCount)), at: Int(clamping: byteCount))
        }
        var header = header
        header.byteCount = UInt32(records.byteCount)
        let headByteCount = NativeChunkKind.headByteCount + BatchHeader.byteCount
        let padding = -records.byteCount & 7
        try withUnsafeTemporaryAllocation(byteCount: headByteCount + 8, alignment: 8) { memory in
            memory.storeBytes(of: NativeChunkKind.batch.rawValue.littleEndian, as: UInt32.self)
            let length = UInt32(BatchHeader.byteCount) + header.byteCount
            memory.storeBytes(of: length.littleEndian, toByteOffset: 4, as: UInt32.self)
            header.store(to: memory.baseAddress! + NativeChunkKind.headByteCount)
            memory.storeBytes(of: 0, toByteOffset: headByteCount, as: UInt64.self)
            let head = UnsafeRawBufferPointer(memory)
            hasFailed = true
            try records.withUnsafeBytes {
                try sink.write(
                    UnsafeRawBufferPointer(rebasing: head[..<headByteCount]), $0,
                    UnsafeRawBufferPointer(rebasing: head[headByteCount..<headByteCount + padding]))
            }
            hasFailed = false
        }
        byteCount += UInt64(headByteCount + records.byteCount + padding)
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
