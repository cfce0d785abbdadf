/// What the consumer's slow path returns: by value, so that the half's own fields stay in registers.
@frozen
@usableFromInline
struct ByteRingRefill {
    @usableFromInline var limit: UInt64
    @usableFromInline var tail: UInt64
    @usableFromInline var released: UInt64
    @usableFromInline var pace: ConsumerPace

    @inlinable
    init(limit: UInt64, tail: UInt64, released: UInt64, pace: ConsumerPace) {
        self.limit = limit
        self.tail = tail
        self.released = released
        self.pace = pace
    }

    /// Looks for new records when none is known, then makes the next ones ready to read. Those since `start` were
    /// read.
    @inlinable @inline(never)
    static func next<Memory: MemoryModel>(
        _ control: ByteRingControl<Memory>, _ bytes: UnsafeMutableRawPointer, from start: UInt64,
        head: UInt64, tail: UInt64, released: UInt64, mask: UInt64, pace: ConsumerPace
    ) -> ByteRingRefill {
        var next = ByteRingRefill(limit: head, tail: tail, released: released, pace: pace)
        if head == tail {
            if pace.isStreaming {
                next.pollCoarse(control, head: head, mask: mask)
            } else {
                next.readFine(control, head: head)
            }
            if head == next.tail {
                next.release(control, head: head)
                return next
            }
            next.prefetch(Memory.self, bytes, head: head, from: 64, to: ByteRingGeometry.readAhead, mask: mask)
        }
        // Nothing was read since the last visit if all is given back.
        if next.pace.isEvicting && head != released {
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
        return next
    }

    /// Releases our reads of the bytes below `head` to the producer's load of `released` (invariant 4).
    @inlinable @inline(__always)
    mutating func release<Memory: MemoryModel>(_ control: ByteRingControl<Memory>, head: UInt64) {
        guard released != head else { return }
        Memory.storeRelease(head, to: control.released)
        released = head
    }

    @inlinable @inline(__always)
    mutating func pollCoarse<Memory: MemoryModel>(
        _ control: ByteRingControl<Memory>, head: UInt64, mask: UInt64
    ) {
        for _ in 0..<pace.delay { Memory.pause() }
        var exact = head
        for poll in 0..<ConsumerPace.polls {
            // Acquires the records below (invariant 1). It lags, and may even lie behind `head`: compared as signed.
            let seen = Memory.loadAcquire(control.coarse)
            let gain = seen &- head
            if Int64(bitPattern: gain) > 0 {
                pace.streamingFound(enough: gain >= ByteRingGeometry.wantedGain(mask: mask))
                tail = seen
                return
            }
            if poll == 0 { exact = Memory.loadRelaxed(control.fine) }
            // Without a pause the polls take the line from the producer as fast as it gets it back.
            Memory.pause()
        }
        // Acquires the records below (invariant 1).
        tail = Memory.loadAcquire(control.fine)
        pace.polledInVain(progress: tail &- exact, line: 64)
    }

    @inlinable @inline(__always)
    mutating func readFine<Memory: MemoryModel>(_ control: ByteRingControl<Memory>, head: UInt64) {
        // Acquires the records below (invariant 1).
        tail = Memory.loadAcquire(control.fine)
        pace.looked(gain: tail &- head, line: 128)
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
