internal import TraceCore

/// What a scan found, held against what there was: lane by lane, by the index of events. So every event between the two
/// cuts is found, or lost inside the window, or older than the window.
struct SnapshotAccount {
    private(set) var lanes: [NativeGenerationEnd.Lane] = []
    /// Of each lane's gaps: the time of the event before the first found behind the gap, in units.
    private(set) var gapEnds: [[UInt64]] = []
    /// From this time on, nothing is missing but the gaps. Units; nil where nothing older is missing.
    private(set) var completeFrom: UInt64?

    init(_ window: SnapshotWindow, _ extents: [PageExtent], in arena: Arena) {
        var pagesByLane = [[PageExtent]](repeating: [], count: window.end.cut.laneCount)
        for extent in extents { pagesByLane[Int(extent.lane)].append(extent) }
        for (number, pages) in pagesByLane.enumerated() {
            let begin = window.begin.cut[number]
            let end = window.end.cut[number]
            let pages = Self.inOrder(pages)
            guard end.events(since: begin) > 0 || !pages.isEmpty else { continue }
            add(UInt32(number), from: begin, to: end, pages)
            // Nothing of the lane is left, of a thread that has ended as a rule.
            if pages.isEmpty, let last = arena.view.lastTime(ofLane: number, at: end) {
                completeFrom = max(completeFrom ?? 0, last)
            }
        }
    }

    /// A lane's pages in the order of their events. The scan comes by them in that order, but for those that were sealed late:
    /// to sort all of a full window took as long as to visit it.
    private static func inOrder(_ pages: [PageExtent]) -> [PageExtent] {
        let isInOrder = zip(pages, pages.dropFirst()).allSatisfy { LanePosition.precedes($0.base, $1.base) }
        return isInOrder ? pages : pages.sorted { LanePosition.precedes($0.base, $1.base) }
    }

    private mutating func add(
        _ number: UInt32, from begin: LanePosition, to end: LanePosition, _ pages: [PageExtent]
    ) {
        var lane = NativeGenerationEnd.Lane(lane: number, events: 0)
        var ends: [UInt64] = []
        guard var index = pages.first?.base else {
            lane.isTruncated = true
            return append(lane, ends)
        }
        if LanePosition.precedes(begin.index, index) {
            lane.isTruncated = true
            completeFrom = max(completeFrom ?? 0, pages.first!.baseTime)
        }
        for page in pages {
            let gap = LanePosition(index: page.base, offset: 0).events(since: LanePosition(index: index, offset: 0))
            if gap > 0 {
                lane.gaps.append(.init(firstIndex: index & 0xFFFF_FFFF_FFFF, count: gap))
                ends.append(page.baseTime)
            }
            lane.events &+= LanePosition(index: page.end, offset: 0).events(
                since: LanePosition(index: page.base, offset: 0))
            index = page.end
        }
        let rest = end.events(since: LanePosition(index: index, offset: 0))
        if rest > 0 {
            lane.gaps.append(.init(firstIndex: index & 0xFFFF_FFFF_FFFF, count: rest))
            ends.append(.max)
        }
        append(lane, ends)
    }

    private mutating func append(_ lane: NativeGenerationEnd.Lane, _ ends: [UInt64]) {
        lanes.append(lane)
        gapEnds.append(ends)
    }
}
