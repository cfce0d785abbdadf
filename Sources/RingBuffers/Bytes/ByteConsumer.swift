public import MemoryAccess

extension GenericByteRing {
    /// The reading half of a byte ring. One thread at a time may use it.
    ///
    /// Hold it as a local variable, as the ``Producer``. Its end of life tells the producer (`isConsumerGone`).
    @frozen
    public struct Consumer: ~Copyable, @unchecked Sendable {
        @usableFromInline let control: ByteRingControl<Memory>

        /// Position `head` is the byte at this address + `head`, below `limit`. Modulo 2^64.
        @usableFromInline var origin: UInt64

        /// Where the next record starts. A multiple of 8, modulo 2^64, at most `tail`.
        @usableFromInline var head: UInt64

        /// Where the fast path ends. At most `tail`; the last record of a step may reach beyond it. Modulo 2^64.
        @usableFromInline var limit: UInt64

        @inlinable
        init(control: ByteRingControl<Memory>, start: UInt64) {
            self.control = control
            origin = control.origin(of: start)
            head = start
            limit = start
        }

        @inlinable
        deinit { control.close(half: ByteRingControl<Memory>.consumerGone) }
    }
}

extension GenericByteRing.Consumer {
    /// How this ring's memory is mapped: `.mirrored` or `.padded`.
    @inlinable public var mapping: ByteRingMapping { control.isMirrored ? .mirrored : .padded }

    /// The number of bytes for records, with their length words and rounding.
    @inlinable public var capacity: Int { Int(truncatingIfNeeded: control.mask) + 1 }

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
        // Only this half stores there.
        guard Memory.loadRelaxed(control.released) != head else { return }
        // Releases our reads of the bytes below to the producer's load of `released` (invariant 4).
        Memory.storeRelease(head, to: control.released)
    }

    /// The payload of the oldest record, in place; nil when the ring is empty. Stays valid until the next `front`.
    @inlinable @inline(__always)
    mutating func front() -> UnsafeRawBufferPointer? {
        while true {
            if _slowPath(Int64(bitPattern: limit &- head) <= 0) {
                let next = ByteRingRefill.next(control, from: limit &- 1, head: head)
                limit = next.limit
                origin = next.origin
                if head == limit { return nil }
            }
            // SAFETY: head is below tail, so a record or pad starts here that only this half may touch (invariants 1, 2).
            let record = UnsafeRawPointer(bitPattern: UInt(origin &+ head)).unsafelyUnwrapped
            Memory.willRead(record, byteCount: Int(ByteRingGeometry.header))
            let length = record.load(as: UInt32.self)
            if _fastPath(length != ByteRingGeometry.pad) {
                Memory.willRead(record + Int(ByteRingGeometry.header), byteCount: Int(length))
                return UnsafeRawBufferPointer(start: record + Int(ByteRingGeometry.header), count: Int(length))
            }
            // At or beyond `limit`, which is no farther than the end of the lap.
            head = (head | control.mask) &+ 1
        }
    }
}
