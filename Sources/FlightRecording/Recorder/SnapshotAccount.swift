internal import TraceCore

/// What a scan found, held against what there was: lane by lane, by the index of events. So every event between the two
/// cuts is found, or lost inside the window, or older than the window.
struct SnapshotAccount {
    private(set) var lanes: [NativeGenerationEnd.Lane] = []
    /// Of each lane's gaps: the time of the event before the first found behind the gap, in units.
    private(set) var gapEnds: [[UInt64]] = []
    /// From this time on, nothing is missing but the gaps. Units; nil where nothing older is missing.
    private(set) var completeFrom: UInt64?

    init(_ window: SnapshotWindow, _ extents: [PageExtent]) {
        // A lane's pages in the order of their events: the distance to the cut wraps with the index.
        let ranked = extents.sorted { a, b in
            let (left, right) = (window.distance(a), window.distance(b))
            return a.lane != b.lane ? a.lane < b.lane : left > right
        }
        var next = ranked[...]
        for number in 0..<window.end.cut.laneCount {
            let begin = window.begin.cut[number]
            let end = window.end.cut[number]
            let pages = next.prefix { $0.lane == UInt32(number) }
            next = next.dropFirst(pages.count)
            guard end.events(since: begin) > 0 || !pages.isEmpty else { continue }
            add(UInt32(number), from: begin, to: end, pages)
        }
    }

    private mutating func add(
        _ number: UInt32, from begin: LanePosition, to end: LanePosition, _ pages: ArraySlice<PageExtent>
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

extension SnapshotWindow {
    /// Events from a page's first to the end of its lane.
    fileprivate func distance(_ extent: PageExtent) -> UInt64 {
        end.cut[Int(extent.lane)].events(since: LanePosition(index: extent.base, offset: 0))
    }
}
