public import MemoryAccess

extension GenericByteRing {
    /// The writing half of a byte ring. One thread at a time may use it; moving it to another thread is a hand-over like
    /// any other.
    ///
    /// Hold it as a local variable: its positions then live in registers.
    ///
    /// Its end of life closes the ring: the consumer drains what is left and then sees `isFinished`.
    @frozen
    public struct Producer: ~Copyable, @unchecked Sendable {
        @usableFromInline let control: ByteRingControl<Memory>

        /// Position `head` is the byte at this address + `head`. Modulo 2^64.
        @usableFromInline var origin: UInt64

        /// Where the next record starts; equals `fine`. A multiple of 8, modulo 2^64.
        @usableFromInline var head: UInt64

        /// Where the fast path ends: the next chunk boundary, the wrap of a padded ring, or `bound`. In
        /// `head ... bound`, modulo 2^64.
        @usableFromInline var limit: UInt64

        @inlinable
        init(control: ByteRingControl<Memory>, start: UInt64) {
            self.control = control
            origin = control.origin(of: start)
            head = start
            limit = start
        }

        @inlinable
        deinit { control.close(half: ByteRingControl<Memory>.producerGone) }
    }
}

extension GenericByteRing.Producer {
    /// How this ring's memory is mapped: `.mirrored` or `.padded`.
    @inlinable public var mapping: ByteRingMapping { control.isMirrored ? .mirrored : .padded }

    /// The number of bytes for records, with their length words and rounding.
    @inlinable public var capacity: Int { Int(truncatingIfNeeded: control.mask) + 1 }

    /// The payload of the longest record, in bytes.
    @inlinable public var maximumRecordByteCount: Int { ByteRingGeometry.maximumRecordByteCount(mask: control.mask) }

    /// True once the consumer is gone: what is pushed from then on is never read. One load.
    @inlinable public var isConsumerGone: Bool {
        Memory.loadAcquire(control.closed) & ByteRingControl<Memory>.consumerGone != 0
    }

    /// Copies `record` (0 bytes or more) into the ring, for the consumer to pop at once. Returns false, and takes nothing,
    /// when there is no room now. O(length), wait-free.
    ///
    /// - Throws: ``RecordTooLarge`` if there can never be room: more than `maximumRecordByteCount` bytes.
    @inlinable @inline(__always)
    public mutating func push(_ record: RawSpan) throws(RecordTooLarge) -> Bool {
        guard makeRoom(record.byteCount) else {
            try Self.checkFits(record.byteCount, control)
            return false
        }
        record.withUnsafeBytes { write($0) }
        return true
    }

    /// As `push(_: RawSpan)`, for bytes behind a pointer.
    @inlinable @inline(__always)
    public mutating func push(_ record: UnsafeRawBufferPointer) throws(RecordTooLarge) -> Bool {
        guard makeRoom(record.count) else {
            try Self.checkFits(record.count, control)
            return false
        }
        write(record)
        return true
    }

    /// Lets `body` write a record of up to `byteCount` bytes in place. The bytes it appended become the record when it
    /// returns. A body that throws, or that appends nothing, publishes nothing. O(1) besides the body.
    ///
    /// - Returns: the number of bytes published, 0 if there were none; nil, without a call of `body`, when there is no
    ///   room now.
    /// - Throws: ``RecordTooLarge`` if there can never be room; what `body` throws.
    @inlinable @inline(__always)
    public mutating func reserve(byteCount: Int, _ body: (inout OutputRawSpan) throws -> Void) throws -> Int? {
        precondition(byteCount >= 0, "a reservation of \(byteCount) bytes")
        guard makeRoom(byteCount) else {
            try Self.checkFits(byteCount, control)
            return nil
        }
        // SAFETY: makeRoom granted the length word and `byteCount` bytes from `head` on to this half alone (invariant 4).
        let record = place
        let payload = UnsafeMutableRawBufferPointer(
            start: record + Int(ByteRingGeometry.header), count: byteCount)
        Memory.willWrite(record, byteCount: byteCount &+ Int(ByteRingGeometry.header))
        var output = OutputRawSpan(buffer: payload, initializedCount: 0)
        try body(&output)
        let written = output.finalize(for: payload)
        guard written > 0 else { return 0 }
        record.storeBytes(of: UInt32(truncatingIfNeeded: written), as: UInt32.self)
        publish(ByteRingGeometry.footprint(written))
        return written
    }

    /// Says whether a record that found no room could ever find any. Out of line: a `throw` in the body of `push` kept it
    /// from being inlined through a protocol's witness.
    @inlinable @inline(never)
    static func checkFits(_ byteCount: Int, _ control: ByteRingControl<Memory>) throws(RecordTooLarge) {
        let maximum = ByteRingGeometry.maximumRecordByteCount(mask: control.mask)
        if byteCount > maximum { throw RecordTooLarge(byteCount: byteCount, maximumByteCount: maximum) }
    }

