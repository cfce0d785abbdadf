public import MemoryAccess

/// A single-producer single-consumer ring of records of variable length, written and read in place.
///
///     let ring = try ByteRing(minimumCapacity: 1 << 20)
///     var producer = ring.producer      // each half to its own thread, held there as a local variable
///     var consumer = ring.consumer
///
///     if try !producer.push(record.bytes) { /* full: try later */ }
///     consumer.pop { record in /* RawSpan over the ring's own memory */ }
///
/// A record that was pushed can be popped at once. Neither half ever waits for the other: a push into a full ring and a
/// pop from an empty one say so. A record that can never fit is an error, not a full ring.
public typealias ByteRing = GenericByteRing<NativeMemory>

// Layout
//   512 bytes of shared words (ByteRingControl.swift), and `capacity` bytes of records, a power of two. Byte p & mask
//   belongs to position p. Positions count bytes since the start, are multiples of 8, run modulo 2^64, and are compared
//   by difference only. A record:
//
//       p + 0   UInt32   n, the number of payload bytes
//       p + 4   n bytes  payload
//       ...              up to 7 bytes without meaning, up to the next multiple of 8
//
//   Mirrored, the same pages are mapped twice in a row: a record that crosses the end of the first mapping goes on in
//   the second, at its place. Padded, records never cross the end: one that would is preceded by a pad, a length word of
//   0xFFFF_FFFF that covers the rest of the ring, and starts at the ring's first byte.
//
// Ownership
//   Positions  released ..< fine            hold records (and pads): the consumer may read them.
//              fine ..< released + capacity are raw memory: the producer may write them.
//   The half that closes second frees the memory.
//
// The two-level tail
//   As in the slot ring: the producer stores the exact tail in `fine` with every record, and a lagging copy in `coarse`
//   about once per KiB. A consumer that keeps up reads `fine`; one that streams reads `coarse`, and so does not take the
//   producer's line away at each record. `fine` is exact at all times: there is nothing to flush.
//
// Invariants
//   1. A record's length and payload are written before the store (release) of `fine` that covers them, and read after a
//      load (acquire) of `fine` or `coarse` that covers them. Otherwise, the consumer takes old bytes for a length.
//   2. `fine`, `coarse` and `released` only ever hold positions at which a record or pad starts or the ring ends.
//      Otherwise, payload is taken for a length.
//   3. `coarse` never exceeds the value of `fine` at the time it is stored. Otherwise, it covers unwritten bytes.
//   4. `released` is stored (release) after the last access to the bytes below it, and the producer loads it (acquire)
//      before it writes bytes of the next lap. Otherwise, a record is overwritten under its reader.
//   5. A record takes at most half of the ring, in either mapping. Otherwise, a padded ring could be empty and yet never
//      have room for it: pad and record together must fit, and a pad is always shorter than the record it precedes.
//   6. The consumer stores `released` at least every capacity / 8 bytes that it reads, and before it reports an empty
//      ring. Otherwise, the producer may wait for room that is there.
//   7. Nothing is written above the rounded end of a record. Otherwise, the producer overwrites what is still being read.
//
// ThreadSanitizer knows addresses, not pages: it is blind to a race between the two mappings of one byte, and sees all in
// a padded ring. That is why tests run it on padded rings.
@frozen
public struct GenericByteRing<Memory: MemoryModel>: ~Copyable {
    /// The writing half: move it to the producing thread.
    public var producer: Producer

    /// The reading half: move it to the consuming thread.
    public var consumer: Consumer

    /// Makes a ring of at least `minimumCapacity` bytes, rounded up to a power of two: at least a page (a padded ring
    /// asked for as such: 64 bytes). All its memory is touched here, so that no push meets a page fault.
    ///
    /// A record of n bytes takes n + 4 bytes, rounded up to a multiple of 8, and at most half of the ring. The consumer
    /// gives memory back in groups of an eighth of the capacity, and all of it when it finds the ring empty.
    ///
    /// - Throws: ``ByteRingError/invalidCapacity`` if `minimumCapacity` is not positive or more than a quarter of the
    ///   address space; ``ByteRingError/mirroringUnavailable`` if `mapping` is `.mirrored` and cannot be had.
    @inlinable
    public init(minimumCapacity: Int, mapping: ByteRingMapping = .automatic) throws(ByteRingError) {
        try self.init(minimumCapacity: minimumCapacity, mapping: mapping, startingAt: 0)
    }

