/// Distances of a slot ring, in slots, from the size of its elements. All are powers of two, constants of the
/// specialised code.
@frozen
public enum SPSCGeometry<Element: ~Copyable> {
    /// True when an element is one plain word, which also travels as mail.
    @inlinable @inline(__always)
    static var usesMail: Bool { _isPOD(Element.self) && MemoryLayout<Element>.size == 8 }

    /// Lines that one visit of the slow path requests. Per single line, the visits themselves cost as much as the misses
    /// that they hide; and of large elements, few lie in four lines.
    @inlinable @inline(__always)
    static var chunkLines: Int { MemoryLayout<Element>.stride <= 32 ? 4 : 16 }

    /// Slots between two visits of the slow path: those in as many lines.
    @inlinable @inline(__always)
    static var chunk: UInt64 { slots(inBytes: chunkLines &* 64) }

    /// How far ahead the producer requests lines for writing.
    @inlinable @inline(__always)
    static var writeAhead: UInt64 { slots(inBytes: 1024) }

    /// How far ahead the consumer requests lines for reading, never beyond what is published.
    @inlinable @inline(__always)
    static var readAhead: UInt64 { slots(inBytes: 1024) }

    /// Slots between two publications of `coarse`: 1 KiB, 4 KiB for large elements, at most an eighth of the ring.
    @inlinable @inline(__always)
    static func coarseStep(mask: UInt64) -> UInt64 {
        min(slots(inBytes: MemoryLayout<Element>.stride <= 32 ? 1024 : 4096), (mask &+ 1) / 8)
    }

    /// Slots between two publications of `released`.
    @inlinable @inline(__always)
    static func releaseStep(mask: UInt64) -> UInt64 { (mask &+ 1) / 8 }

    /// What one refill of a streaming consumer should bring.
    @inlinable @inline(__always)
    static func wantedGain(mask: UInt64) -> UInt64 { min(slots(inBytes: 32768), (mask &+ 1) / 4) }

    /// Whether there is room for a distance between the halves, worth a look more to win it.
    @inlinable @inline(__always)
    static func splits(mask: UInt64) -> Bool { mask >= slots(inBytes: 65536) &- 1 }

    /// How far behind `coarse` a streaming consumer stays.
    @inlinable @inline(__always)
    static func lag(mask: UInt64) -> UInt64 { min(slots(inBytes: 16384), (mask &+ 1) / 8) }

    @inlinable @inline(__always)
    static func slots(inBytes bytes: Int) -> UInt64 {
        let stride = MemoryLayout<Element>.stride
        let shift = Int.bitWidth - (stride - 1).leadingZeroBitCount  // of the stride rounded up to a power of two
        return UInt64(max(1, bytes >> shift))
    }

    @inlinable
    static func capacity(atLeast minimum: Int) -> Int {
        precondition(minimum <= 1 << 61, "a ring of \(minimum) slots exceeds the address space")
        return minimum <= 8 ? 8 : 1 << (Int.bitWidth - (minimum - 1).leadingZeroBitCount)
    }
}
