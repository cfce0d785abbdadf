internal import TraceCore

/// What is there of each lane so far, by its index: what comes again is left out, and what is missing in between is a gap.
struct MergeLanes {
    /// Of any batch that was taken.
    private(set) var lastGeneration: UInt64 = 0
    private var lanes: [UInt32: Lane] = [:]
    /// Lanes that the present file has begun: a hole in front of its first batch is between two files.
    private var begun: Set<UInt32> = []

    private struct Lane {
        var events: UInt64 = 0
        var end: UInt64?
        var isTruncated = false
        var gaps: [NativeGenerationEnd.Gap] = []
        /// As the present file states them.
        var stated: [NativeGenerationEnd.Gap] = []
    }

    mutating func beginFile(_ index: TraceIndex, _ process: Int, _ tables: MergeTables) {
        begun = []
        for lane in lanes.keys { closeStated(lane) }
        for lane in index.completedGenerations.lazy.flatMap(\.end.lanes) {
            let number = tables.lane(lane.lane, process)
            var entry = lanes[number] ?? Lane(isTruncated: lane.isTruncated)
            entry.stated += lane.gaps
            // A part of a lane, in a later file: what is left out in it cannot be told from what came before.
            if entry.end != nil, lane.isTruncated { entry.isTruncated = true }
            lanes[number] = entry
        }
    }

    /// The index of the first event of a batch that is not there yet; its end index where there is none.
    func firstNew(in header: BatchHeader, _ lane: UInt32) -> UInt64 {
        guard let end = lanes[lane]?.end, LanePosition.precedes(header.baseIndex, end) else {
            return header.baseIndex & 0xFFFF_FFFF_FFFF
        }
        return LanePosition.precedes(end, header.endIndex) ? end : header.endIndex
    }

    mutating func add(_ batch: BatchBuilder, _ lane: UInt32) {
        let header = batch.header
        lastGeneration = max(lastGeneration, header.generation)
        var entry = lanes[lane] ?? Lane(isTruncated: true)
        if let end = entry.end, end != header.baseIndex {
            let hole = (header.baseIndex &- end) & 0xFFFF_FFFF_FFFF
            let stated = entry.stated.filter {
                !LanePosition.precedes($0.firstIndex, end) && LanePosition.precedes($0.firstIndex, header.baseIndex)
            }
            if !stated.isEmpty {
                entry.gaps += stated
            } else if !begun.contains(lane) {
                entry.gaps.append(.init(firstIndex: end, count: hole))
            }
        }
        begun.insert(lane)
        entry.events += batch.events
        entry.end = header.endIndex
        lanes[lane] = entry
    }

    /// Gaps behind the last batch of a file stay, unless the next file has what they miss.
    private mutating func closeStated(_ lane: UInt32) {
        guard var entry = lanes[lane] else { return }
        entry.stated = []
        lanes[lane] = entry
    }

    var account: [NativeGenerationEnd.Lane] {
        lanes.sorted { $0.key < $1.key }.compactMap { number, lane in
            let rest = lane.stated.filter { gap in lane.end.map { !LanePosition.precedes(gap.firstIndex, $0) } ?? true }
            let entry = NativeGenerationEnd.Lane(
                lane: number, events: lane.events, gaps: lane.gaps + rest, isTruncated: lane.isTruncated)
            return entry.events == 0 && entry.gaps.isEmpty && !entry.isTruncated ? nil : entry
        }
    }
}
