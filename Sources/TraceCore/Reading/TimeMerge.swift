/// The events of many batches of several threads in the order of their times; ties by lane, then index.
///
/// ```swift
/// var merge = try TimeMerge(batches, in: bytes)
/// while let record = try merge.next(in: bytes, shapes) { ... }
/// ```
///
/// Lazy: it makes the keys of a window of time (one word an event), sorts them, and decodes each event as it is asked
/// for. A batch is opened when the window reaches its base time. Memory: about 4 bytes per byte of the open batches.
/// One thread at a time.
public struct TimeMerge: ~Copyable {
    /// All batches, by base time, highest first: the next to be opened is the last.
    private var unopened: [MergeLane]
    /// The open ones, in the order of ties.
    private var lanes: [MergeLane] = []
    /// Of the lanes of the window's keys, as they are being delivered.
    @usableFromInline var sources: UnsafeMutablePointer<MergeSource>
    @usableFromInline var states: UnsafeMutablePointer<MergeState>
    private var laneCapacity = 0
    @usableFromInline var layout = AnyKeyLayout()
    /// The window's keys, in order, are `keys[next..<end]`.
    @usableFromInline var keys: UnsafeMutablePointer<UInt64>
    @usableFromInline var next = 0
    @usableFromInline var end = 0
    private var buffers = KeyBuffers()
    /// How much time the next window spans.
    private var width: UInt64 = 1 << 16
    private var failure: DecodingError?
    @usableFromInline let byteCount: Int

    /// As many keys as a second-level cache holds while they are sorted.
    private static var wantedKeys: Int { 1 << 15 }
    /// Of a record with few arguments.
    private static var usualRecordBytes: Int { 4 }
    /// Bytes of open batches at which no further one is opened, unless the time demands it.
    private static var wantedBytes: Int { 8 << 20 }

    /// A merge of these batches, which may come in any order.
    ///
    /// Throws ``DecodingError`` if they do not have one `timeShift`, at that field of one that differs. Traps if
    /// `bytes` is shorter than the span that they came from. Complexity: O(batches log(batches)).
    public init(_ batches: [Batch], in bytes: RawSpan) throws(DecodingError) {
        self.init(unopened: try Self.ranked(batches, in: bytes), byteCount: bytes.byteCount)
    }

    /// Does not throw: nothing is to be taken back of a value that has a `deinit`.
    private init(unopened: [MergeLane], byteCount: Int) {
        self.unopened = unopened
        self.byteCount = byteCount
        // Few records are one window: to feel the way to the right width would cost more than it saves.
        let recordBytes = unopened.reduce(0) { $0 + $1.source.end - $1.source.start }
        if recordBytes <= Self.wantedKeys * Self.usualRecordBytes { width = .max }
        keys = buffers.made
        sources = .allocate(capacity: 1)
        states = .allocate(capacity: 1)
    }

    deinit {
        sources.deallocate()
        states.deallocate()
    }

    /// All batches with their places in the order of ties, by base time, highest first.
    private static func ranked(_ batches: [Batch], in bytes: RawSpan) throws(DecodingError) -> [MergeLane] {
        let order = batches.indices.sorted { one, other in
            let (a, b) = (batches[one].header, batches[other].header)
            return (a.lane, a.ticket, a.baseTime, a.baseIndex, one) < (b.lane, b.ticket, b.baseTime, b.baseIndex, other)
        }
        var all: [MergeLane] = []
        all.reserveCapacity(order.count)
        for (rank, number) in order.enumerated() {
            let batch = batches[number]
            precondition(
                batch.records.upperBound <= bytes.byteCount, "the span is not the one that the batches came from")
            guard batch.header.timeShift == batches[0].header.timeShift else {
                throw DecodingError(
                    .timeShift(batch.header.timeShift), at: batch.records.lowerBound - BatchHeader.byteCount + 6)
            }
            all.append(MergeLane(batch, number: number, rank: rank))
        }
        all.sort { ($0.nextTime, $0.rank) > ($1.nextTime, $1.rank) }
        return all
    }

