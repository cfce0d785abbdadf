/// Steps through the events of one batch, in the order of the bytes.
///
/// ```swift
/// var records = RecordCursor(batch)
/// while let record = try records.next(in: bytes, shapes) { ... }
/// ```
///
/// The cursor holds offsets, not bytes: each call is given the span that the batch came from. Nothing is allocated, and
/// no byte outside the batch's records is loaded, whatever they hold. A value: any thread may use a copy of its own.
@frozen
public struct RecordCursor: Sendable {
    /// Where the next record begins, or the syncs in front of it. Offset in the span.
    @usableFromInline var position: Int
    /// Of the event before, or the batch's base. Units.
    @usableFromInline var time: UInt64
    /// Of the next event in its lane. 48 bits.
    @usableFromInline var index: UInt64
    /// Of the next event, unless a generation record stands before it.
    @usableFromInline var generation: UInt64
    @usableFromInline let start: Int
    @usableFromInline let end: Int

    /// A cursor at the first record of `batch`.
    @inlinable
    public init(_ batch: Batch) {
        start = batch.records.lowerBound
        position = start
        end = batch.records.upperBound
        time = batch.header.baseTime
        index = batch.header.baseIndex & 0xFFFF_FFFF_FFFF
        generation = batch.header.generation
    }

    /// The next event, or loss of events; nil behind the last.
    ///
    /// Throws ``DecodingError`` at the first record that is not whole or not known; further calls throw the same error
    /// again. What a wide payload holds is checked by ``WideFields``. Traps if `bytes` is shorter than the span that the
    /// batch came from.
    ///
    /// Complexity: O(1) for up to three numbers and for a text, which is not looked at; no allocation.
    @inlinable
    @inline(__always)
    public mutating func next(in bytes: RawSpan, _ shapes: borrowing ShapeTable) throws(DecodingError) -> Record? {
        let offset = position
        precondition(end <= bytes.byteCount, "the span is not the one that the batch came from")
        guard end &- offset >= DenseTable.margin, time < DenseTable.timeLimit else {
            return try nextExactly(in: bytes, shapes)
        }
        let table = shapes.fast.span.bytes
        // SAFETY: 32 bytes stand here before the batch's end.
        let entry = DenseEntry(bytes, at: offset, table)
        guard entry.isWhole(in: end &- offset) else { return try nextExactly(in: bytes, shapes) }
        time &+= entry.delta
        position = offset &+ entry.length
        let number = index
        index = (index &+ 1) & 0xFFFF_FFFF_FFFF
        return Record(entry, bytes, at: offset, time: time, index: number, generation: generation, table)
    }

    /// The next record by the checked decoder, whatever it is.
    @usableFromInline
    @inline(never)
    mutating func nextExactly(in bytes: RawSpan, _ shapes: borrowing ShapeTable) throws(DecodingError) -> Record? {
        while position < end {
            let decoded = try CheckedDecoder.next(
                bytes, at: position, end: end, after: time, isFirst: position == start, shapes)
            position = decoded.next
            time = decoded.time
            let number = index
            switch decoded.kind {
            case .generation:
                generation = decoded.words.0
                continue
            case .lost: index = (index &+ decoded.words.0) & 0xFFFF_FFFF_FFFF
            case .event: index = (index &+ 1) & 0xFFFF_FFFF_FFFF
            }
            return Record(decoded, index: number, generation: generation)
        }
        return nil
    }
}
