public import MemoryAccess

extension GenericBroadcastRing {
    /// Makes readers of one broadcast ring, on any thread and at any time. Keeps the ring's memory.
    public final class ReaderSource: @unchecked Sendable {
        @usableFromInline let control: BroadcastControl<Memory>
        @usableFromInline let mask: UInt64

        @usableFromInline
        init(control: BroadcastControl<Memory>, mask: UInt64) {
            self.control = control
            self.mask = mask
        }

        deinit { control.removeOwner(byteCount: BroadcastSlot<Element>.ringByteCount(mask: mask, Memory.self)) }

        /// A new reader with a cursor and a loss count of its own. Any thread.
        ///
        /// From `.oldest`, its first element is the oldest that the producer has not claimed for overwriting; while the
        /// producer runs it may lose that at once, counted.
        @inlinable
        public func makeReader(from start: BroadcastStart = .oldest) -> Reader {
            control.addOwner()
            return Reader(control: control, mask: mask, from: start)
        }
    }

    /// One reader of a broadcast ring. One thread at a time may use it, as a local variable.
    ///
    /// After every call, the elements that it returned and `lostCount` add up to `position - firstPosition`.
    @frozen
    public struct Reader: ~Copyable, @unchecked Sendable {
        @usableFromInline let control: BroadcastControl<Memory>
        @usableFromInline let mask: UInt64

        /// The index at which this reader began. Modulo 2^64.
        public let firstPosition: UInt64

        /// The number of elements that were overwritten before this reader came to them.
        @usableFromInline var lost: UInt64

        /// Index of the next element. Modulo 2^64.
        @usableFromInline var cursor: UInt64

        /// Where the fast path ends: in `cursor ... tail`, modulo 2^64.
        @usableFromInline var limit: UInt64

        /// One past the last element known to be published. Modulo 2^64.
        @usableFromInline var tail: UInt64

        @usableFromInline var pace: ConsumerPace

        @inlinable
        init(control: BroadcastControl<Memory>, mask: UInt64, from start: BroadcastStart) {
            self.control = control
            self.mask = mask
            lost = 0
            pace = ConsumerPace(
                eviction: Memory.eviction(ringByteCount: (Int(mask) + 1) &* BroadcastSlot<Element>.stride))
            // Acquires the claim, and with it a `fine` at most a step below, so that the cursor does not pass the tail.
            let claimed = Memory.loadAcquire(control.claimed)
            tail = Memory.loadAcquire(control.fine)
            cursor = tail
            if case .oldest = start {
                cursor = claimed &- control.start <= mask &+ 1 ? control.start : claimed &- mask &- 1
            }
            limit = cursor
            firstPosition = cursor
        }

        @inlinable
        deinit { control.removeOwner(byteCount: BroadcastSlot<Element>.ringByteCount(mask: mask, Memory.self)) }
    }
}

extension GenericBroadcastRing.Reader {
    /// The number of elements, of those since `firstPosition`, that were overwritten before this reader came to them.
    @inlinable public var lostCount: UInt64 { lost }

    /// The index of the next element that this reader looks for: a count of publications, modulo 2^64.
    @inlinable public var position: UInt64 { cursor }

    /// True once the producer is gone and this reader has passed all elements: no other will come.
    @inlinable public var isFinished: Bool {
        // The producer's close releases its last `fine`: read after it.
        Memory.loadAcquire(control.closed) != 0 && Memory.loadRelaxed(control.fine) == cursor
    }

    /// The next element, or nil when the producer has published no other. What the producer overwrote in between is added
    /// to `lostCount`. O(size of the element), lock-free: it tries again for as long as the producer overtakes it.
    @inlinable @inline(__always)
    public mutating func next() -> Element? {
        while true {
            if cursor == limit {
                refill()
                if cursor == limit { return nil }
            }
            if let element = take() { return element }
        }
    }

