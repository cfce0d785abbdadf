public import MemoryAccess

extension GenericSPSCRing.Producer where Element: ~Copyable {
    /// Lets `body` append up to `count` elements straight into free slots, and publishes them in one go when it returns.
    ///
    /// The span covers free slots that lie in a row: fewer than `count` when the ring is nearly full or the row ends at
    /// the end of the memory, none when it is full. If `body` throws, what it appended is destroyed and nothing is
    /// published.
    @inlinable @inline(__always)
    public mutating func reserve<Result, Failure: Error>(
        upTo count: Int, _ body: (inout OutputSpan<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(count >= 0, "cannot reserve \(count) slots")
        let row = freeRow(upTo: count)
        Memory.willWrite(UnsafeRawPointer(row.baseAddress!), byteCount: row.count &* MemoryLayout<Element>.stride)
        var span = OutputSpan(buffer: row, initializedCount: 0)
        let result = try body(&span)
        publish(span.finalize(for: row))
        return result
    }

    /// The free slots in a row from `head` on, at most `count`.
    @inlinable @inline(__always)
    mutating func freeRow(upTo count: Int) -> UnsafeMutableBufferPointer<Element> {
        let wanted = UInt64(truncatingIfNeeded: count)
        if bound &- head < wanted {
            // Acquires the consumer's last reads of the slots below `released` (invariant 3).
            bound = Self.later(bound, Memory.loadAcquire(control.released) &+ mask &+ 1)
        }
        let offset = head & mask
        let free = min(wanted, bound &- head, mask &+ 1 &- offset)
        return UnsafeMutableBufferPointer(
            start: slots + Int(truncatingIfNeeded: offset), count: Int(truncatingIfNeeded: free))
    }
}

extension GenericSPSCRing.Producer {
    /// Pushes as many of `elements`, from the first on, as there is room for; returns how many. O(count).
    @inlinable @inline(__always)
    public mutating func push(contentsOf elements: Span<Element>) -> Int {
        elements.withUnsafeBufferPointer { push(contentsOf: $0) }
    }

    /// Pushes as many of `elements`, from the first on, as there is room for; returns how many. O(count).
    @inlinable @inline(__always)
    public mutating func push(contentsOf elements: UnsafeBufferPointer<Element>) -> Int {
        var done = 0
        while done < elements.count {
            let row = freeRow(upTo: elements.count &- done)
            if row.count == 0 { break }
            Memory.willWrite(UnsafeRawPointer(row.baseAddress!), byteCount: row.count &* MemoryLayout<Element>.stride)
            row.baseAddress!.initialize(from: elements.baseAddress! + done, count: row.count)
            publish(row.count)
            done &+= row.count
        }
        return done
    }
}
