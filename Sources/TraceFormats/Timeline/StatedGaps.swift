internal import TraceCore

/// What a lane says of its losses, where a jump of the index alone does not tell: in a truncated lane, such as one that was
/// written through a filter, events between two that are there may have been left out on purpose.
struct StatedGaps {
    /// In the order of the file, by lane; none for lanes in which each jump is a loss.
    private var gaps: [UInt32: [NativeGenerationEnd.Gap]] = [:]
    /// How many of them lie before what was asked for last.
    private var passed: [UInt32: Int] = [:]

    init(_ generations: [NativeGenerationEnd]) {
        let truncated = Set(generations.lazy.flatMap { $0.lanes.lazy.filter(\.isTruncated).map(\.lane) })
        for lane in truncated { gaps[lane] = [] }
        for lane in generations.lazy.flatMap(\.lanes) where truncated.contains(lane.lane) {
            gaps[lane.lane]! += lane.gaps
        }
    }

    /// How many events were lost of a lane from one index, which ascends from call to call, to another.
    mutating func lost(lane: UInt32, from: UInt64, to: UInt64) -> UInt64 {
        guard let all = gaps[lane] else { return (to &- from) & 0xFFFF_FFFF_FFFF }
        var count: UInt64 = 0
        var index = passed[lane] ?? 0
        while index < all.count, LanePosition.precedes(all[index].firstIndex, to) {
            if !LanePosition.precedes(all[index].firstIndex, from) { count &+= all[index].count }
            index += 1
        }
        passed[lane] = index
        return count
    }

    /// How many events were lost behind the last one of a lane.
    func lostAtEnd(_ lane: NativeGenerationEnd.Lane, from next: UInt64) -> UInt64 {
        guard let gap = lane.gaps.last else { return 0 }
        if gap.firstIndex == next { return gap.count }
        return gaps[lane.lane] != nil && LanePosition.precedes(next, gap.firstIndex) ? gap.count : 0
    }
}
