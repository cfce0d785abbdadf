/// What a bulk scan hands its findings to.
///
/// The scan is generic over it and inlines it four times into its loop: keep ``event(_:)`` short. What it does not use of an
/// event is not decoded.
public protocol ScanVisitor: ~Copyable {
    /// An event. Those of one batch come in order; those of different batches come as they may.
    mutating func event(_ event: ScannedEvent)
    /// `count` events of the lane were lost here.
    mutating func lost(_ count: UInt64, at time: UInt64, batch: Int)
    /// The batch's following events belong to `generation`.
    mutating func generation(_ generation: UInt64, at time: UInt64, batch: Int)
}

extension ScanVisitor where Self: ~Copyable {
    @inlinable public mutating func lost(_ count: UInt64, at time: UInt64, batch: Int) {}
    @inlinable public mutating func generation(_ generation: UInt64, at time: UInt64, batch: Int) {}
}

/// An event as a bulk scan or a merge finds it.
@frozen
public struct ScannedEvent {
    /// Which of the batches that were passed in.
    public let batch: Int
    public let schema: UInt16
    /// In the batch's units.
    public let time: UInt64
    /// Where the record begins in the span.
    public let offset: Int
    /// The numbers of an event of up to three, as words (see ``FieldType``); the others are 0.
    public let words: (UInt64, UInt64, UInt64)
    /// Where it ends.
    public let end: Int
    @usableFromInline let payloadStart: Int

    /// Of an event of one string: the text. Of a wide event: its fields. Of any other: a range up to its end that means
    /// nothing. Offsets in the span.
    @inlinable
    public var payload: Range<Int> { Range(uncheckedBounds: (min(payloadStart, end), end)) }

    @inlinable
    @inline(__always)
    init(_ entry: DenseEntry, _ bytes: RawSpan, at position: Int, time: UInt64, batch: Int, _ table: RawSpan) {
        self.batch = batch
        self.time = time
        schema = entry.schema
        offset = position
        words = entry.words(bytes, at: position, table)
        payloadStart = position &+ 4
        end = position &+ entry.length
    }

    @inlinable
    @inline(__always)
    init(_ decoded: Decoded, batch: Int) {
        self.batch = batch
        time = decoded.time
        schema = decoded.schema
        offset = decoded.offset
        words = decoded.words
        payloadStart = decoded.payload.lowerBound
        end = decoded.next
    }
}
