/// Makes the keys of all lanes up to a time, each lane's in a run of its own.
struct KeySink<Layout: KeyLayout>: InterleavedSink {
    typealias Lane = KeyLane

    private(set) var lanes: [MergeLane]
    /// Where each lane's run starts; `runs` come with their counts.
    private(set) var runs: [KeyMerge.Run]
    private let keys: UnsafeMutablePointer<UInt64>
    private let layout: Layout
    private let last: UInt64
    private var opened = 0

    init(
        _ lanes: [MergeLane], _ runs: [KeyMerge.Run], _ keys: UnsafeMutablePointer<UInt64>, _ layout: Layout,
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
                    out: keys + runs[number].start, base: layout.base(lane: number, start: lane.slot.start),
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
        append(layout.key(time: time, position: position, entry: entry.number, base: lane.base), &lane)
    }

    @inline(__always)
    mutating func exact(_ decoded: Decoded, _ lane: inout Lane) {
        append(layout.key(time: decoded.time, position: decoded.offset, entry: 0, base: lane.base), &lane)
    }

    @inline(__always)
    private func append(_ key: UInt64, _ lane: inout Lane) {
        // SAFETY: a run has room for a key per 3 bytes of its batch, and no record is shorter.
        lane.out.pointee = key
        lane.out += 1
    }
}

/// Where the next key of a lane goes, and what it takes to make it.
struct KeyLane: ScanLane {
    var out: UnsafeMutablePointer<UInt64>
    /// See ``KeyLayout/base(lane:start:)``.
    var base: UInt64
    var nextTime: UInt64
    var number: Int
    init() { self.init(out: UnsafeMutablePointer(bitPattern: 8)!, base: 0, nextTime: 0, number: 0) }
    init(out: UnsafeMutablePointer<UInt64>, base: UInt64, nextTime: UInt64, number: Int) {
        self.out = out
        self.base = base
        self.nextTime = nextTime
        self.number = number
    }
}