    /// A ring whose first position is `start`, a multiple of 8: tests seed it near 2^32 and 2^64.
    @inlinable
    package init(
        minimumCapacity: Int, mapping: ByteRingMapping = .automatic, startingAt start: UInt64
    ) throws(ByteRingError) {
        precondition(start % 8 == 0, "positions in a byte ring are multiples of 8")
        let storage = try ByteRingStorage.allocate(minimumCapacity: minimumCapacity, mapping: mapping)
        let control = ByteRingControl<Memory>(base: storage.control)
        control.initialize(
            startingAt: start, bytes: storage.bytes, mask: UInt64(storage.capacity - 1), isMirrored: storage.isMirrored)
        producer = Producer(control: control, start: start)
        consumer = Consumer(control: control, start: start)
    }

    /// How this ring's memory is mapped: `.mirrored` or `.padded`.
    @inlinable public var mapping: ByteRingMapping { producer.mapping }

    /// The number of bytes for records, with their length words and rounding. A power of two.
    @inlinable public var capacity: Int { producer.capacity }

    /// The payload of the longest record, in bytes: half the capacity less its length word.
    @inlinable public var maximumRecordByteCount: Int { producer.maximumRecordByteCount }
}

/// How the memory of a ``ByteRing`` is mapped. What a ring accepts and delivers does not depend on it.
public enum ByteRingMapping: Sendable {
    /// Mirrored where the system can, else padded.
    case automatic

    /// The same pages twice in a row: no record is ever split, and no byte is wasted at the wrap.
    case mirrored

    /// Ordinary memory: records do not cross the end, the rest of the lap is skipped.
    case padded
}

/// Why a ``ByteRing`` could not be made.
public enum ByteRingError: Error, Equatable {
    case invalidCapacity(Int)

    /// The system refused the double mapping, with this `errno`.
    case mirroringUnavailable(errno: Int32)
}

/// A record that this ring can never hold, however empty it is.
public struct RecordTooLarge: Error, Equatable {
    /// The record's length in bytes, and the longest that the ring takes.
    public let byteCount: Int
    public let maximumByteCount: Int

    @usableFromInline
    init(byteCount: Int, maximumByteCount: Int) {
        self.byteCount = byteCount
        self.maximumByteCount = maximumByteCount
    }
}

/// Sizes in a byte ring.
@frozen
@usableFromInline
enum ByteRingGeometry {
    /// Bytes of the length word before a payload.
    @inlinable @inline(__always) static var header: UInt64 { 4 }

    /// The length word of a pad. No record is that long: see `ByteRingStorage.maximumCapacity`.
    @inlinable @inline(__always) static var pad: UInt32 { .max }

    /// The step of both fast paths, in bytes. Four lines, as for the words of a slot ring, hold four or five records of 48
    /// bytes, and each such step pays for a visit of both slow paths. Never more than half of the ring, so that what the
    /// producer's fast path admits is never too large (invariant 5).
    @inlinable @inline(__always) static func chunk(mask: UInt64) -> UInt64 { min(2048, (mask &+ 1) / 4) }

    /// The producer requests lines this far ahead of the record it writes.
    @inlinable @inline(__always) static var writeAhead: UInt64 { 2048 }

    /// The consumer requests lines this far ahead of the record it reads.
    @inlinable @inline(__always) static var readAhead: UInt64 { 1024 }

    /// Bytes between two stores of `coarse`.
    @inlinable @inline(__always) static func coarseStep(mask: UInt64) -> UInt64 { min(1024, (mask &+ 1) / 8) }

    /// Two lines, which hold a record or two: what counts as progress where an element is not smaller than a line.
    @inlinable @inline(__always) static var progress: UInt64 { 128 }

    /// A streaming consumer that gains fewer bytes by a look waits longer before the next.
    @inlinable @inline(__always) static func wantedGain(mask: UInt64) -> UInt64 { min(32768, (mask &+ 1) / 4) }

    /// The payload of the longest record (invariant 5).
    @inlinable @inline(__always)
    static func maximumRecordByteCount(mask: UInt64) -> Int { Int(truncatingIfNeeded: (mask &+ 1) / 2 &- header) }

    /// Bytes of ring that a payload of `byteCount` takes.
    @inlinable @inline(__always)
    static func footprint(_ byteCount: Int) -> UInt64 {
        (UInt64(truncatingIfNeeded: byteCount) &+ header &+ 7) & ~7
    }
}