    /// Shows the elements that are there now to `body`, oldest first, at most `maximumCount`; what is published meanwhile
    /// is left for the next call. Returns how many were shown.
    @inlinable @inline(__always)
    public mutating func drain<Failure: Error>(
        upTo maximumCount: Int = .max, _ body: (Element) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        // Acquires the elements below (invariant 1).
        let end = Memory.loadAcquire(control.fine)
        tail = end
        var count = 0
        while count < maximumCount, Int64(bitPattern: end &- cursor) > 0 {
            if cursor == limit { prepareChunk() }
            guard let element = take() else { continue }
            count &+= 1
            try body(element)
        }
        return count
    }

    /// The element at the cursor, which is below `tail`; nil, with the cursor moved on, if it was overwritten.
    @inlinable @inline(__always)
    mutating func take() -> Element? {
        let (control, cursor, mask) = (control, cursor, mask)
        let slot = GenericBroadcastRing.Producer.slot(control, cursor, mask)
        let element = BroadcastSlot<Element>.load(at: slot, Memory.self) {
            // After the words, each of which was acquired (invariant 3).
            Memory.loadRelaxed(control.claimed) &- cursor <= mask &+ 1
        }
        if element == nil { skip() } else { self.cursor = cursor &+ 1 }
        return element
    }

    /// Passes what was overwritten, and an eighth of the ring more, so as not to be overtaken again at once.
    @inlinable @inline(never)
    mutating func skip() {
        // Acquires what was published before the claim: all but the last step, which keeps the cursor within the tail.
        let claimed = Memory.loadAcquire(control.claimed)
        let capacity = mask &+ 1
        let target = claimed &- capacity &+ capacity / 8
        lost &+= target &- cursor
        cursor = target
        // Never back: a drain goes on to the tail that it saw, which may lie above this one. A tail left behind the cursor
        // would pass for elements that are not there.
        let published = claimed &- BroadcastSlot<Element>.claimStep(mask: mask)
        if Int64(bitPattern: published &- tail) > 0 { tail = published }
        limit = cursor
    }

    @inlinable @inline(__always)
    mutating func prepareChunk() {
        if pace.isEvicting { evictChunk() }
        let chunk = BroadcastSlot<Element>.chunk(mask: mask)
        let boundary = (cursor | (chunk &- 1)) &+ 1
        limit = cursor &+ min(boundary &- cursor, tail &- cursor)
    }

    /// Evicts the chunk that ends at the cursor (see "Eviction" in SPSCRing.swift), unless another reader may want it.
    @inlinable @inline(__always)
    func evictChunk() {
        let chunk = BroadcastSlot<Element>.chunk(mask: mask)
        guard cursor & (chunk &- 1) == 0, cursor != firstPosition, Memory.loadRelaxed(control.owners) <= 3 else {
            return
        }
        let first = UnsafeRawPointer(GenericBroadcastRing.Producer.slot(control, cursor &- chunk, mask))
        var offset = 0
        while offset < Int(truncatingIfNeeded: chunk) &* BroadcastSlot<Element>.stride {
            Memory.evict(first + offset)
            offset &+= 64
        }
    }

    @inlinable @inline(__always)
    mutating func refill() {
        if cursor == tail {
            let next = Self.look(control, cursor: cursor, mask: mask, pace: pace)
            tail = next.tail
            pace = next.pace
            if cursor == tail { return }
        }
        prepareChunk()
    }

    /// Looks for new elements. By value, as `SPSCRefill` and for the same reason.
    @inlinable @inline(never)
    static func look(
        _ control: BroadcastControl<Memory>, cursor: UInt64, mask: UInt64, pace: ConsumerPace
    ) -> (tail: UInt64, pace: ConsumerPace) {
        var pace = pace
        let line = BroadcastSlot<Element>.slots(inBytes: 64)
        // Acquires the elements below (invariant 1).
        let tail = TwoLevelTail<Memory>(
            exact: control.fine, lagging: control.claimed, lag: BroadcastSlot<Element>.claimStep(mask: mask),
            line: line,
            wantedGain: min(line &* 512, (mask &+ 1) / 4)
        ).look(beyond: cursor, &pace)
        return (tail, pace)
    }
}
