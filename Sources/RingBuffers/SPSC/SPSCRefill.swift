public import MemoryAccess

/// What the consumer's slow path works on: its end, and the consumer's own words in registers.
@frozen
public struct SPSCRefill {
    @usableFromInline var limit: UInt64
    @usableFromInline var tail: UInt64
    @usableFromInline var released: UInt64
    @usableFromInline var pace: ConsumerPace

    @inlinable @inline(__always)
    init<Memory: MemoryModel>(_ control: SPSCControl<Memory>, limit: UInt64) {
        self.limit = limit
        tail = control.tail
        released = Memory.loadRelaxed(control.released)
        pace = control.pace
    }
}

extension SPSCRefill {
    /// Looks for new elements when none is known, then makes the next ones ready to read.
    /// It takes and returns values, as the producer's.
    @inlinable @inline(never)
    static func nextLimit<Element: ~Copyable, Memory: MemoryModel>(
        _: Element.Type, _ control: SPSCControl<Memory>, head: UInt64, mask: UInt64
    ) -> UInt64 {
        var next = SPSCRefill(control, limit: head)
        if head == next.tail {
            let wantedMail = next.pace.wantsMail
            // Acquires the slots below (invariant 1).
            next.tail = TwoLevelTail<Memory>(
                exact: control.fine, lagging: control.coarse, lag: SPSCGeometry<Element>.lag(mask: mask),
                line: SPSCGeometry<Element>.slots(inBytes: 64),
                wantedGain: SPSCGeometry<Element>.wantedGain(mask: mask),
                splits: SPSCGeometry<Element>.splits(mask: mask)
            ).look(beyond: head, &next.pace)
            control.pace = next.pace
            if SPSCGeometry<Element>.usesMail && wantedMail && !next.pace.wantsMail {
                Memory.storeRelaxed(0, to: control.wantsMail)
            }
            if head == next.tail {
                next.release(control, head: head)
                return head
            }
            control.tail = next.tail
            next.prefetch(Element.self, control, head: head, lines: 1..<16, mask: mask)
        }
        // Nothing was read since the last visit if all is given back.
        let start = head == next.released ? head : head &- 1
        next.step(Element.self, control, from: start, head: head, mask: mask)
        return next.limit
    }

    /// Evicts what was read since `start`, gives slots back when an eighth of the ring was read, requests the lines of the
    /// chunk after next, and sets the limit of the fast path.
    @inlinable @inline(__always)
    mutating func step<Element: ~Copyable, Memory: MemoryModel>(
        _: Element.Type, _ control: SPSCControl<Memory>, from start: UInt64, head: UInt64, mask: UInt64
    ) {
        if pace.isEvicting { evict(Element.self, control, from: start, to: head, mask: mask) }
        let releaseStep = SPSCGeometry<Element>.releaseStep(mask: mask)
        if head &- released >= releaseStep { release(control, head: head) }
        if tail &- head >= SPSCGeometry<Element>.readAhead &+ SPSCGeometry<Element>.chunk {
            prefetch(
                Element.self, control, head: head, lines: 16..<16 &+ SPSCGeometry<Element>.chunkLines, mask: mask)
        }
        let boundary = (head | (SPSCGeometry<Element>.chunk &- 1)) &+ 1
        let room = min(boundary &- head, tail &- head, released &+ releaseStep &- head)
        limit = head &+ room
    }

    /// Evicts the chunks that ended between `start` and `head`: see "Eviction" in SPSCRing.swift.
    @inlinable @inline(__always)
    func evict<Element: ~Copyable, Memory: MemoryModel>(
        _: Element.Type, _ control: SPSCControl<Memory>, from start: UInt64, to head: UInt64, mask: UInt64
    ) {
        let stride = MemoryLayout<Element>.stride
        var chunk = start & ~(SPSCGeometry<Element>.chunk &- 1)
        let end = head & ~(SPSCGeometry<Element>.chunk &- 1)
        while chunk != end {
            let first = Int(truncatingIfNeeded: chunk & mask) &* stride
            var offset = first & ~63
            let next = first &+ Int(truncatingIfNeeded: SPSCGeometry<Element>.chunk) &* stride
            while offset < next {
                Memory.evict(UnsafeRawPointer(control.slots + offset))
                offset &+= 64
            }
            chunk &+= SPSCGeometry<Element>.chunk
        }
    }

    /// Releases our reads of the slots below `head` to the producer's load of `released` (invariant 3).
    @inlinable @inline(__always)
    mutating func release<Memory: MemoryModel>(_ control: SPSCControl<Memory>, head: UInt64) {
        guard released != head else { return }
        Memory.storeRelease(head, to: control.released)
        released = head
    }

    /// Requests lines of slots known to be written, counted from `head`; never others, which the producer may be writing.
    @inlinable @inline(__always)
    func prefetch<Element: ~Copyable, Memory: MemoryModel>(
        _: Element.Type, _ control: SPSCControl<Memory>, head: UInt64, lines: Range<Int>, mask: UInt64
    ) {
        let first = Int(truncatingIfNeeded: head & mask) &* MemoryLayout<Element>.stride
        let ringBytes = (Int(truncatingIfNeeded: mask) &+ 1) &* MemoryLayout<Element>.stride
        let known = Int(truncatingIfNeeded: tail &- head) &* MemoryLayout<Element>.stride
        for line in lines where line &* 64 < known {
            let offset = first &+ line &* 64
            let wrapped = offset < ringBytes ? offset : offset &- ringBytes
            Memory.prefetchForReading(UnsafeRawPointer(control.slots + wrapped))
        }
    }
}
