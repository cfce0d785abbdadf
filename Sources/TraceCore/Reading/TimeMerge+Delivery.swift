extension TimeMerge {
    /// The next event, or loss of events, in the order of time; nil behind the last.
    ///
    /// Throws ``DecodingError`` for the first malformed record of a window of time, before any event of that window, and
    /// again if called again. Traps if `bytes` is shorter than the span that the batches came from.
    ///
    /// Complexity: O(log(open batches)), amortised; allocates nothing but for a new window.
    @inlinable
    public mutating func next(in bytes: RawSpan, _ shapes: borrowing ShapeTable) throws(DecodingError) -> Record? {
        while true {
            if next == end, try !prepare(bytes, shapes) { return nil }
            let key = keys[next]
            next &+= 1
            let number = layout.lane(key)
            // SAFETY: a key was made of a lane's place.
            let slot = places[number].slot
            let offset = slot.start &+ layout.offset(key)
            let decoded = try CheckedDecoder.record(
                bytes, at: offset, end: slot.end, time: layout.time(key), shapes)
            let index = places[number].index
            switch decoded.kind {
            case .generation:
                places[number].generation = decoded.words.0
                continue
            case .lost: places[number].index = (index &+ decoded.words.0) & 0xFFFF_FFFF_FFFF
            case .event: places[number].index = (index &+ 1) & 0xFFFF_FFFF_FFFF
            }
            return Record(decoded, index: index, generation: places[number].generation)
        }
    }

    /// Hands all events that are left to `visitor`, in the order of time. For many events, faster than `next`.
    ///
    /// Errors and traps as of ``next(in:_:)``. Complexity: O(events log(open batches)).
    @inlinable
    public consuming func scan<Visitor: ScanVisitor & ~Copyable>(
        in bytes: RawSpan, _ shapes: borrowing ShapeTable, into visitor: inout Visitor
    ) throws(DecodingError) {
        var sink = visitor
        do throws(DecodingError) {
            repeat { try deliver(bytes, shapes, &sink) } while try prepare(bytes, shapes)
        } catch {
            visitor = sink
            throw error
        }
        visitor = sink
    }

    /// Hands what is left of the window to `visitor`.
    @inlinable
    @inline(__always)
    mutating func deliver<Visitor: ScanVisitor & ~Copyable>(
        _ bytes: RawSpan, _ shapes: borrowing ShapeTable, _ visitor: inout Visitor
    ) throws(DecodingError) {
        let table = shapes.fast.span.bytes
        let layout = layout
        let places = places
        let (keys, end) = (keys, end)
        var index = next
        while index < end {
            let key = keys[index]
            index &+= 1
            let lane = layout.lane(key)
            // SAFETY: a key was made of a lane's place.
            let slot = places[lane].slot
            let offset = slot.start &+ layout.offset(key)
            let time = layout.time(key)
            let batch = places[lane].batch
            if offset <= slot.end &- DenseTable.margin {
                let entry = DenseEntry(bytes, at: offset, table)
                if entry.length != 0, entry.length <= slot.end &- offset {
                    visitor.event(ScannedEvent(entry, bytes, at: offset, time: time, batch: batch, table))
                    continue
                }
            }
            let decoded = try CheckedDecoder.record(bytes, at: offset, end: slot.end, time: time, shapes)
            switch decoded.kind {
            case .event: visitor.event(ScannedEvent(decoded, batch: batch))
            case .lost: visitor.lost(decoded.words.0, at: time, batch: batch)
            case .generation: visitor.generation(decoded.words.0, at: time, batch: batch)
            }
        }
        next = end
    }
}
