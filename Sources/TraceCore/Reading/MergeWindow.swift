/// A batch that a merge has opened: how far its keys have been made.
struct MergeLane {
    let source: MergeSource
    /// Its place in the order of ties.
    let rank: Int
    var slot: ScanSlot
    /// Of its next record.
    var nextTime: UInt64
    var state: MergeState

    init(_ batch: Batch, number: Int, rank: Int) {
        source = MergeSource(start: batch.records.lowerBound, end: batch.records.upperBound, batch: number)
        self.rank = rank
        slot = ScanSlot(batch)
        nextTime = batch.header.baseTime
        state = MergeState(
            index: batch.header.baseIndex & 0xFFFF_FFFF_FFFF, generation: batch.header.generation)
    }
}

/// Where the records of a batch stand, and which it is.
@frozen
@usableFromInline
struct MergeSource {
    @usableFromInline let start: Int
    @usableFromInline let end: Int
    @usableFromInline let batch: Int
    /// Makes it 32 bytes, which are found by a shift.
    @usableFromInline let unused = 0
}

/// Of the next event to be delivered.
@frozen
@usableFromInline
struct MergeState {
    @usableFromInline var index: UInt64
    @usableFromInline var generation: UInt64
}

/// The layout of the keys of one window of time: `time | lane | offset`, from the highest bit down.
///
/// The time counts from the window's first, plus 1; a lane is a place in ``TimeMerge/sources``, which stand in the order
/// of ties; the offset is from the start of the batch's records. So the order of keys is the order of events. Neither 0 nor
/// all ones is a key.
@frozen
@usableFromInline
struct KeyLayout {
    /// What a time loses; 1 less than the window's first.
    @usableFromInline var bias: UInt64 = 0
    @usableFromInline var offsetBits: UInt64 = 14
    @usableFromInline var laneBits: UInt64 = 10

    @inlinable
    init() {}

    /// True of the bits that suit 1024 pages of 16 KiB: with them as constants, events are delivered faster.
    @inlinable var isUsual: Bool { offsetBits == 14 && laneBits == 10 }

    /// The bits for so many lanes, of which none has more bytes of records.
    mutating func fit(lanes: Int, byteCount: Int) {
        self = KeyLayout()
        if byteCount > 1 << offsetBits { offsetBits = UInt64(Int.bitWidth - (byteCount - 1).leadingZeroBitCount) }
        if lanes > 1 << laneBits { laneBits = UInt64(Int.bitWidth - (lanes - 1).leadingZeroBitCount) }
    }

    /// The greatest distance between two times of a window.
    var reach: UInt64 { UInt64.max >> (offsetBits + laneBits) - 2 }

    @inlinable
    @inline(__always)
    func time(_ key: UInt64) -> UInt64 { (key &>> (offsetBits &+ laneBits)) &+ bias }

    @inlinable
    @inline(__always)
    func lane(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &>> offsetBits) & ((1 &<< laneBits) &- 1))
    }

    @inlinable
    @inline(__always)
    func offset(_ key: UInt64) -> Int { Int(truncatingIfNeeded: key & ((1 &<< offsetBits) &- 1)) }
}

/// Makes the keys of all lanes up to a time, each lane's in a run of its own.
struct KeySink: InterleavedSink {
    struct Lane: ScanLane {
        var out: UnsafeMutablePointer<UInt64>
        /// What makes of a position the lower bits of the key.
        var shift: UInt64
        var nextTime: UInt64
        var number: Int
        init() { self.init(out: UnsafeMutablePointer(bitPattern: 8)!, shift: 0, nextTime: 0, number: 0) }
        init(out: UnsafeMutablePointer<UInt64>, shift: UInt64, nextTime: UInt64, number: Int) {
            self.out = out
            self.shift = shift
            self.nextTime = nextTime
            self.number = number
        }
    }

    private(set) var lanes: [MergeLane]
    /// Where each lane's run starts; `runs` come with their counts.
    private(set) var runs: [KeyMerge.Run]
    private let keys: UnsafeMutablePointer<UInt64>
    private let layout: KeyLayout
    private let last: UInt64
    private var opened = 0

    init(
        _ lanes: [MergeLane], _ runs: [KeyMerge.Run], _ keys: UnsafeMutablePointer<UInt64>, _ layout: KeyLayout,
        last: UInt64
    ) {
        self.lanes = lanes
        self.runs = runs
        self.keys = keys
        self.layout = layout
        self.last = last
    }

    mutating func open() -> (slot: ScanSlot, lane: Lane)? {
        while opened < lanes.count {
            let number = opened
            opened += 1
            let lane = lanes[number]
            guard lane.nextTime <= last else { continue }
            return (
                lane.slot,
                Lane(
                    out: keys + runs[number].start,
                    shift: UInt64(number) << layout.offsetBits &- UInt64(lane.slot.start),
                    nextTime: lane.nextTime, number: number)
            )
        }
        return nil
    }

    mutating func close(_ slot: ScanSlot, _ lane: Lane) {
        lanes[lane.number].slot = slot
        lanes[lane.number].nextTime = lane.nextTime
        runs[lane.number].count = lane.out - (keys + runs[lane.number].start)
    }

    @inline(__always)
    func takes(time: UInt64, _ lane: Lane) -> Bool { time <= last }

    @inline(__always)
    mutating func stop(at time: UInt64, _ lane: inout Lane) { lane.nextTime = time }

    @inline(__always)
    mutating func fast(
        _ entry: DenseEntry, _ bytes: RawSpan, at position: Int, time: UInt64, _ table: RawSpan, _ lane: inout Lane
    ) {
        append(time, position, &lane)
    }

    @inline(__always)
    mutating func exact(_ decoded: Decoded, _ lane: inout Lane) { append(decoded.time, decoded.offset, &lane) }

    @inline(__always)
    private func append(_ time: UInt64, _ position: Int, _ lane: inout Lane) {
        // SAFETY: a run has room for a key per 3 bytes of its batch, and no record is shorter.
        lane.out.pointee =
            (time &- layout.bias) &<< (layout.offsetBits &+ layout.laneBits)
            | (UInt64(truncatingIfNeeded: position) &+ lane.shift)
        lane.out += 1
    }
}
