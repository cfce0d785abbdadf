public import MemoryAccess

/// What the consumer's slow path works on: its end, and the consumer's own words in registers.
@frozen
@usableFromInline
struct ByteRingRefill {
    @usableFromInline var limit: UInt64
    @usableFromInline var tail: UInt64
    @usableFromInline var released: UInt64
    @usableFromInline var pace: ConsumerPace

    @inlinable @inline(__always)
    init<Memory: MemoryModel>(_ control: ByteRingControl<Memory>, limit: UInt64) {
        self.limit = limit
        tail = control.tail
        released = Memory.loadRelaxed(control.released)
        pace = control.pace
    }

    /// Looks for new records when none is known, then makes the next ones ready to read. Those since `start` were
    /// read. It takes and returns values, as the producer's slow path; `limit` is `head` where the ring is empty.
    @inlinable @inline(never)
    static func next<Memory: MemoryModel>(
        _ control: ByteRingControl<Memory>, from start: UInt64, head: UInt64
    ) -> (limit: UInt64, origin: UInt64) {
        let (bytes, mask, origin) = (control.bytes, control.mask, control.origin(of: head))
        var next = ByteRingRefill(control, limit: head)
        if head == next.tail {
            // Acquires the records below (invariant 1).
            next.tail = TwoLevelTail<Memory>(
                exact: control.fine, lagging: control.coarse, line: ByteRingGeometry.progress,
                wantedGain: ByteRingGeometry.wantedGain(mask: mask)
            ).look(beyond: head, &next.pace)
            control.pace = next.pace
            if head == next.tail {
                next.release(control, head: head)
                return (head, origin)
            }
            control.tail = next.tail
            next.prefetch(Memory.self, bytes, head: head, from: 64, to: ByteRingGeometry.readAhead, mask: mask)
        }
        // Nothing was read since the last visit if all is given back.
        if next.pace.isEvicting && head != next.released {
            next.evict(Memory.self, bytes, from: start, to: head, mask: mask)
        }
        let releaseStep = (mask &+ 1) / 8
        if head &- next.released >= releaseStep { next.release(control, head: head) }
        let chunk = ByteRingGeometry.chunk(mask: mask)
        next.prefetch(
            Memory.self, bytes, head: head, from: ByteRingGeometry.readAhead,
            to: ByteRingGeometry.readAhead &+ chunk, mask: mask)
        let boundary = (head | (chunk &- 1)) &+ 1
        next.limit = head &+ min(boundary &- head, next.tail &- head, next.released &+ releaseStep &- head)
        return (next.limit, origin)
    }

    /// Releases our reads of the bytes below `head` to the producer's load of `released` (invariant 4).
    @inlinable @inline(__always)
    mutating func release<Memory: MemoryModel>(_ control: ByteRingControl<Memory>, head: UInt64) {
        guard released != head else { return }
        Memory.storeRelease(head, to: control.released)
        released = head
    }

    /// Evicts the chunks that ended between `start` and `head`: see "Eviction" in SPSCRing.swift.
    @inlinable @inline(__always)
    func evict<Memory: MemoryModel>(
        _: Memory.Type, _ bytes: UnsafeMutableRawPointer, from start: UInt64, to head: UInt64, mask: UInt64
    ) {
        let chunk = ByteRingGeometry.chunk(mask: mask)
        var position = start & ~(chunk &- 1)
        let end = head & ~(chunk &- 1)
        while position != end {
            Memory.evict(bytes + Int(truncatingIfNeeded: position & mask))
            position &+= 64
        }
    }

    /// Requests the lines from `head + start` to `head + end` as far as they are known to be written; never others, which
    /// the producer may be writing.
    @inlinable @inline(__always)
    func prefetch<Memory: MemoryModel>(
        _: Memory.Type, _ bytes: UnsafeMutableRawPointer, head: UInt64, from start: UInt64, to end: UInt64,
        mask: UInt64
    ) {
        let known = min(end, tail &- head)
        var offset = start
        while offset < known {
            Memory.prefetchForReading(bytes + Int(truncatingIfNeeded: (head &+ offset) & mask))
            offset &+= 64
        }
    }
}
