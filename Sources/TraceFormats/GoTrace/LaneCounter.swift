// Counting records at full speed.
//
// The length of a record decides where the next one starts, so one batch is a chain of dependent loads (about 17 cycles
// a record) however few instructions a record takes. Batches do not depend on each other: four of them, each in a lane of
// its own, are stepped in turn, and the four chains overlap.
//
// One step finds a record's length without a branch on its bytes: of the 8 bytes from its type byte on, the last bytes of
// varints are those whose top bit is clear; the prefix sums of those bits count varints; the record ends where the count
// first equals the number of its kind's arguments. A record with no such place among its 8 bytes is longer than that, or
// its kind is none for an event: such a step counts as stalled and goes through the checked decoder.
//
// This is a filter, not a judge: at anything irregular it gives up without a result, and the exact decoder, which reads
// batch by batch in order, finds the first error and its place.

struct LaneCounter {
    /// For each type byte its number of arguments in every byte of a word, or a number no prefix sum reaches.
    private var targets = InlineArray<256, UInt64>(repeating: 0x7F7F_7F7F_7F7F_7F7F)
    /// One table of counts a lane, so that two lanes that meet the same kind do not wait for each other's increment.
    private var counts = InlineArray<1024, UInt64>(repeating: 0)
    private var result = GoTraceCounts()
    private var scanner: GoTraceScanner

    private init(_ bytes: RawSpan) throws(GoTraceError) {
        scanner = try GoTraceScanner(bytes)
        for kind in GoTraceKind.events where scanner.version.defines(kind) {
            targets[Int(kind.rawValue)] = UInt64(kind.argumentCount) &* 0x0101_0101_0101_0101
        }
    }

    /// The counts of `bytes`, or nil if it is not an intact trace.
    static func count(_ bytes: RawSpan) -> GoTraceCounts? {
        guard var counter = try? LaneCounter(bytes) else { return nil }
        do throws(GoTraceError) {
            try counter.run(bytes)
            return counter.total()
        } catch {
            return nil
        }
    }

    /// A batch's records that are not yet counted.
    private struct Lane {
        var position = 0
        /// Behind the data of the batch; 0 for a lane without a batch.
        var end = 0

        /// How many steps stay inside the data, wherever the records end: each one looks at 8 bytes and moves by at
        /// most 8.
        var safeSteps: Int { (end - position) >> 3 }
    }

    private mutating func run(_ bytes: RawSpan) throws(GoTraceError) {
        var lane0 = try refill(bytes)
        var lane1 = try refill(bytes)
        var lane2 = try refill(bytes)
        var lane3 = try refill(bytes)
        while true {
            var steps = min(lane0.safeSteps, lane1.safeSteps, lane2.safeSteps, lane3.safeSteps)
            while steps > 0 {
                steps -= 1
                let stalled0 = step(bytes, &lane0.position, 0)
                let stalled1 = step(bytes, &lane1.position, 256)
                let stalled2 = step(bytes, &lane2.position, 512)
                let stalled3 = step(bytes, &lane3.position, 768)
                if stalled0 || stalled1 || stalled2 || stalled3 {
                    if stalled0 { try stepExactly(bytes, &lane0) }
                    if stalled1 { try stepExactly(bytes, &lane1) }
                    if stalled2 { try stepExactly(bytes, &lane2) }
                    if stalled3 { try stepExactly(bytes, &lane3) }
                    // A long record moves by more than 8.
                    steps = min(lane0.safeSteps, lane1.safeSteps, lane2.safeSteps, lane3.safeSteps)
                }
            }
            if lane0.safeSteps == 0 { lane0 = try advance(bytes, lane0) }
            if lane1.safeSteps == 0 { lane1 = try advance(bytes, lane1) }
            if lane2.safeSteps == 0 { lane2 = try advance(bytes, lane2) }
            if lane3.safeSteps == 0 { lane3 = try advance(bytes, lane3) }
            if lane0.end == 0 || lane1.end == 0 || lane2.end == 0 || lane3.end == 0 { break }
        }
        try finish(bytes, lane0)
        try finish(bytes, lane1)
        try finish(bytes, lane2)
        try finish(bytes, lane3)
    }

