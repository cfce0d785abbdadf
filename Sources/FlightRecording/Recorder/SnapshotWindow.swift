internal import CPlatform
internal import MemoryAccess
internal import TraceCore

/// Which part of the store a snapshot holds: an end, and where it begins, by age at the grain of generations and by size at
/// the grain of pages.
struct SnapshotWindow {
    /// Events behind this cut are left out.
    let end: GenerationBoundary
    /// Pages that end before this boundary are left out.
    let begin: GenerationBoundary
    let isBegunByAge: Bool
    /// Where the last generation began: what it wrote is inside whatever its age and size.
    let lastBegin: GenerationBoundary
    /// How many pages, the newest.
    let pageLimit: Int

    init(
        end: GenerationBoundary, start: GenerationBoundary, history: GenerationHistory, minimumAge: UInt64,
        maximumBytes: Int, geometry: ArenaGeometry
    ) {
        self.end = end
        lastBegin = history.previous(to: end).flatMap { $0.isBefore(start) ? nil : $0 } ?? start
        let begin = history.last(atLeast: minimumAge, before: end).flatMap { $0.isBefore(start) ? nil : $0 }
        isBegunByAge = begin != nil && begin != start
        self.begin = begin ?? start
        pageLimit = max(maximumBytes / geometry.pageByteCount, 0)
    }
}

extension GenerationBoundary {
    func isBefore(_ other: GenerationBoundary) -> Bool { Int64(bitPattern: generation &- other.generation) < 0 }
}

/// Visits the pages of a window, the oldest first, while writers write.
///
/// At most `together` pages are pinned at a time, and no more than an eighth of the arena, so no claim ever fails because of a
/// visit, and no writer waits: what the writers need before the visit comes to it is lost to the snapshot, and missing from
/// the extents.
struct WindowScan {
    let arena: Arena
    let window: SnapshotWindow
    let together: Int
    /// What was visited, one entry a page.
    private(set) var extents: [PageExtent] = []
    /// A page inside the window's time was left out for the limit of pages.
    private(set) var isCutBySize = false

    init(_ arena: Arena, _ window: SnapshotWindow, together: Int) {
        self.arena = arena
        self.window = window
        self.together = min(together, max(arena.geometry.pageCount / 8, 1))
    }

    /// Headers are asked for so many pages in advance: they are far apart, and were last written by others.
    private static var lookAhead: UInt64 { 8 }

    /// Calls `body` with batches, a few at a time, and the span that their offsets are of: as `Arena.visitBatches` does.
    mutating func run(_ body: ([Batch], RawSpan) throws -> Void) throws {
        let view = arena.view
        let pageCount = arena.geometry.pageCount
        let pageByteCount = arena.geometry.pageByteCount
        let pages = arena.pages.bytes
        let start = NativeMemory.loadAcquire(view.hand)
        let ageLimit = ageLimit(at: start)
        extents.reserveCapacity(pageCount)
        var batches: [Batch] = []
        batches.reserveCapacity(together)
        defer { arena.unpin(batches) }
        var step: UInt64 = 0
        while step < UInt64(pageCount) {
            let number = Int((start &+ step) % UInt64(pageCount))
            step += 1
            cplatform_prefetch_read(view.page(Int((start &+ step &+ Self.lookAhead) % UInt64(pageCount))))
            guard let age = view.age(of: number, at: start), view.pin(number) else { continue }
            let header = view.header(ofPinned: number) { window.end.cut[$0] }
            if Int64(bitPattern: header.ticket &- start) >= 0 {
                view.unpin(number)
                // The writers have come by. Ahead of them by a thirty-second, so that they do not do so at each page.
                let lead = NativeMemory.loadRelaxed(view.hand) &- start &+ UInt64(pageCount / 32)
                if lead < UInt64(pageCount) { step = max(step, lead) }
                continue
            }
            guard isInside(header, isSmallEnough: age <= ageLimit) else {
                view.unpin(number)
                continue
            }
            let batch =
                part(of: number, header, in: pages)
                ?? Batch(header, recordsAt: number * pageByteCount + BatchHeader.byteCount)
            extents.append(PageExtent(batch.header))
            batches.append(batch)
            if batches.count == together {
                try body(batches, pages)
                arena.unpin(batches)
                batches.removeAll(keepingCapacity: true)
            }
        }
        if !batches.isEmpty { try body(batches, pages) }
    }

    /// Of a page in which the window begins, what is inside. Nil for the others; and for one that does not decode, which goes
    /// out whole.
    private func part(of page: Int, _ header: BatchHeader, in pages: RawSpan) -> Batch? {
        guard LanePosition.precedes(header.baseIndex, window.begin.cut[Int(header.lane)].index) else { return nil }
        return try? arena.view.part(
            ofPinned: page, from: window.begin.cut, to: window.end.cut, generation: nil, in: pages
        ) { ShapeTable(Trace.schemas) }
    }

    private mutating func isInside(_ header: BatchHeader, isSmallEnough: Bool) -> Bool {
        let lane = Int(header.lane)
        guard header.byteCount > 0, LanePosition.precedes(window.begin.cut[lane].index, header.endIndex) else {
            return false
        }
        if isSmallEnough || LanePosition.precedes(window.lastBegin.cut[lane].index, header.endIndex) { return true }
        isCutBySize = true
        return false
    }

    /// The greatest age at which a sealed page is one of the newest so many.
    private func ageLimit(at hand: UInt64) -> Int64 {
        let pageCount = arena.geometry.pageCount
        guard window.pageLimit < pageCount else { return .max }
        var sealed = [Int](repeating: 0, count: 2 * pageCount + 1)
        var room = window.pageLimit
        for page in 0..<pageCount {
            guard let age = arena.view.age(of: page, at: hand) else { continue }
            if age < 0 { room -= 1 } else { sealed[min(Int(age), 2 * pageCount)] += 1 }
        }
        var limit: Int64 = -1
        for (age, count) in sealed.enumerated() {
            room -= count
            if room < 0 { break }
            limit = Int64(age)
        }
        return limit
    }
}

extension ArenaView<NativeMemory> {
    /// How many tickets ago a page was sealed, negative for one that is owned; nil for one with nothing in it.
    fileprivate func age(of page: Int, at hand: UInt64) -> Int64? {
        let state = PageState(NativeMemory.loadRelaxed(state(of: page)))
        return switch state.phase {
        case .free, .claiming: nil
        case .owned: -1
        case .sealed: max(state.age(at: hand), 0)
        }
    }
}

/// Which events of its lane a page held.
struct PageExtent {
    let lane: UInt32
    let thread: UInt32
    let base: UInt64
    let end: UInt64
    /// In units: of the event before the first.
    let baseTime: UInt64

    init(_ header: BatchHeader) {
        lane = header.lane
        thread = header.thread
        base = header.baseIndex
        end = header.endIndex
        baseTime = header.baseTime
    }
}
