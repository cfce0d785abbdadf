public import MemoryAccess

extension GenericBroadcastRing {
    /// The writing half of a broadcast ring. One thread at a time may use it; it never waits, whatever the readers do.
    ///
    /// Hold it as a local variable: its indices then live in registers. Its end of life closes the ring: readers drain
    /// what is left and then see `isFinished`.
    @frozen
    public struct Producer: ~Copyable, @unchecked Sendable {
        @usableFromInline let control: BroadcastControl<Memory>
        @usableFromInline let mask: UInt64

        /// Index of the next element; equals `fine`. Modulo 2^64.
        @usableFromInline var head: UInt64

        /// Where the fast path ends: the next chunk. In `head ... claimed`, modulo 2^64.
        @usableFromInline var limit: UInt64

        @inlinable
        init(control: BroadcastControl<Memory>, mask: UInt64, start: UInt64) {
            self.control = control
            self.mask = mask
            head = start
            limit = start
        }

        @inlinable
        deinit {
            // Releases the last `fine` to the readers' loads of `closed`.
            Memory.storeRelease(1, to: control.closed)
            control.removeOwner(byteCount: BroadcastSlot<Element>.ringByteCount(mask: mask, Memory.self))
        }
    }
}

extension GenericBroadcastRing.Producer {
    /// The number of slots.
    @inlinable public var capacity: Int { Int(truncatingIfNeeded: mask) + 1 }

    /// How many of the newest elements a reader can always still get.
    @inlinable public var guaranteedHistory: Int {
        capacity - Int(truncatingIfNeeded: BroadcastSlot<Element>.claimStep(mask: mask))
    }

    /// The number of elements published so far, modulo 2^64 (in a seeded ring: plus the seed). The index of the next.
    @inlinable public var position: UInt64 { head }

    /// Shows `element` to all readers, over the oldest one if the ring is full. O(size of the element), wait-free.
    @inlinable @inline(__always)
    public mutating func publish(_ element: Element) {
        if _slowPath(head == limit) { limit = Self.nextChunk(control, head: head, mask: mask) }
        BroadcastSlot.store(element, at: Self.slot(control, head, mask), Memory.self)
        head &+= 1
        // Releases the words to the readers' loads of `fine` (invariant 1).
        Memory.storeRelease(head, to: control.fine)
    }

    @inlinable @inline(never)
    static func nextChunk(_ control: BroadcastControl<Memory>, head: UInt64, mask: UInt64) -> UInt64 {
        // Only this half stores there.
        if head == Memory.loadRelaxed(control.claimed) {
            // Before the words that it covers (invariant 2). Releases those below `head` to readers that take `claimed`
            // less a step for a tail (invariant 1).
            Memory.storeRelease(head &+ BroadcastSlot<Element>.claimStep(mask: mask), to: control.claimed)
        }
        let chunk = BroadcastSlot<Element>.chunk(mask: mask)
        var line = 0
        while line < 4 {
            let slot = slot(control, head &+ chunk &* 4, mask)
            Memory.prefetchForWriting(UnsafeRawPointer(slot) + line &* 64)
            line &+= 1
        }
        return head &+ chunk
    }

    @inlinable @inline(__always)
    static func slot(_ control: BroadcastControl<Memory>, _ index: UInt64, _ mask: UInt64) -> SharedWord {
        control.word(
            at: BroadcastControl<Memory>.headerByteCount
                &+ Int(truncatingIfNeeded: index & mask) &* BroadcastSlot<Element>.stride)
    }
}
