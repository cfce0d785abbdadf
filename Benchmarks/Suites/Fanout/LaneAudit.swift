import BenchLoad
import FlightRecording
import TraceCore

/// What one subscriber was given and what it was told is lost, lane by lane, by the index of events: together one run
/// without a hole and without an overlap.
struct LaneAudit {
    private(set) var generations = 0
    /// Events that were delivered.
    private(set) var events: UInt64 = 0
    /// Events that the writers lost, and that this subscriber lost.
    private(set) var lost: UInt64 = 0
    /// Bytes of records.
    private(set) var byteCount = 0
    /// By lane: the first index, and the one after the last.
    private(set) var ranges: [UInt32: Range<UInt64>] = [:]
    /// The first thing that was wrong.
    private(set) var failure: String?

    mutating func take(_ generation: TraceGeneration) {
        add(generation.lostBefore)
        generations += 1
        var batches = generation.batches[...]
        for lane in generation.end.lanes {
            var gaps = lane.gaps[...]
            var found: UInt64 = 0
            while true {
                let batch = batches.first.flatMap { $0.header.lane == lane.lane ? $0.header : nil }
                if let batch, gaps.first.map({ batch.baseIndex < $0.firstIndex }) ?? true {
                    step(lane.lane, batch.baseIndex, batch.eventCount)
                    found += batch.eventCount
                    byteCount += Int(batch.byteCount)
                    batches.removeFirst()
                } else if let gap = gaps.popFirst() {
                    step(lane.lane, gap.firstIndex, gap.count)
                    lost += gap.count
                } else {
                    break
                }
            }
            if found != lane.events { fail("\(found) events of lane \(lane.lane), told \(lane.events)") }
            events += found
        }
        if !batches.isEmpty { fail("a batch of a lane that had no events") }
    }

    mutating func add(_ loss: TraceLoss?) {
        for lane in loss?.lanes ?? [] {
            step(lane.lane, lane.gap.firstIndex, lane.gap.count)
            lost += lane.gap.count
        }
    }

    /// Decodes a generation: each event has to carry the number of its place.
    mutating func decode(_ generation: TraceGeneration, _ shapes: ShapeTable) {
        do {
            let wrong = try generation.withBytes { try WordVisitor.check(generation.batches, in: $0, shapes) }
            if let wrong { fail(wrong) }
        } catch { fail("\(error)") }
    }

    /// - Parameters:
    ///   - begin: events of each lane before and after the subscription began.
    ///   - end: the same of its end.
    mutating func finish(_ begin: Bounds, _ end: Bounds) {
        for (lane, range) in ranges {
            let isBegun = (begin.before[lane] ?? 0) <= range.lowerBound && range.lowerBound <= begin.after[lane] ?? 0
            let isEnded = (end.before[lane] ?? 0) <= range.upperBound && range.upperBound <= end.after[lane] ?? 0
            if !isBegun || !isEnded { fail("lane \(lane): \(range), begun \(begin), ended \(end)") }
        }
        for (lane, count) in end.before where count > begin.after[lane] ?? 0 && ranges[lane] == nil {
            fail("nothing of lane \(lane), which saw \(count)")
        }
    }

    struct Bounds {
        var before: [UInt32: UInt64]
        var after: [UInt32: UInt64]

        init(_ body: () throws -> Void) rethrows {
            before = LoadedRecorder.events
            try body()
            after = LoadedRecorder.events
        }
    }

    private mutating func step(_ lane: UInt32, _ first: UInt64, _ count: UInt64) {
        let range = ranges[lane] ?? first..<first
        if range.upperBound != first { fail("lane \(lane): \(first) follows on \(range.upperBound)") }
        ranges[lane] = range.lowerBound..<first + count
    }

    mutating func fail(_ what: String) { failure = failure ?? what }
}
