/// The layout of the keys of one window of time: `time | lane | offset | entry`, from the highest bit down.
///
/// The time counts from the window's first, plus 1; a lane is a place in ``TimeMerge/sources``, which stand in the order
/// of ties; the offset is from the start of the batch's records. So the order of keys is the order of events: offsets in
/// one lane differ. The entry is the record's in the table of the fast decoder, by number, or 0 where the checked one has
/// to look: who delivers the event does not look for it again. Neither 0 nor all ones is a key.
@usableFromInline
protocol KeyLayout {
    /// What a time loses; 1 less than the window's first.
    var bias: UInt64 { get }
    var laneBits: UInt64 { get }
    var offsetBits: UInt64 { get }
    /// 0 where keys have no entries: then the checked decoder delivers all.
    var entryBits: UInt64 { get }
}

/// The bits that suit 1024 pages of 16 KiB. As constants: so keys are made and events delivered faster.
@frozen
@usableFromInline
struct UsualKeyLayout: KeyLayout {
    @usableFromInline let bias: UInt64

    @inlinable
    init(bias: UInt64) { self.bias = bias }

    @inlinable @inline(__always) var laneBits: UInt64 { 10 }
    @inlinable @inline(__always) var offsetBits: UInt64 { 14 }
    @inlinable @inline(__always) var entryBits: UInt64 { 11 }
}

@frozen
@usableFromInline
struct AnyKeyLayout: KeyLayout {
    @usableFromInline var bias: UInt64 = 0
    @usableFromInline var laneBits: UInt64
    @usableFromInline var offsetBits: UInt64
    @usableFromInline var entryBits: UInt64

    /// The bits for so many lanes, of which none has more bytes of records.
    init(lanes: Int = 0, byteCount: Int = 0) {
        let usual = UsualKeyLayout(bias: 0)
        (laneBits, offsetBits, entryBits) = (usual.laneBits, usual.offsetBits, usual.entryBits)
        if lanes > 1 << laneBits { laneBits = UInt64(Int.bitWidth - (lanes - 1).leadingZeroBitCount) }
        if byteCount > 1 << offsetBits { offsetBits = UInt64(Int.bitWidth - (byteCount - 1).leadingZeroBitCount) }
        // A million units: some milliseconds.
        if timeShift > 44 { entryBits = 0 }
    }

    @inlinable
    var isUsual: Bool {
        let usual = UsualKeyLayout(bias: bias)
        return (laneBits, offsetBits, entryBits) == (usual.laneBits, usual.offsetBits, usual.entryBits)
    }

    /// The greatest distance between two times of a window.
    var reach: UInt64 { UInt64.max >> timeShift - 2 }
}

extension KeyLayout {
    @inlinable @inline(__always) var laneShift: UInt64 { offsetBits &+ entryBits }
    @inlinable @inline(__always) var timeShift: UInt64 { laneBits &+ laneShift }

    @inlinable
    @inline(__always)
    func time(_ key: UInt64) -> UInt64 { (key &>> timeShift) &+ bias }

    @inlinable
    @inline(__always)
    func lane(_ key: UInt64) -> Int { Int(truncatingIfNeeded: (key &>> laneShift) & ((1 &<< laneBits) &- 1)) }

    @inlinable
    @inline(__always)
    func offset(_ key: UInt64) -> Int { Int(truncatingIfNeeded: (key &>> entryBits) & ((1 &<< offsetBits) &- 1)) }

    @inlinable
    @inline(__always)
    func entry(_ key: UInt64) -> Int { Int(truncatingIfNeeded: key & ((1 &<< entryBits) &- 1)) }

    /// What is to be added to the parts of a key of a lane whose records begin at `start`.
    @inlinable
    @inline(__always)
    func base(lane: Int, start: Int) -> UInt64 {
        (UInt64(lane) &<< laneShift) &- (UInt64(start) &<< entryBits) &- (bias &<< timeShift)
    }

    /// The key of a record at `position` in the span.
    @inlinable
    @inline(__always)
    func key(time: UInt64, position: Int, entry: Int, base: UInt64) -> UInt64 {
        (time &<< timeShift) &+ (UInt64(truncatingIfNeeded: position) &<< entryBits) &+ base
            &+ (entryBits == 0 ? 0 : UInt64(truncatingIfNeeded: entry))
    }
}