    /// Makes the next window that has a key. False if there is none.
    @usableFromInline
    @inline(never)
    mutating func prepare(_ bytes: RawSpan, _ shapes: borrowing ShapeTable) throws(DecodingError) -> Bool {
        // Kept: of several malformed batches, another attempt may come upon another one first.
        if let failure { throw failure }
        do throws(DecodingError) {
            repeat {
                for lane in lanes.indices { lanes[lane].state = states[lane] }
                lanes.removeAll { $0.slot.position >= $0.slot.end }
                guard let last = openWindow() else { return false }
                publishLanes()
                try fill(bytes, shapes, last: last)
                // Empty where nothing but the end of a batch was found.
            } while next == end
            return true
        } catch {
            failure = error
            throw error
        }
    }

    private mutating func publishLanes() {
        if lanes.count > laneCapacity {
            sources.deallocate()
            states.deallocate()
            laneCapacity = 2 * lanes.count
            sources = .allocate(capacity: laneCapacity)
            states = .allocate(capacity: laneCapacity)
        }
        for (number, lane) in lanes.enumerated() {
            (sources + number).initialize(to: lane.source)
            (states + number).initialize(to: lane.state)
        }
    }

    /// Opens the batches of the next window, and finds its layout and last time. Nil if no batch is left.
    private mutating func openWindow() -> UInt64? {
        guard let first = lanes.reduce(unopened.last?.nextTime, { min($0 ?? .max, $1.nextTime) }) else { return nil }
        var last = first.addingReportingOverflow(width).overflow ? .max : first + width
        var byteCount = lanes.reduce(0) { $0 + $1.slot.end - $1.slot.position }
        let open = lanes.count
        while let lane = unopened.last, lane.nextTime <= last {
            byteCount += lane.slot.end - lane.slot.position
            if byteCount > Self.wantedBytes, lane.nextTime > first {
                last = lane.nextTime - 1
                break
            }
            lanes.append(lane)
            unopened.removeLast()
        }
        if lanes.count > open { lanes.sort { $0.rank < $1.rank } }
        layout = AnyKeyLayout(
            lanes: lanes.count, byteCount: lanes.reduce(0) { max($0, $1.source.end - $1.source.start) })
        layout.bias = first &- 1
        return min(last, first.addingReportingOverflow(layout.reach).overflow ? .max : first + layout.reach)
    }

    /// Makes and merges the keys of the open batches up to `last`.
    private mutating func fill(
        _ bytes: RawSpan, _ shapes: borrowing ShapeTable, last: UInt64
    ) throws(DecodingError) {
        var runs: [KeyMerge.Run] = []
        runs.reserveCapacity(lanes.count)
        var words = 1
        for lane in lanes {
            runs.append(KeyMerge.Run(start: words, count: 0))
            words += (lane.slot.end - lane.slot.position) / 3 + 2
        }
        buffers.reserve(words)
        (next, end) = (0, 0)
        if layout.isUsual {
            try makeKeys(UsualKeyLayout(bias: layout.bias), bytes, shapes, last: last, &runs)
        } else {
            try makeKeys(layout, bytes, shapes, last: last, &runs)
        }
        let sorted = buffers.sort(runs)
        guard let first = sorted.baseAddress, sorted.count > 0 else { return }
        (keys, end) = (first, sorted.count)
        if sorted.count < Self.wantedKeys / 2 {
            let factor = UInt64(min(16, Self.wantedKeys / max(sorted.count, 1)))
            width = width.multipliedReportingOverflow(by: factor).overflow ? .max : width * factor
        } else if sorted.count > Self.wantedKeys * 2 {
            width = max(1, width / UInt64(sorted.count / Self.wantedKeys))
        }
    }

    private mutating func makeKeys<Layout: KeyLayout>(
        _ layout: Layout, _ bytes: RawSpan, _ shapes: borrowing ShapeTable, last: UInt64, _ runs: inout [KeyMerge.Run]
    ) throws(DecodingError) {
        var sink = KeySink(lanes, runs, buffers.made, layout, last: last)
        try InterleavedScan.run(bytes, shapes, &sink)
        lanes = sink.lanes
        runs = sink.runs
    }
}
