// Counting records at full speed.
//
// The length of a record decides where the next one starts, so one batch is a chain of dependent loads (about 17 cycles
// a record) however few instructions a record takes. Batches do not depend on each other: four of them, each in a lane of
// its own, are stepped in turn, and the four chains overlap.
//
// One step finds a record's length without a branch on its bytes. Of the 8 bytes from its type byte on, the last bytes of
// varints are those whose top bit is clear; the prefix sums of those bits, one multiplication, count varints up to each
// byte; adding 128 minus the number of the kind's arguments sets the top bit of each byte that has enough of them, and the
// first such byte ends the record. If there is none, the record is longer than 8 bytes, or its kind is none for an event:
// then the checked decoder takes that record.
//
// This is a filter, not a judge: at anything irregular it gives up without a result, and the exact decoder, which reads
// batch by batch in order, finds the first error and its place.

struct LaneCounter {
    /// For each type byte, in every byte of the word: 128 minus the number of its arguments, or 0 for none of an event's
    /// (7 is the highest prefix sum, so that 0 never reaches a top bit).
    private var thresholds = InlineArray<256, UInt64>(repeating: 0)
    /// One table of counts a lane, so that two lanes that meet the same kind do not wait for each other's increment.
    private var counts = InlineArray<1024, UInt64>(repeating: 0)
    private var result = GoTraceCounts()
    private var scanner: GoTraceScanner

    private init(_ bytes: RawSpan) throws(GoTraceError) {
        scanner = try GoTraceScanner(bytes)
        for kind in GoTraceKind.events where scanner.version.defines(kind) {
            thresholds[Int(kind.rawValue)] = UInt64(128 - kind.argumentCount) &* 0x0101_0101_0101_0101
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

        var isIdle: Bool { end == 0 }

        /// How many steps stay inside the data, wherever the records end: each one looks at 8 bytes and moves by at
        /// most 8.
        var safeSteps: Int { (end - position) >> 3 }
    }

    private mutating func run(_ bytes: RawSpan) throws(GoTraceError) {
        var lane0 = try refill(bytes)
        var lane1 = try refill(bytes)
        var lane2 = try refill(bytes)
        var lane3 = try refill(bytes)
        while !lane0.isIdle, !lane1.isIdle, !lane2.isIdle, !lane3.isIdle {
            if stepTogether(bytes, &lane0, &lane1, &lane2, &lane3) {
                // At least one of the next records is not for the fast loop, and the exact decoder takes any.
                if lane0.position < lane0.end { try stepExactly(bytes, &lane0) }
                if lane1.position < lane1.end { try stepExactly(bytes, &lane1) }
                if lane2.position < lane2.end { try stepExactly(bytes, &lane2) }
                if lane3.position < lane3.end { try stepExactly(bytes, &lane3) }
            }
            if lane0.safeSteps == 0 { lane0 = try advance(bytes, lane0) }
            if lane1.safeSteps == 0 { lane1 = try advance(bytes, lane1) }
            if lane2.safeSteps == 0 { lane2 = try advance(bytes, lane2) }
            if lane3.safeSteps == 0 { lane3 = try advance(bytes, lane3) }
        }
        try finish(bytes, lane0)
        try finish(bytes, lane1)
        try finish(bytes, lane2)
        try finish(bytes, lane3)
    }

    /// Steps all four lanes until one nears the end of its data, or one stalls: then the result is true.
    @inline(never)
    private mutating func stepTogether(
        _ bytes: RawSpan, _ lane0: inout Lane, _ lane1: inout Lane, _ lane2: inout Lane, _ lane3: inout Lane
    ) -> Bool {
        // Locals, so that the positions stay in registers.
        var position0 = lane0.position
        var position1 = lane1.position
        var position2 = lane2.position
        var position3 = lane3.position
        defer {
            lane0.position = position0
            lane1.position = position1
            lane2.position = position2
            lane3.position = position3
        }
        var steps = min(lane0.safeSteps, lane1.safeSteps, lane2.safeSteps, lane3.safeSteps)
        while steps > 0 {
            if step(bytes, &position0, table: 0) { return true }
            if step(bytes, &position1, table: 256) { return true }
            if step(bytes, &position2, table: 512) { return true }
            if step(bytes, &position3, table: 768) { return true }
            steps &-= 1
        }
        return false
    }

    /// Counts the record at `position` and moves behind it; or leaves all as it is and returns true.
    ///
    /// Requires: the 8 bytes at `position` lie in the data of a batch of `bytes`.
    @inline(__always)
    private mutating func step(_ bytes: RawSpan, _ position: inout Int, table: Int) -> Bool {
        // SAFETY: A lane's `end` is that of a batch which the scanner found inside these very `bytes`. A step moves by at
        // most 8 bytes, and callers take at most `safeSteps` of them, so `position + 8 <= end <= bytes.byteCount`.
        let raw = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: UInt64.self)
        let word = UInt64(littleEndian: raw)
        let kind = Int(truncatingIfNeeded: word & 0xFF)
        let ends = recordEnds(word)
        if ends == 0 { return true }
        counts[kind &+ table] &+= 1
        position &+= ends.trailingZeroBitCount &>> 3 &+ 1
        return false
    }

    /// Of the record that starts `word`, the top bits of the bytes from its last one on; 0 if it is longer than the word,
    /// or no event.
    @inline(__always)
    private func recordEnds(_ word: UInt64) -> UInt64 {
        let lastBytes = (~word &>> 7) & 0x0101_0101_0101_0100
        let varints = lastBytes &* 0x0101_0101_0101_0101
        return (varints &+ thresholds[Int(truncatingIfNeeded: word & 0xFF)]) & Varint.continuationBits
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
            if step(bytes, &lane.position, table: 0) { try stepExactly(bytes, &lane) }
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
        // A subscript of the array itself copies all 8 KiB of it each time.
        let counts = counts.span
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
