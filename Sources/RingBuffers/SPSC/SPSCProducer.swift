public import MemoryAccess

extension GenericSPSCRing where Element: ~Copyable {
    /// The writing half of a slot ring. One thread at a time may use it; moving it to another thread is a hand-over like
    /// any other.
    ///
    /// Hold it as a local variable: its indices then live in registers. As a property of a class, every push pays for
    /// dynamic exclusivity checks and reloads, 10 to 30 times the price.
    ///
    /// Its end of life closes the ring: the consumer drains what is left and then sees `isFinished`.
    @frozen
    public struct Producer: ~Copyable {
        @usableFromInline let control: SPSCControl<Memory>
        @usableFromInline let mask: UInt64

        /// Index of the next slot to write. Modulo 2^64.
        @usableFromInline var head: UInt64

        /// Where the fast path ends: the next chunk boundary or `bound`; while single elements also go by mail, the next slot.
        /// In `head ... bound`, modulo 2^64.
        @usableFromInline var limit: UInt64

        @inlinable
        init(control: SPSCControl<Memory>, mask: UInt64, start: UInt64) {
            self.control = control
            self.mask = mask
            head = start
            limit = start
            control.bound = start &+ mask &+ 1
        }

        @inlinable
        deinit { GenericSPSCRing.close(control, half: SPSCControl<Memory>.producerGone, mask: mask) }
    }
}

extension GenericSPSCRing.Producer where Element: ~Copyable {
    /// The number of slots.
    @inlinable public var capacity: Int { Int(truncatingIfNeeded: mask) + 1 }

    /// True once the consumer is gone: what is pushed from then on is destroyed unread. One load.
    @inlinable public var isConsumerGone: Bool {
        Memory.loadAcquire(control.closed) & SPSCControl<Memory>.consumerGone != 0
    }

    /// Hands `element` to the consumer, who can pop it at once. Returns nil, or the element itself when the ring is full.
    /// O(1), wait-free.
    @inlinable @inline(__always)
    public mutating func offer(_ element: consuming Element) -> Element? {
        guard makeRoom() else { return element }
        writeFirst(element)
        return nil
    }

    @inlinable @inline(__always)
    mutating func makeRoom() -> Bool {
        if _fastPath(head != limit) { return true }
        if Self.sendsMail(control), head & (SPSCGeometry<Element>.chunk &- 1) != 0, head != control.bound {
            limit = head &+ 1
            return true
        }
        limit = Self.nextLimit(control, head: head, mask: mask)
        return head != limit
    }

    @inlinable @inline(__always)
    static func sendsMail(_ control: SPSCControl<Memory>) -> Bool {
        SPSCGeometry<Element>.usesMail && Memory.loadRelaxed(control.wantsMail) != 0
    }

    /// Writes the first element after ``makeRoom()``, which also goes by mail if it is wanted.
    @inlinable @inline(__always)
    mutating func writeFirst(_ element: consuming Element) {
        // So it is in the last slot of a chunk, where it does no harm.
        if SPSCGeometry<Element>.usesMail && limit &- head == 1 { leaveMail(element) }
        write(element)
    }

    @inlinable @inline(__always)
    mutating func write(_ element: consuming Element) {
        // SAFETY: head != limit, so this slot is raw memory that only this half may touch (invariant 3).
        let slot = slots + Int(truncatingIfNeeded: head & mask)
        Memory.willWrite(slot, byteCount: MemoryLayout<Element>.stride)
        slot.initialize(to: element)
        head &+= 1
        // Releases the slot, and the mail before it, to the consumer's loads of `fine` (invariant 1).
        Memory.storeRelease(head, to: control.fine)
    }

    /// Publishes `count` slots that were written from `head` on.
    @inlinable @inline(__always)
    mutating func publish(_ count: Int) {
        guard count > 0 else { return }
        let old = head
        head &+= UInt64(truncatingIfNeeded: count)
        Memory.storeRelease(head, to: control.fine)
        if (old ^ head) & ~(SPSCGeometry<Element>.coarseStep(mask: mask) &- 1) != 0 {
            Memory.storeRelease(head, to: control.coarse)
        }
        limit = head
    }

    @inlinable @inline(__always)
    func leaveMail(_ element: borrowing Element) {
        // SAFETY: only for plain elements of 8 bytes.
        let bits = withUnsafePointer(to: element) { UnsafeRawPointer($0).loadUnaligned(as: UInt64.self) }
        Memory.storeRelease(bits, to: control.mail(head))
        Memory.storeRelaxed(head &+ 1, to: control.mailTail)
    }

    /// One past the last slot known to be free: the last `released` seen + capacity, or more where a channel's sender knows
    /// better. Never goes back. Modulo 2^64.
    @inlinable @inline(__always)
    var bound: UInt64 {
        get { control.bound }
        nonmutating set { control.bound = newValue }
    }

    @inlinable @inline(__always)
    var slots: UnsafeMutablePointer<Element> { control.slots.assumingMemoryBound(to: Element.self) }

    @inlinable @inline(__always)
    static func later(_ bound: UInt64, _ seen: UInt64) -> UInt64 {
        Int64(bitPattern: seen &- bound) > 0 ? seen : bound
    }

    /// The slow path, once per chunk, or per element that goes by mail. It takes and returns values: as a `mutating` method it
    /// would make the address of the half escape, and its indices would live in memory instead of registers.
    @inlinable @inline(never)
    static func nextLimit(_ control: SPSCControl<Memory>, head: UInt64, mask: UInt64) -> UInt64 {
        var bound = control.bound
        if head == bound {
            // Acquires the consumer's last reads of the slots below `released` (invariant 3).
            bound = later(bound, Memory.loadAcquire(control.released) &+ mask &+ 1)
            if head == bound { return head }
            control.bound = bound
        }
        let chunk = SPSCGeometry<Element>.chunk
        if mask >= 4 &* SPSCGeometry<Element>.writeAhead {
            let next = Int(truncatingIfNeeded: (head &+ SPSCGeometry<Element>.writeAhead) & mask)
            let address = UnsafeRawPointer(control.slots + next &* MemoryLayout<Element>.stride)
            for line in 0..<SPSCGeometry<Element>.chunkLines { Memory.prefetchForWriting(address + line &* 64) }
        }
        let coarseStep = SPSCGeometry<Element>.coarseStep(mask: mask)
        let phase = head & (coarseStep &- 1)
        if phase == 0 {
            // Releases the slots below `head`; `fine` already covers them (invariant 2).
            Memory.storeRelease(head, to: control.coarse)
        } else if phase == coarseStep &- chunk {
            Memory.prefetchForWriting(UnsafeRawPointer(control.coarse))
        }
        if sendsMail(control) { return head &+ 1 }
        let boundary = (head | (chunk &- 1)) &+ 1
        return boundary &- head < bound &- head ? boundary : bound
    }
}

extension GenericSPSCRing.Producer {
    /// Hands `element` to the consumer, who can pop it at once. Returns false, and takes nothing, when the ring is full.
    /// O(1), wait-free.
    @inlinable @inline(__always)
    public mutating func push(_ element: consuming Element) -> Bool {
        if _fastPath(head != limit) {
            write(element)
            return true
        }
        guard makeRoom() else { return false }
        writeFirst(element)
        return true
    }
}

extension GenericSPSCRing.Producer: @unchecked Sendable where Element: ~Copyable & Sendable {}
