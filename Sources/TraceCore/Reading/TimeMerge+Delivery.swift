extension TimeMerge {
    /// The next event, or loss of events, in the order of time; nil behind the last.
    ///
    /// Throws ``DecodingError`` for the first malformed record of a window of time, before any event of that window, and
    /// again if called again. Traps if `bytes` is shorter than the span that the batches came from.
    ///
    /// Complexity: amortised O(1), where times are bunched O(log(open batches)); allocates nothing but for a new window.
    @inlinable
    public mutating func next(in bytes: RawSpan, _ shapes: borrowing ShapeTable) throws(DecodingError) -> Record? {
        // At each call: keys of the window were made of another call's bytes.
        precondition(bytes.byteCount >= byteCount, "the span is not the one that the batches came from")
        while true {
            if next == end, try !prepare(bytes, shapes) { return nil }
            let key = keys[next]
            next &+= 1
            let number = layout.lane(key)
            // SAFETY: a key was made of a lane's place, and there are as many sources and states.
            let source = sources[number]
            let offset = source.start &+ layout.offset(key)
            let index = states[number].index
            if layout.entry(key) != 0 {
                let table = shapes.fast.span.bytes
                states[number].index = (index &+ 1) & 0xFFFF_FFFF_FFFF
                // SAFETY: `fill` found this entry by the fast decoder.
                var record = Record(
                    DenseEntry(bytes, at: offset, number: layout.entry(key), table), bytes, at: offset,
                    time: layout.time(key), index: index, generation: states[number].generation, table)
                record.batch = source.batch
                return record
            }
            let decoded = try CheckedDecoder.record(
                bytes, at: offset, end: source.end, time: layout.time(key), shapes)
            switch decoded.kind {
            case .generation:
                states[number].generation = decoded.words.0
                continue
            case .lost: states[number].index = (index &+ decoded.words.0) & 0xFFFF_FFFF_FFFF
            case .event: states[number].index = (index &+ 1) & 0xFFFF_FFFF_FFFF
            }
            var record = Record(decoded, index: index, generation: states[number].generation)
            record.batch = source.batch
            return record
        }
    }

    /// Hands all events that are left to `visitor`, in the order of time. For many events, faster than `next`.
    ///
    /// Errors and traps as of ``next(in:_:)``. Complexity: O(events), where times are bunched
    /// O(events log(open batches)).
    @inlinable
    public consuming func scan<Visitor: ScanVisitor & ~Copyable>(
        in bytes: RawSpan, _ shapes: borrowing ShapeTable, into visitor: inout Visitor
    ) throws(DecodingError) {
        precondition(bytes.byteCount >= byteCount, "the span is not the one that the batches came from")
        var sink = visitor
        do throws(DecodingError) {
            repeat {
                if layout.isUsual {
                    try deliver(UsualKeyLayout(bias: layout.bias), bytes, shapes, &sink)
                } else {
                    try deliver(layout, bytes, shapes, &sink)
                }
            } while try prepare(bytes, shapes)
        } catch {
            visitor = sink
            throw error
        }
        visitor = sink
    }

    /// Hands what is left of the window to `visitor`. The loop within has no call, so that the visitor stays in registers.
    @inlinable
    @inline(__always)
    mutating func deliver<Layout: KeyLayout, Visitor: ScanVisitor & ~Copyable>(
        _ layout: Layout, _ bytes: RawSpan, _ shapes: borrowing ShapeTable, _ visitor: inout Visitor
    ) throws(DecodingError) {
        let table = shapes.fast.span.bytes
        let (keys, end, sources) = (keys, end, sources)
        var index = next
        while true {
            while index < end {
                let key = keys[index]
                // SAFETY: a key was made of a lane's place, and `sources` has as many.
                guard layout.entry(key) != 0 else { break }
                let source = sources[layout.lane(key)]
                let offset = source.start &+ layout.offset(key)
                let entry = DenseEntry(bytes, at: offset, number: layout.entry(key), table)
                index &+= 1
                visitor.event(
                    ScannedEvent(entry, bytes, at: offset, time: layout.time(key), batch: source.batch, table))
            }
            next = index
            guard index < end else { return }
            let key = keys[index]
            let source = sources[layout.lane(key)]
            let time = layout.time(key)
            let decoded = try CheckedDecoder.record(
                bytes, at: source.start &+ layout.offset(key), end: source.end, time: time, shapes)
            index &+= 1
            switch decoded.kind {
            case .event: visitor.event(ScannedEvent(decoded, batch: source.batch))
            case .lost: visitor.lost(decoded.words.0, at: time, batch: source.batch)
            case .generation: visitor.generation(decoded.words.0, at: time, batch: source.batch)
            }
        }
    }
}
