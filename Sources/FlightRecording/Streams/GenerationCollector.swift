internal import MemoryAccess
internal import TraceCore

/// Finds and pins the pages of one generation, while writers write. See "Subscribers to the one trace".
struct GenerationCollector {
    private let arena: Arena
    private let budget: PinBudget
    private let begin: GenerationBoundary
    private let end: GenerationBoundary
    /// Lets something go that holds pins; false where there is nothing.
    private let makeRoom: () -> Bool

    /// Pages that may hold events behind `end`, among those that were looked at.
    private(set) var carried: [Int] = []
    private var seen: Set<Int> = []
    private var parts: [Part] = []
    /// Nothing is kept any more; pages are still looked at, for `carried`.
    private var isShort = false
    private var knownShapes: ShapeTable?

    private struct Part {
        let page: Int
        let batch: Batch
        /// Events of the lane from the generation's begin to this part.
        let distance: UInt64
    }

    init(
        _ arena: Arena, _ budget: PinBudget, from begin: GenerationBoundary, to end: GenerationBoundary,
        makeRoom: @escaping () -> Bool
    ) {
        self.arena = arena
        self.budget = budget
        self.begin = begin
        self.end = end
        self.makeRoom = makeRoom
    }

    /// The generation with its pages pinned, or nil where the budget is too short for it.
    ///
    /// - Parameter carried: as the collector of the generation before left it; nil: not known.
    mutating func collect(carried: [Int]?) -> GenerationPages? {
        if let carried {
            for page in carried { look(at: page) }
            lookAtClaimed()
        } else {
            lookAtAll()
        }
        var lanes = isShort ? [] : account()
        // Invariant 4 of the hub.
        if carried != nil, !isShort, lanes.contains(where: { !$0.gaps.isEmpty }) {
            lookAtAll()
            lanes = account()
        }
        let generationEnd = NativeGenerationEnd(generation: end.generation, clockPair: end.clock, lanes: lanes)
        // Made in any case: it gives the pins back.
        let pages = GenerationPages(
            arena, budget, begin: begin, end: end, account: generationEnd, batches: parts.map(\.batch),
            pages: parts.map(\.page))
        return isShort ? nil : pages
    }

    private mutating func lookAtAll() {
        for page in 0..<arena.geometry.pageCount { look(at: page) }
    }

    private mutating func lookAtClaimed() {
        let pageCount = UInt64(arena.geometry.pageCount)
        let count = min(end.hand &- begin.hand, pageCount)
        for step in 0..<count { look(at: Int((end.hand &- 1 &- step) % pageCount)) }
    }

    private mutating func look(at page: Int) {
        guard seen.insert(page).inserted else { return }
        let view = arena.view
        guard view.pin(page) else {
            // What the claim is for comes behind the cut.
            if PageState(NativeMemory.loadRelaxed(view.state(of: page))).phase == .claiming { carried.append(page) }
            return
        }
        if view.mayReach(beyond: end.cut, pinned: page) { carried.append(page) }
        if !keep(page) { view.unpin(page) }
    }

    private mutating func keep(_ page: Int) -> Bool {
        guard !isShort, let batch = part(of: page) else { return false }
        while !budget.take() {
            guard makeRoom() else {
                isShort = true
                return false
            }
        }
        let base = LanePosition(index: batch.header.baseIndex, offset: 0)
        parts.append(Part(page: page, batch: batch, distance: base.events(since: begin.cut[Int(batch.header.lane)])))
        return true
    }

    /// Nil also where nobody could decode it: then its events count as lost.
    private mutating func part(of page: Int) -> Batch? {
        var shapes = knownShapes
        defer { knownShapes = shapes }
        // Its events are those of the generation that they are delivered in, whenever their page was opened.
        return try? arena.view.part(
            ofPinned: page, from: begin.cut, to: end.cut, generation: end.generation, in: arena.pages.bytes
        ) {
            let table = shapes ?? ShapeTable(Trace.schemas)
            shapes = table
            return table
        }
    }

    /// What is there of each lane, and what is not. Leaves `parts` in the order of lanes, and of events within a lane.
    private mutating func account() -> [NativeGenerationEnd.Lane] {
        parts.sort { a, b in
            let (left, right) = (a.batch.header.lane, b.batch.header.lane)
            return left == right ? a.distance < b.distance : left < right
        }
        var lanes: [NativeGenerationEnd.Lane] = []
        var next = parts[...]
        for number in 0..<end.cut.laneCount {
            let start = begin.cut[number]
            let events = end.cut[number].events(since: start)
            guard events > 0 else { continue }
            var lane = NativeGenerationEnd.Lane(lane: UInt32(number), events: 0)
            var reached: UInt64 = 0
            func addGap(upTo distance: UInt64) {
                guard distance > reached else { return }
                let first = (start.index &+ reached) & 0xFFFF_FFFF_FFFF
                lane.gaps.append(.init(firstIndex: first, count: distance - reached))
            }
            while let part = next.first, part.batch.header.lane == UInt32(number) {
                next.removeFirst()
                addGap(upTo: part.distance)
                lane.events += part.batch.header.eventCount
                reached = part.distance + part.batch.header.eventCount
            }
            addGap(upTo: events)
            lanes.append(lane)
        }
        return lanes
    }
}