    @inlinable @inline(__always)
    mutating func makeRoom(_ byteCount: Int) -> Bool {
        let needed = ByteRingGeometry.footprint(byteCount)
        if _fastPath(needed <= limit &- head) { return true }
        let room = Self.makeRoom(control, needed: needed, head: head)
        head = room.head
        limit = room.limit
        origin = room.origin
        return limit &- head >= needed
    }

    @inlinable @inline(__always)
    var place: UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: UInt(origin &+ head)).unsafelyUnwrapped }

    /// Copies `record` to `head`, where makeRoom granted its footprint, and publishes it.
    @inlinable @inline(__always)
    mutating func write(_ record: UnsafeRawBufferPointer) {
        // SAFETY: the footprint from `head` on is raw memory that only this half may touch (invariant 4), contiguous in
        // this mapping or followed by its mirror.
        let target = place
        Memory.willWrite(target, byteCount: record.count &+ Int(ByteRingGeometry.header))
        target.storeBytes(of: UInt32(truncatingIfNeeded: record.count), as: UInt32.self)
        ByteCopy.copy(record, to: target + Int(ByteRingGeometry.header))
        publish(ByteRingGeometry.footprint(record.count))
    }

    @inlinable @inline(__always)
    mutating func publish(_ footprint: UInt64) {
        head &+= footprint
        // Releases the record to the consumer's loads of `fine` (invariant 1).
        Memory.storeRelease(head, to: control.fine)
    }

    /// Finds room for a record of `needed` bytes, with what is due once per chunk. It takes and returns values: as a `mutating`
    /// method it would make the address of the half escape, and its positions would live in memory instead of registers.
    @inlinable @inline(never)
    static func makeRoom(
        _ control: ByteRingControl<Memory>, needed: UInt64, head: UInt64
    ) -> (head: UInt64, limit: UInt64, origin: UInt64) {
        let (bytes, mask) = (control.bytes, control.mask)
        var room = (head: head, limit: head, origin: control.origin(of: head))
        guard needed <= (mask &+ 1) / 2 else { return room }
        // Only this half stores there.
        if head &- Memory.loadRelaxed(control.coarse) >= ByteRingGeometry.coarseStep(mask: mask) {
            // Releases the records below to the consumer's loads of `coarse` (invariants 1 and 3: `fine` is `head`).
            Memory.storeRelease(head, to: control.coarse)
        }
        var bound = control.bound
        let isMirrored = control.isMirrored
        let toWrap = isMirrored ? UInt64.max : mask &+ 1 &- (head & mask)
        let pad = needed > toWrap ? toWrap : 0
        if pad &+ needed > bound &- head {
            // Acquires the consumer's release of the bytes below `released`: they were read before we overwrite them.
            bound = Memory.loadAcquire(control.released) &+ mask &+ 1
            if pad &+ needed > bound &- head { return room }
            control.bound = bound
        }
        if pad > 0 {
            // SAFETY: at least 8 bytes remain before the wrap, and they are free.
            let record = bytes + Int(truncatingIfNeeded: head & mask)
            Memory.willWrite(record, byteCount: 4)
            record.storeBytes(of: ByteRingGeometry.pad, as: UInt32.self)
            room.head = head &+ pad
            room.origin = control.origin(of: room.head)
            // Releases the pad, as any record. Published at once, so that `fine` is always `head`.
            Memory.storeRelease(room.head, to: control.fine)
        }
        let end = room.head &+ needed
        let chunk = ByteRingGeometry.chunk(mask: mask)
        var fastEnd = (end &+ chunk &- 1) & ~(chunk &- 1)
        prefetch(bytes, from: room.head, to: fastEnd, mask: mask)
        if !isMirrored, fastEnd &- room.head > mask &+ 1 &- (room.head & mask) {
            fastEnd = room.head &+ mask &+ 1 &- (room.head & mask)
        }
        room.limit = room.head &+ min(fastEnd &- room.head, bound &- room.head)
        return room
    }

    /// Requests the lines that are written one distance later than those from `start` to `end`.
    @inlinable @inline(__always)
    static func prefetch(_ bytes: UnsafeMutableRawPointer, from start: UInt64, to end: UInt64, mask: UInt64) {
        var position = (start &+ ByteRingGeometry.writeAhead) | 63
        var left = min(end &- start, 2048)
        while left >= 64 {
            Memory.prefetchForWriting(bytes + Int(truncatingIfNeeded: position & mask))
            position &+= 64
            left &-= 64
        }
    }
}
