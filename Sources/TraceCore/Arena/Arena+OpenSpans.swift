internal import MemoryAccess

/// A span that has begun and not ended, whenever it began.
public struct OpenSpan: Sendable, Hashable {
    /// The registry slot of the thread that began it.
    public var lane: UInt32
    /// The system's id of that thread.
    public var thread: UInt32
    /// Schema id of its begin.
    public var schema: UInt16
    /// False: it nests in the spans of its thread. True: it may end on any thread.
    public var isAcrossThreads: Bool
    /// How many spans it nests in; 0 where it is across threads.
    public var depth: UInt32
    /// When it began, in units of the trace clock.
    public var start: UInt64
    /// Of a span across threads: its number. Otherwise 0.
    public var number: UInt64

    public init(
        lane: UInt32, thread: UInt32, schema: UInt16, isAcrossThreads: Bool = false, depth: UInt32 = 0,
        start: UInt64, number: UInt64 = 0
    ) {
        self.lane = lane
        self.thread = thread
        self.schema = schema
        self.isAcrossThreads = isAcrossThreads
        self.depth = depth
        self.start = start
        self.number = number
    }
}

extension GenericArena {
    /// The spans that are open now: those of each thread, the outermost first, then those across threads.
    ///
    /// Nobody is stopped. The spans of one thread are those of one instant in this call, as long as that thread leaves the
    /// time for two equal looks at them, and else each was open at some instant in the call. Those of different threads are
    /// of different instants. A span that begins or ends meanwhile may be listed or not. So a reader that has a cut, and
    /// calls this after it, finds here every listed span whose begin lies in front of the cut and whose end does not come
    /// before this call ends; it may find one whose end it has read as well, and takes the end's word for it.
    ///
    /// Not listed: spans of a thread that has ended; beyond 29 of a thread (``LaneStatus/openSpans`` counts them), and beyond
    /// 1024 across threads (``unlistedSpans``); those that began before their category was last switched. Of an arena that
    /// takes no more events, these are the spans that were open when it stopped. Empty in a forked child.
    ///
    /// - Complexity: O(lanes + 1024). Any thread.
    public func openSpans() -> [OpenSpan] {
        guard isMapped else { return [] }
        // A stamp may have been taken on a processor whose counter is ahead, or for later.
        return view.openSpans(before: Stamp.now.units &+ 1 &<< 40)
    }

    /// How many spans across threads were begun that found no slot, and are not in ``openSpans()``.
    public var unlistedSpans: UInt64 { isMapped ? Memory.loadRelaxed(view.unlistedSpans) : 0 }
}

extension ArenaView {
    /// The open spans in a mapping, which may be that of a process that has ended.
    ///
    /// - Parameter limit: none of them began after it, and none more than 2^48 units before.
    package func openSpans(before limit: UInt64) -> [OpenSpan] {
        var spans: [OpenSpan] = []
        for number in 0..<Int(Memory.loadRelaxed(laneCount)) {
            spans += openSpans(ofLane: number, before: limit)
        }
        for span in listedSpans() {
            spans.append(
                OpenSpan(
                    lane: span.lane, thread: span.thread, schema: span.entry.id, isAcrossThreads: true,
                    start: span.entry.start(before: limit), number: span.number))
        }
        return spans
    }

    package func openSpans(ofLane number: Int, before limit: UInt64) -> [OpenSpan] {
        let lane = lane(number)
        // Acquires that the last holder's spans have ended.
        let owner = LaneOwner(word: Memory.loadAcquire(lane.owner))
        guard owner.isThread else { return [] }
        let entries = lane.openSpans().entries
        // The same hold of the lane still: its spans are that thread's.
        guard Memory.loadRelaxed(lane.owner) == owner.word else { return [] }
        return entries.enumerated().map { depth, entry in
            OpenSpan(
                lane: UInt32(number), thread: owner.thread, schema: entry.id, depth: UInt32(depth),
                start: entry.start(before: limit))
        }
    }
}
