/// One event of a batch, or a loss of events.
///
/// It holds offsets, not bytes: what has text or a wide payload is read from the span that the batch came from.
@frozen
public struct Record: Sendable, Hashable {
    /// The schema's id; 0 where events were lost.
    public var schema: UInt16
    public var shape: RecordShape
    /// True for a text that its writer has cut.
    public var isTruncated: Bool
    /// Where the record begins in the span, behind its syncs.
    public var offset: Int
    /// In the batch's units.
    public var time: UInt64
    /// Of the event in its lane, 48 bits; of a loss that of the first lost event.
    public var index: UInt64
    public var generation: UInt64
    /// Which of the batches that were passed in; 0 where there was one.
    public var batch = 0
    /// The numbers of an event of up to three, as words (see ``FieldType``); the others are 0.
    public var words: (UInt64, UInt64, UInt64) {
        @inlinable get { (first, second, third) }
    }
    /// The text of an event of one string, UTF-8 if the writer kept to the format; the fields of a wide event (see
    /// ``WideFields``); else empty. Offsets in the span.
    public var payload: Range<Int>

    @usableFromInline var first: UInt64
    @usableFromInline var second: UInt64
    @usableFromInline var third: UInt64

    /// How many events were lost here, in place of an event. Nil for an event.
    @inlinable public var lostCount: UInt64? { schema == 0 ? first : nil }

    /// The fields of a wide event, to be walked in the order of the schema; none for other shapes.
    @inlinable
    public var wideFields: WideFields { WideFields(shape == .wide ? payload : payload.upperBound..<payload.upperBound) }

    @inlinable
    @inline(__always)
    init(
        schema: UInt16, shape: RecordShape, offset: Int, time: UInt64, index: UInt64, generation: UInt64,
        words: (UInt64, UInt64, UInt64), payload: Range<Int>, isTruncated: Bool
    ) {
        self.schema = schema
        self.shape = shape
        self.offset = offset
        self.time = time
        self.index = index
        self.generation = generation
        (first, second, third) = words
        self.payload = payload
        self.isTruncated = isTruncated
    }

    /// Requires: as the entry's initializer does, and that the table has an entry.
    @inlinable
    @inline(__always)
    init(
        _ entry: DenseEntry, _ bytes: RawSpan, at offset: Int, time: UInt64, index: UInt64, generation: UInt64,
        _ table: RawSpan
    ) {
        let shape = entry.shape
        let end = offset &+ entry.length
        self.init(
            schema: entry.schema, shape: shape, offset: offset, time: time, index: index, generation: generation,
            words: entry.words(bytes, at: offset, table),
            payload: Range(uncheckedBounds: (shape == .text ? offset &+ 4 : end, end)), isTruncated: false)
    }

    @inlinable
    @inline(__always)
    init(_ decoded: Decoded, index: UInt64, generation: UInt64) {
        self.init(
            schema: decoded.schema, shape: decoded.shape, offset: decoded.offset, time: decoded.time, index: index,
            generation: generation, words: decoded.words, payload: decoded.payload, isTruncated: decoded.isTruncated)
    }
}

/// The fields of a wide event, one after the other. The schema tells which to ask for.
@frozen
public struct WideFields: Sendable, Hashable {
    /// What is left, as offsets in the span.
    @usableFromInline var rest: Range<Int>

    @inlinable
    init(_ payload: Range<Int>) { rest = payload }

    /// True behind the last byte. Fields that are left when the schema has no more are of no known type.
    @inlinable public var isEmpty: Bool { rest.isEmpty }

    /// The next field, which is a number, as a word. Throws ``DecodingError`` where the payload ends before it does.
    /// Traps if `bytes` is shorter than the span that the batch came from. Complexity: O(1).
    public mutating func number(in bytes: RawSpan) throws(DecodingError) -> UInt64 {
        var position = rest.lowerBound
        precondition(rest.upperBound <= bytes.byteCount, "the span is not the one that the batch came from")
        let value = try CheckedDecoder.prefixVarint(bytes, &position, rest.upperBound)
        rest = position..<rest.upperBound
        return value
    }

    /// The next field, which is a string: where it stands, and whether its writer has cut it. Throws ``DecodingError``
    /// where the payload ends before it does. Traps as ``number(in:)`` does. Complexity: O(1).
    public mutating func text(in bytes: RawSpan) throws(DecodingError) -> (range: Range<Int>, isTruncated: Bool) {
        var position = rest.lowerBound
        precondition(rest.upperBound <= bytes.byteCount, "the span is not the one that the batch came from")
        let text = try CheckedDecoder.longText(bytes, &position, rest.upperBound)
        rest = position..<rest.upperBound
        return text
    }
}
