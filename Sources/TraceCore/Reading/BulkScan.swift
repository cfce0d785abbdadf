/// Scans of many batches at once, four interleaved. There is no pass before: bytes are checked as they are decoded.
///
/// Any thread may scan; several may scan the same bytes.
public enum BulkScan {
    /// Hands all events of `batches` to `visitor`, with their numbers.
    ///
    /// ```swift
    /// var sum = Sum()                                 // a ScanVisitor
    /// try BulkScan.scan(batches, in: bytes, shapes, into: &sum)
    /// ```
    ///
    /// Throws ``DecodingError`` at the first record that is not whole or not known; the visitor has seen others before it,
    /// of all batches. What a wide payload holds is not looked at. Traps if `bytes` is shorter than the span that a batch
    /// came from. Complexity: O(events), without allocation.
    @inlinable
    public static func scan<Visitor: ScanVisitor & ~Copyable>(
        _ batches: [Batch], in bytes: RawSpan, _ shapes: borrowing ShapeTable, into visitor: inout Visitor
    ) throws(DecodingError) {
        var sink = VisitorSink(visitor, batches, byteCount: bytes.byteCount)
        do throws(DecodingError) {
            try InterleavedScan.run(bytes, shapes, &sink)
        } catch {
            visitor = sink.finish()
            throw error
        }
        visitor = sink.finish()
    }

    /// Hands id and time of all events of `batches` to `visitor`: numbers are stepped over.
    ///
    /// Errors, traps and complexity as of ``scan(_:in:_:into:)``.
    @inlinable
    public static func scanTimes<Visitor: TimeVisitor & ~Copyable>(
        _ batches: [Batch], in bytes: RawSpan, _ shapes: borrowing ShapeTable, into visitor: inout Visitor
    ) throws(DecodingError) {
        var adapter = TimesOnly(visitor)
        do throws(DecodingError) {
            try scan(batches, in: bytes, shapes, into: &adapter)
        } catch {
            visitor = adapter.finish()
            throw error
        }
        visitor = adapter.finish()
    }
}

/// What a scan of ids and times hands its findings to. It is inlined, as a ``ScanVisitor`` is.
public protocol TimeVisitor: ~Copyable {
    /// An event. Those of one batch come in order; those of different batches come as they may.
    mutating func event(schema: UInt16, time: UInt64, batch: Int)
}

@frozen
@usableFromInline
struct TimesOnly<Visitor: TimeVisitor & ~Copyable>: ~Copyable, ScanVisitor {
    @usableFromInline var visitor: Visitor

    @inlinable
    init(_ visitor: consuming Visitor) { self.visitor = visitor }

    @inlinable
    consuming func finish() -> Visitor { visitor }

    @inlinable
    @inline(__always)
    mutating func event(_ event: ScannedEvent) {
        visitor.event(schema: event.schema, time: event.time, batch: event.batch)
    }
}

@frozen
@usableFromInline
struct VisitorSink<Visitor: ScanVisitor & ~Copyable>: ~Copyable, InterleavedSink {
    /// The batch's number.
    @frozen
    @usableFromInline
    struct Lane: ScanLane {
        @usableFromInline let batch: Int
        @inlinable init() { batch = 0 }
        @inlinable init(_ batch: Int) { self.batch = batch }
    }

    @usableFromInline var visitor: Visitor
    @usableFromInline let batches: [Batch]
    @usableFromInline let byteCount: Int
    @usableFromInline var opened = 0

    @inlinable
    init(_ visitor: consuming Visitor, _ batches: [Batch], byteCount: Int) {
        self.visitor = visitor
        self.batches = batches
        self.byteCount = byteCount
    }

    @inlinable
    consuming func finish() -> Visitor { visitor }

    @inlinable
    @inline(__always)
    mutating func open() -> (slot: ScanSlot, lane: Lane)? {
        guard opened < batches.count else { return nil }
        let batch = batches[opened]
        precondition(batch.records.upperBound <= byteCount, "the span is not the one that the batch came from")
        opened &+= 1
        return (ScanSlot(batch), Lane(opened &- 1))
    }

    @inlinable
    @inline(__always)
    mutating func close(_ slot: ScanSlot, _ lane: Lane) {}

    @inlinable
    @inline(__always)
    func takes(time: UInt64, _ lane: Lane) -> Bool { true }

    @inlinable
    @inline(__always)
    mutating func stop(at time: UInt64, _ lane: inout Lane) {}

    @inlinable
    @inline(__always)
    mutating func fast(
        _ entry: DenseEntry, _ bytes: RawSpan, at position: Int, time: UInt64, _ table: RawSpan, _ lane: inout Lane
    ) {
        visitor.event(ScannedEvent(entry, bytes, at: position, time: time, batch: lane.batch, table))
    }

    @inlinable
    @inline(__always)
    mutating func exact(_ decoded: Decoded, _ lane: inout Lane) {
        switch decoded.kind {
        case .event: visitor.event(ScannedEvent(decoded, batch: lane.batch))
        case .lost: visitor.lost(decoded.words.0, at: decoded.time, batch: lane.batch)
        case .generation: visitor.generation(decoded.words.0, at: decoded.time, batch: lane.batch)
        }
    }
}
