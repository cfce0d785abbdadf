// A reader of native files, in place. The layout is in docs/FORMAT.md, "File".
//
// Ownership
//
// The reader owns no bytes and points at none: it holds offsets, and every call borrows the input as a `RawSpan`. So it is
// a copyable value that may be kept and sent to another thread, and one input may be read by many at once.
//
// Invariants, on any bytes
//
// 1. Every load is bounds-checked against the span, and a chunk is parsed only when it is whole. Otherwise, a length that
//    lies reads foreign memory.
// 2. A length or count is compared with the bytes that are left before it is converted or space is reserved for it.
//    Otherwise, a few bytes make the reader trap, or ask for gigabytes. What is allocated, tables included, stays below
//    64 bytes per byte of input: the worst are schemas without names and fields, 36 measured.
// 3. Nothing is done with a text but to store it: it is at most 4096 bytes, and repaired where it is no UTF-8.
// 4. After an error the reader stays where it is and gives the same error again. Otherwise, a caller that goes on would
//    read garbage as a chunk.

/// Hops over the chunks of a native file.
///
/// ```swift
/// var reader = try NativeFileReader(bytes)
/// while let chunk = try reader.next(in: bytes) {
///     if case .batch(let batch) = chunk { decode(batch.header, bytes.extracting(batch.range)) }
/// }
/// ```
///
/// The records in a batch are not looked at, and a batch header only so far as to see that it is one.
public struct NativeFileReader: Sendable {
    public let header: NativeFileHeader

    /// All schemas so far, by their ids.
    public private(set) var schemas: [UInt16: EventSchema] = [:]

    /// The table of static strings so far.
    public private(set) var strings: [UInt32: String] = [:]

    /// What was read so far.
    public private(set) var totals = NativeTotals()

    /// Offset behind the last chunk that was read.
    public private(set) var offset: Int

    private var lastGeneration: UInt64?
    private var isInsideGeneration = false
    private var isAtEnd = false
    private var failure: NativeFileError?

    /// A reader at the first chunk of `bytes`.
    ///
    /// Throws ``NativeFileError``, if the header is not that of a file this version knows.
    public init(_ bytes: RawSpan) throws(NativeFileError) {
        (header, offset) = try NativeFileHeader.read(bytes)
    }

    /// The next chunk, or nil behind the end marker. Chunks of an unknown kind are skipped.
    ///
    /// `bytes` has to be the input that the reader was made for. Throws ``NativeFileError``, and the same one again in
    /// every further call: ``NativeFileError/Reason/incomplete``, at the offset of the first chunk that is not whole,
    /// where the file was cut anywhere.
    ///
    /// Complexity: O(1) for a batch, without allocation; else linear in the chunk.
    public mutating func next(in bytes: RawSpan) throws(NativeFileError) -> NativeChunk? {
        if let failure { throw failure }
        do throws(NativeFileError) {
            while !isAtEnd {
                if let chunk = try readChunk(in: bytes) { return chunk }
            }
            guard offset == bytes.byteCount else { throw NativeFileError(.bytesBehindTheEnd, at: offset) }
            return nil
        } catch {
            failure = error
            throw error
        }
    }

    /// Nil for an unknown kind, which is skipped.
    private mutating func readChunk(in bytes: RawSpan) throws(NativeFileError) -> NativeChunk? {
        let headByteCount = NativeChunkKind.headByteCount
        guard bytes.byteCount - offset >= headByteCount else { throw NativeFileError(.incomplete, at: offset) }
        let rawKind = bytes.number(at: offset, as: UInt32.self)
        let length = UInt64(bytes.number(at: offset + 4, as: UInt32.self))
        guard rawKind != 0 else { throw NativeFileError(.unwritten, at: offset) }
        let start = offset + headByteCount
        let padded = (length + 7) & ~7
        guard padded <= UInt64(bytes.byteCount - start) else { throw NativeFileError(.incomplete, at: offset) }
        let chunk = try NativeChunkKind(rawValue: rawKind).map { kind throws(NativeFileError) in
            try read(kind, start..<start + Int(length), in: bytes)
        }
        offset = start + Int(padded)
        return chunk
    }

    private mutating func read(
        _ kind: NativeChunkKind, _ range: Range<Int>, in bytes: RawSpan
    ) throws(NativeFileError) -> NativeChunk {
        var cursor = FieldCursor(range)
        switch kind {
        case .schemas:
            let found = try EventSchema.readAll(&cursor, in: bytes)
            for schema in found { try add(schema, at: range.lowerBound) }
            return .schemas(found)
        case .strings:
            let found = try NativeString.readAll(&cursor, in: bytes)
            for string in found { try add(string, at: range.lowerBound) }
            return .strings(found)
        case .threads:
            return .threads(try NativeThread.readAll(&cursor, in: bytes))
        case .clockPair:
            return .clockPair(try cursor.clockPair(in: bytes))
        case .batch:
            let batch = try NativeBatch.read(range, in: bytes)
            totals.batches += 1
            isInsideGeneration = true
            return .batch(batch)
        case .endOfGeneration:
            let end = try NativeGenerationEnd.read(&cursor, in: bytes)
            guard lastGeneration.map({ $0 < end.generation }) ?? true else {
                throw NativeFileError(.generationsOutOfOrder(found: end.generation), at: range.lowerBound)
            }
            lastGeneration = end.generation
            totals.add(end)
            isInsideGeneration = false
            return .endOfGeneration(end)
        case .openSpans:
            return .openSpans(try OpenSpan.readAll(&cursor, in: bytes))
        case .end:
            let stated = try NativeTotals.read(&cursor, in: bytes)
            guard !isInsideGeneration else { throw NativeFileError(.generationNotEnded, at: offset) }
            try check(stated.batches, totals.batches, .batches, at: range.lowerBound)
            try check(stated.events, totals.events, .events, at: range.lowerBound + 8)
            try check(stated.lost, totals.lost, .lost, at: range.lowerBound + 16)
            isAtEnd = true
            return .end(stated)
        }
    }

    private mutating func add(_ schema: EventSchema, at offset: Int) throws(NativeFileError) {
        guard schemas[schema.id, default: schema] == schema else {
            throw NativeFileError(.conflictingSchema(id: schema.id), at: offset)
        }
        schemas[schema.id] = schema
    }

    private mutating func add(_ string: NativeString, at offset: Int) throws(NativeFileError) {
        guard strings[string.number, default: string.text] == string.text else {
            throw NativeFileError(.conflictingString(number: string.number), at: offset)
        }
        strings[string.number] = string.text
    }

    private func check(
        _ stated: UInt64, _ found: UInt64, _ field: NativeFileError.Field, at offset: Int
    ) throws(NativeFileError) {
        guard stated == found else {
            throw NativeFileError(.wrongTotal(field, stated: stated, found: found), at: offset)
        }
    }
}

extension NativeBatch {
    static func read(_ range: Range<Int>, in bytes: RawSpan) throws(NativeFileError) -> NativeBatch {
        guard range.count >= BatchHeader.byteCount else {
            throw NativeFileError(.truncated(.batchHeader), at: range.lowerBound)
        }
        guard let header = BatchHeader(bytes, at: range.lowerBound) else {
            throw NativeFileError(.notABatch, at: range.lowerBound)
        }
        let byteCount = range.count - BatchHeader.byteCount
        guard header.byteCount == UInt32(byteCount) else {
            throw NativeFileError(
                .batchLength(stated: header.byteCount, found: UInt32(byteCount)), at: range.lowerBound)
        }
        return NativeBatch(header: header, offset: range.lowerBound + BatchHeader.byteCount, byteCount: byteCount)
    }
}
