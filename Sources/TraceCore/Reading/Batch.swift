/// A batch of dense records: its header, and where its records stand in the span that holds all batches.
///
/// It holds offsets, not bytes: whoever reads passes the span (the mapping of an arena, or of a file) to each call.
@frozen
public struct Batch: Sendable, Hashable {
    public let header: BatchHeader
    /// The records, as offsets in the span.
    public let records: Range<Int>

    /// A batch whose header is known, as that of a pinned page is, and whose records begin at `start` of the span.
    ///
    /// Traps if `start` is negative, or the end no `Int`: readers look no more than whether the span reaches to the end.
    @inlinable
    public init(_ header: BatchHeader, recordsAt start: Int) {
        precondition(start >= 0, "a batch in front of its span")
        self.header = header
        records = start..<start + Int(header.byteCount)
    }

    /// The batch whose header is at `offset` of `bytes`. Reads 64 bytes there, aligned or not.
    ///
    /// Throws ``DecodingError`` where there is no header, or one that this reader does not know, or where fewer bytes of
    /// records follow than it states. Complexity: O(1).
    ///
    /// - Parameter byteCount: of a page that is still being written, the bytes of records that are published: the header
    ///   does not tell. Nil: as in the header.
    @inlinable
    public init(at offset: Int, in bytes: RawSpan, byteCount: Int? = nil) throws(DecodingError) {
        guard offset >= 0, offset <= bytes.byteCount, bytes.byteCount &- offset >= BatchHeader.byteCount else {
            throw DecodingError(.truncated(.header), at: offset)
        }
        guard let header = BatchHeader(bytes, at: offset) else { throw DecodingError(.magic, at: offset) }
        guard header.encoding == 1 else { throw DecodingError(.encoding(header.encoding), at: offset &+ 4) }
        guard header.timeShift <= 16 else { throw DecodingError(.timeShift(header.timeShift), at: offset &+ 6) }
        guard header.flags == 0 else { throw DecodingError(.flags(header.flags), at: offset &+ 7) }
        let start = offset &+ BatchHeader.byteCount
        let available = bytes.byteCount &- start
        let count = byteCount ?? Int(truncatingIfNeeded: header.byteCount)
        guard count >= 0, count <= available else {
            throw DecodingError(
                .byteCount(UInt64(truncatingIfNeeded: count), available: available), at: offset &+ 56)
        }
        self.header = header
        records = Range(uncheckedBounds: (start, start &+ count))
    }
}

extension Batch {
    /// The batches of a file: each begins where the records of the one before end. From `range` of `bytes`, all of it.
    ///
    /// Throws ``DecodingError`` as `init` does, at the first that is not whole; `body` has seen those before.
    /// Complexity: O(batches): only headers are read.
    @inlinable
    public static func scan(
        contiguous range: Range<Int>, in bytes: RawSpan, _ body: (Batch) -> Void
    ) throws(DecodingError) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let batch = try Batch(at: offset, in: bytes)
            guard batch.records.upperBound <= range.upperBound else {
                throw DecodingError(
                    .byteCount(
                        UInt64(batch.header.byteCount),
                        available: max(0, range.upperBound - offset - BatchHeader.byteCount)),
                    at: offset &+ 56)
            }
            body(batch)
            offset = batch.records.upperBound
        }
    }

    /// The batches of an arena: one at the start of each of `count` pages of `pageSize` bytes, from `start` of `bytes` on.
    ///
    /// Throws ``DecodingError`` as `init` does, at the first that is not whole or longer than its page; `body` has seen
    /// those before. Complexity: O(pages): only headers are read.
    @inlinable
    public static func scan(
        pages count: Int, of pageSize: Int, from start: Int, in bytes: RawSpan, _ body: (Batch) -> Void
    ) throws(DecodingError) {
        var offset = start
        for _ in 0..<count {
            let batch = try Batch(at: offset, in: bytes)
            guard batch.records.count <= pageSize &- BatchHeader.byteCount else {
                throw DecodingError(
                    .byteCount(UInt64(batch.header.byteCount), available: pageSize &- BatchHeader.byteCount),
                    at: offset &+ 56)
            }
            body(batch)
            offset &+= pageSize
        }
    }
}
