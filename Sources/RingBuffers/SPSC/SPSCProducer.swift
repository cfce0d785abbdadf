extension GenericSPSCRing where Element: ~Copyable {
    /// The writing half of a slot ring. One thread at a time may use it.
    ///
    /// Hold it as a local variable: its indices then live in registers. As a property of a class every push pays
    /// for dynamic exclusivity checks and reloads (10 to 30 times slower).
    @frozen
    public struct Producer: ~Copyable, @unchecked Sendable {
        @usableFromInline let control: SPSCControl<Memory>
        @usableFromInline let mask: UInt64

        /// Index of the next slot to write; wraps modulo 2^64.
        @usableFromInline var head: UInt64

        /// The next index at which a push has more to do than to write and publish: a line boundary or `bound`.
        /// In `head ... bound`, modulo 2^64.
        @usableFromInline var limit: UInt64

        /// Index one past the last slot known to be free: the last seen `released` plus the capacity.
        @usableFromInline var bound: UInt64

        @inlinable
        init(control: SPSCControl<Memory>, mask: UInt64, start: UInt64) {
            self.control = control
            self.mask = mask
            head = start
            limit = start
            bound = start &+ mask &+ 1
        }

        @inlinable
        deinit { GenericSPSCRing.close(control, SPSCControl<Memory>.producerGone, mask: mask) }
    }
}

extension GenericSPSCRing.Producer where Element: ~Copyable {
    /// The number of slots.
    @inlinable public var capacity: Int { Int(mask) + 1 }

    @inlinable @inline(__always)
    func slot(_ index: UInt64) -> UnsafeMutablePointer<Element> {
        control.slots.assumingMemoryBound(to: Element.self) + Int(index & mask)
    }

    @inlinable @inline(__always)
    mutating func makeRoom() -> Bool {
        if head != limit { return true }
        let room = Self.nextLimit(control, head: head, bound: bound, mask: mask)
        limit = room.limit
        bound = room.bound
        return head != limit
    }

    // Takes and returns values: a `mutating` slow path would make the half's address escape, and keep its indices in
    // memory instead of registers.
    @inlinable @inline(never)
    static func nextLimit(
        _ control: SPSCControl<Memory>, head: UInt64, bound: UInt64, mask: UInt64
    ) -> (limit: UInt64, bound: UInt64) {
        var bound = bound
        if head == bound {
            // Acquires the consumer's release of the slots below `released`: they were read before we overwrite them.
            bound = Memory.loadAcquire(control.released) &+ mask &+ 1
            if head == bound { return (head, bound) }
        }
        let ahead = head &+ GenericSPSCRing.prefetchDistance
        Memory.prefetchForWriting(
            UnsafeRawPointer(control.slots + Int(ahead & mask) &* MemoryLayout<Element>.stride))
        if head & (GenericSPSCRing.coarseStep(mask) &- 1) == 0 {
            Memory.storeRelease(head, to: control.coarse)
        }
        let boundary = (head | (GenericSPSCRing.lineStep &- 1)) &+ 1
        return (boundary &- head < bound &- head ? boundary : bound, bound)
    }

    /// Hands `element` to the consumer, who can pop it at once. Returns `nil`, or the element back when the ring is full.
    @inlinable @inline(__always)
    public mutating func offer(_ element: consuming Element) -> Element? {
        guard makeRoom() else { return element }
        write(element)
        return nil
    }

    @inlinable @inline(__always)
    mutating func write(_ element: consuming Element) {
        let slot = slot(head)
        Memory.willWrite(slot, byteCount: MemoryLayout<Element>.stride)
        slot.initialize(to: element)
        if GenericSPSCRing.usesMail {
            Memory.storeRelease(UnsafeRawPointer(slot).loadUnaligned(as: UInt64.self), to: control.mail(head))
        }
        head &+= 1
        Memory.storeRelease(head, to: control.fine)
    }
}

extension GenericSPSCRing.Producer {
    /// Hands `element` to the consumer, who can pop it at once. Returns false, and takes nothing, when the ring is full.
    @inlinable @inline(__always)
    public mutating func push(_ element: consuming Element) -> Bool {
        guard makeRoom() else { return false }
        write(element)
        return true
    }
}
