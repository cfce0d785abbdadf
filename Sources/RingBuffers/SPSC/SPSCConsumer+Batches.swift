public import MemoryAccess

extension GenericSPSCRing.Consumer where Element: ~Copyable {
    /// Pops elements, oldest first, at most `count`, and passes each to `body`. Returns how many: 0 only from an empty ring.
    ///
    /// It takes what one look at the ring brought; what was pushed since then is for the next call.
    ///
    /// If `body` throws, the element that it was given is gone, and those after it stay.
    @inlinable @inline(__always)
    public mutating func drain<Failure: Error>(
        upTo count: Int = .max, _ body: (consuming Element) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        if head == limit { refill() }
        let start = head
        let end = head &+ min(tail &- head, UInt64(truncatingIfNeeded: max(0, count)))
        while head != end {
            if head == limit { advance(from: head &- 1) }
            let stop = limit &- head < end &- head ? limit : end
            while head != stop { try body(take()) }
        }
        return Int(truncatingIfNeeded: head &- start)
    }

    /// Shows `body` elements in place, oldest first: those that lie in a row, at most `count`, none when the ring is
    /// empty. `body` returns how many of them, from the first on, it has done with: they are destroyed and their slots go
    /// back to the producer.
    ///
    /// - Precondition: what `body` returns lies in `0 ... span.count`.
    @inlinable @inline(__always)
    public mutating func consume<Failure: Error>(
        upTo count: Int = .max, _ body: (borrowing Span<Element>) throws(Failure) -> Int
    ) throws(Failure) -> Int {
        if head == limit { refill() }
        let offset = head & mask
        let available = min(tail &- head, mask &+ 1 &- offset, UInt64(truncatingIfNeeded: max(0, count)))
        let first = slots + Int(truncatingIfNeeded: offset)
        let row = UnsafeBufferPointer(start: first, count: Int(truncatingIfNeeded: available))
        Memory.willRead(first, byteCount: row.count &* MemoryLayout<Element>.stride)
        let done = try body(row.span)
        precondition(done >= 0 && done <= row.count, "consumed \(done) of \(row.count) elements")
        first.deinitialize(count: done)
        let start = head
        head &+= UInt64(truncatingIfNeeded: done)
        if done > 0 { advance(from: start) }
        return done
    }

    /// Moves elements that are there now into `span`, oldest first, until it is full or the ring is empty. Returns how
    /// many.
    @inlinable @inline(__always)
    public mutating func pop(into span: inout OutputSpan<Element>) -> Int {
        let free = span.freeCapacity
        while !span.isFull, drain(upTo: span.freeCapacity, { span.append($0) }) > 0 {}
        return free &- span.freeCapacity
    }

    /// Recomputes the limit of the fast path for the elements already known, when those since `start` were read.
    @inlinable @inline(__always)
    mutating func advance(from start: UInt64) {
        var next = SPSCRefill(control, limit: limit)
        next.step(Element.self, control, from: start, head: head, mask: mask)
        limit = next.limit
    }
}
