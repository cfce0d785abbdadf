/// Where one of the four interleaved scans stands.
@frozen
@usableFromInline
struct ScanSlot {
    @usableFromInline var position: Int
    @usableFromInline var time: UInt64
    /// Up to here the fast decoder may go: 32 bytes before the batch's end, less where that is far, or below all positions.
    @usableFromInline var limit: Int
    @usableFromInline var end: Int
    @usableFromInline var start: Int

    /// Stands nowhere, with nothing left.
    @inlinable
    init() {
        position = 0
        time = 0
        limit = -1
        end = 0
        start = 0
    }

    @inlinable
    init(_ batch: Batch) {
        position = batch.records.lowerBound
        start = position
        end = batch.records.upperBound
        time = batch.header.baseTime
        limit = -1
        updateLimit()
    }

    @inlinable
    mutating func updateLimit() {
        limit =
            time < DenseTable.timeLimit
            ? min(end &- DenseTable.margin, position &+ DenseTable.maxReach) : -1
    }

    @inlinable @inline(__always) var isFast: Bool { position <= limit }
}

@usableFromInline
protocol ScanLane {
    /// Of no batch.
    init()
}

/// What the interleaved scan asks for batches and hands records to.
@usableFromInline
protocol InterleavedSink: ~Copyable {
    /// What the sink keeps of each of the four.
    associatedtype Lane: ScanLane
    /// The next batch to scan, with its end within the span.
    mutating func open() -> (slot: ScanSlot, lane: Lane)?
    /// A batch is at its end, or stopped. The slot stands behind the last record that was taken.
    mutating func close(_ slot: ScanSlot, _ lane: Lane)
    /// False to stop this batch in front of a record of that time.
    func takes(time: UInt64, _ lane: Lane) -> Bool
    /// The batch's next record, which is not taken, is of that time; `close` follows.
    mutating func stop(at time: UInt64, _ lane: inout Lane)
    mutating func fast(
        _ entry: DenseEntry, _ bytes: RawSpan, at position: Int, time: UInt64, _ table: RawSpan, _ lane: inout Lane)
    mutating func exact(_ decoded: Decoded, _ lane: inout Lane)
}

/// Scans batches four at a time: the length of a record is known only after three dependent loads, and meanwhile the other
/// three go on.
///
/// ```
///   slots   a  b  c  d       one record each in turn, by the fast decoder
///           |                no table entry, or too near the end: leaves the loop
///           v
///     checked decoder        one record, by value; behind the last, the next batch takes the slot
/// ```
///
/// When no batch is left for a slot, the other three finish one after the other. Nothing takes the address of a slot or
/// of the sink, so that both live in registers.
@usableFromInline
enum InterleavedScan {
    @inlinable
    @inline(__always)
    static func run<Sink: InterleavedSink & ~Copyable>(
        _ bytes: RawSpan, _ shapes: borrowing ShapeTable, _ sink: inout Sink
    ) throws(DecodingError) {
        let table = shapes.fast.span.bytes
        var (a, b, c, d) = (ScanSlot(), ScanSlot(), ScanSlot(), ScanSlot())
        var (laneA, laneB, laneC, laneD) = (Sink.Lane(), Sink.Lane(), Sink.Lane(), Sink.Lane())
        var opened = 0
        while opened < 4, let next = sink.open() {
            switch opened {
            case 0: (a, laneA) = next
            case 1: (b, laneB) = next
            case 2: (c, laneC) = next
            default: (d, laneD) = next
            }
            opened &+= 1
        }
        // The slots that have a batch, as bits.
        var live = (1 &<< opened) &- 1
        while live == 15 {
            var which = 0
            if a.isFast, b.isFast, c.isFast, d.isFast {
                while true {
                    if !step(&a, &laneA, bytes, table, &sink) { break }
                    which = 1
                    if !step(&b, &laneB, bytes, table, &sink) { break }
                    which = 2
                    if !step(&c, &laneC, bytes, table, &sink) { break }
                    which = 3
                    if !step(&d, &laneD, bytes, table, &sink) { break }
                    which = 0
                }
            } else {
                which = !a.isFast ? 0 : !b.isFast ? 1 : !c.isFast ? 2 : 3
            }
            var (slot, lane) =
                switch which {
                case 0: (a, laneA)
                case 1: (b, laneB)
                case 2: (c, laneC)
                default: (d, laneD)
                }
            if try !exact(&slot, &lane, bytes, shapes, &sink) {
                sink.close(slot, lane)
                if let next = sink.open() {
                    (slot, lane) = next
                } else {
                    live &= ~(1 &<< which)
                }
            }
            switch which {
            case 0: (a, laneA) = (slot, lane)
            case 1: (b, laneB) = (slot, lane)
            case 2: (c, laneC) = (slot, lane)
            default: (d, laneD) = (slot, lane)
            }
        }
        while live != 0 {
            let which = live.trailingZeroBitCount
            live &= live &- 1
            var (slot, lane) =
                switch which {
                case 0: (a, laneA)
                case 1: (b, laneB)
                case 2: (c, laneC)
                default: (d, laneD)
                }
            repeat {
                while slot.isFast, step(&slot, &lane, bytes, table, &sink) {}
            } while try exact(&slot, &lane, bytes, shapes, &sink)
            sink.close(slot, lane)
        }
    }

    /// One record by the fast decoder; false if it is none for it, and then nothing has changed. Requires: `slot.isFast`,
    /// and it stays so.
    @inlinable
    @inline(__always)
    static func step<Sink: InterleavedSink & ~Copyable>(
        _ slot: inout ScanSlot, _ lane: inout Sink.Lane, _ bytes: RawSpan, _ table: RawSpan, _ sink: inout Sink
    ) -> Bool {
        let position = slot.position
        // SAFETY: at most the limit, so 32 bytes stand here before the batch's end.
        let entry = DenseEntry(bytes, at: position, table)
        let next = position &+ entry.length
        let time = slot.time &+ entry.delta
        // Also false where the table has no entry: that length reaches further than any limit.
        guard next <= slot.limit, sink.takes(time: time, lane) else { return false }
        slot.position = next
        slot.time = time
        sink.fast(entry, bytes, at: position, time: time, table, &lane)
        return true
    }

    /// One record by the checked decoder; false if the batch is at its end, or the sink does not take it.
    @inlinable
    @inline(__always)
    static func exact<Sink: InterleavedSink & ~Copyable>(
        _ slot: inout ScanSlot, _ lane: inout Sink.Lane, _ bytes: RawSpan, _ shapes: borrowing ShapeTable,
        _ sink: inout Sink
    ) throws(DecodingError) -> Bool {
        guard slot.position < slot.end else { return false }
        let decoded = try CheckedDecoder.next(
            bytes, at: slot.position, end: slot.end, after: slot.time, isFirst: slot.position == slot.start, shapes)
        guard sink.takes(time: decoded.time, lane) else {
            sink.stop(at: decoded.time, &lane)
            return false
        }
        slot.position = decoded.next
        slot.time = decoded.time
        slot.updateLimit()
        sink.exact(decoded, &lane)
        return true
    }
}
