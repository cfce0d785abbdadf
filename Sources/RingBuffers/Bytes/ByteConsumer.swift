public import MemoryAccess

extension GenericByteRing {
    /// The reading half of a byte ring. One thread at a time may use it.
    ///
    /// Hold it as a local variable, as the ``Producer``. Its end of life tells the producer (`isConsumerGone`).
    @frozen
    public struct Consumer: ~Copyable, @unchecked Sendable {
        @usableFromInline let control: ByteRingControl<Memory>
        @usableFromInline let bytes: UnsafeMutableRawPointer
        @usableFromInline let mask: UInt64

        /// Where the next record starts. A multiple of 8, modulo 2^64, at most `tail`.
        @usableFromInline var head: UInt64

        /// Where the fast path ends. At most `tail`; the last record of a step may reach beyond it. Modulo 2^64.
        @usableFromInline var limit: UInt64

        /// One past the last byte known to be written. Modulo 2^64.
        @usableFromInline var tail: UInt64

        /// The last value stored in the shared `released`. Modulo 2^64, at most `head`.
        @usableFromInline var released: UInt64

        @usableFromInline var pace: ConsumerPace

        @inlinable
        init(control: ByteRingControl<Memory>, bytes: UnsafeMutableRawPointer, mask: UInt64, start: UInt64) {
            self.control = control
            self.bytes = bytes
            self.mask = mask
            head = start
            limit = start
            tail = start
            released = start
            pace = ConsumerPace(eviction: Memory.eviction(ringByteCount: Int(mask) + 1))
        }

        @inlinable
        deinit {
            control.close(half: ByteRingControl<Memory>.consumerGone, bytes: bytes, mask: mask)
        }
    }
}

extension GenericByteRing.Consumer {
    /// How this ring's memory is mapped: `.mirrored` or `.padded`.
    @inlinable public var mapping: ByteRingMapping { control.isMirrored ? .mirrored : .padded }

    /// The number of bytes for records, with their length words and rounding.
    @inlinable public var capacity: Int { Int(truncatingIfNeeded: mask) + 1 }

    /// True once the producer is gone and a pop found the ring empty: no other record will come.
    @inlinable public var isFinished: Bool {
        // The producer's close releases its last `fine`: read after it.
        Memory.loadAcquire(control.closed) & ByteRingControl<Memory>.producerGone != 0
            && Memory.loadRelaxed(control.fine) == head
    }

    /// Shows the oldest record to `body`, in place, and removes it when `body` returns; a record whose body throws stays
    /// the oldest. Returns what `body` returned, or nil when the ring is empty. O(1) besides the body, wait-free; a
    /// consumer that streams may pause for up to ten microseconds before it looks again, which is what makes streaming
    /// fast.
    @inlinable @inline(__always)
    public mutating func pop<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard let payload = front() else { return nil }
        let result = try body(payload.bytes)
        head &+= ByteRingGeometry.footprint(payload.count)
        return result
    }

    /// Shows the records that are there now to `body`, oldest first, at most `maximumCount`, and removes each when `body`
    /// returns; a record whose body throws stays the oldest. Returns how many were removed.
    @inlinable @inline(__always)
    public mutating func drain<Failure: Error>(
        upTo maximumCount: Int = .max, _ body: (RawSpan) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        var count = 0
        while count < maximumCount, let payload = front() {
            try body(payload.bytes)
            head &+= ByteRingGeometry.footprint(payload.count)
            count &+= 1
        }
        return count
    }

    /// Gives all that was read back to the producer now, instead of in groups of an eighth of the capacity.
    @inlinable @inline(__always)
    public mutating func giveBack() {
        guard released != head else { return }
        // Releases our reads of the bytes below to the producer's load of `released` (invariant 4).
        Memory.storeRelease(head, to: control.released)
        released = head
    }

    /// The payload of the oldest record, in place; nil when the ring is empty. Stays valid until the next `front`.
    @inlinable @inline(__always)
    mutating func front() -> UnsafeRawBufferPointer? {
        while true {
            if Int64(bitPattern: limit &- head) <= 0 {
                refill()
                if head == tail { return nil }
            }
            // SAFETY: head is below tail, so a record or pad starts here that only this half may touch (invariants 1, 2).
            let record = bytes + Int(truncatingIfNeeded: head & mask)
            Memory.willRead(record, byteCount: Int(ByteRingGeometry.header))
            let length = record.load(as: UInt32.self)
            if length != ByteRingGeometry.pad {
                Memory.willRead(record + Int(ByteRingGeometry.header), byteCount: Int(length))
                return UnsafeRawBufferPointer(start: record + Int(ByteRingGeometry.header), count: Int(length))
            }
            head = (head | mask) &+ 1
        }
    }

    @inlinable @inline(__always)
    mutating func refill() {
        let next = ByteRingRefill.next(
            control, bytes, from: limit &- 1, head: head, tail: tail, released: released, mask: mask, pace: pace)
        limit = next.limit
        tail = next.tail
        released = next.released
        pace = next.pace
    }
}