    /// Counts the record at `position` and moves behind it; or leaves all as it is and returns true.
    @inline(__always)
    private mutating func step(_ bytes: RawSpan, _ position: inout Int, _ table: Int) -> Bool {
        let word = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
        let kind = Int(truncatingIfNeeded: word & 0xFF)
        let last = ~word & (Varint.continuationBits & ~0xFF)
        let varints = (last &>> 7) &* 0x0101_0101_0101_0101
        let differs = varints ^ targets[kind]
        // The lowest byte that is zero is marked exactly; marks above it may be false.
        let marks = (differs &- 0x0101_0101_0101_0101) & ~differs & Varint.continuationBits
        if marks == 0 { return true }
        counts[kind &+ table] &+= 1
        position &+= (marks.trailingZeroBitCount &+ 1) &>> 3
        return false
    }

    /// Counts one record of any length with the checked decoder.
    @inline(never)
    private mutating func stepExactly(_ bytes: RawSpan, _ lane: inout Lane) throws(GoTraceError) {
        let kind = GoTraceKind(rawValue: bytes.unsafeLoad(fromByteOffset: lane.position, as: UInt8.self))
        guard kind.isEvent, scanner.version.defines(kind) else { throw Self.irregular(at: lane.position) }
        var cursor = lane.position + 1
        for _ in 0..<kind.argumentCount {
            guard (try? Varint.read(bytes, at: &cursor, end: lane.end)) != nil else {
                throw Self.irregular(at: cursor)
            }
        }
        counts[Int(kind.rawValue)] += 1
        lane.position = cursor
    }

    /// Counts what is left of a lane.
    private mutating func finish(_ bytes: RawSpan, _ lane: Lane) throws(GoTraceError) {
        var lane = lane
        while lane.safeSteps > 0 {
            if step(bytes, &lane.position, 0) { try stepExactly(bytes, &lane) }
        }
        while lane.position < lane.end { try stepExactly(bytes, &lane) }
    }

    /// Finishes a lane and gives it the next batch.
    private mutating func advance(_ bytes: RawSpan, _ lane: Lane) throws(GoTraceError) -> Lane {
        try finish(bytes, lane)
        return try refill(bytes)
    }

    /// The next batch of events; an empty lane if there is none left. What comes before it is counted in passing.
    private mutating func refill(_ bytes: RawSpan) throws(GoTraceError) -> Lane {
        while let batch = try scanner.nextBatch(in: bytes) {
            result.add(batch.kind)
            if batch.content == .endOfGeneration { continue }
            result.batches += 1
            if batch.content == .events, !batch.data.isEmpty {
                return Lane(position: batch.data.lowerBound, end: batch.data.upperBound)
            }
            var records = GoTraceRecordCursor(batch)
            while let record = try records.next(in: bytes) { result.add(record.kind) }
        }
        return Lane()
    }

    private func total() -> GoTraceCounts {
        var total = result
        total.generations = scanner.generations
        for kind in GoTraceKind.events {
            let index = Int(kind.rawValue)
            let count = counts[index] + counts[index + 256] + counts[index + 512] + counts[index + 768]
            if count > 0 { total.add(kind, count) }
        }
        return total
    }

    /// Any error will do: the exact decoder finds the one to report.
    private static func irregular(at offset: Int) -> GoTraceError {
        GoTraceError(.incompleteGeneration, at: offset)
    }
}

extension GoTraceKind {
    /// The kinds of ``isEvent``, without allocation.
    fileprivate static var events: some Sequence<GoTraceKind> {
        (UInt8(9)...136).lazy.map(GoTraceKind.init(rawValue:)).filter(\.isEvent)
    }
}
